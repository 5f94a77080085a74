// A MongoDB server that says what a script says: for what no real server can be brought to say on demand.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "harness/bson.h"
#include "harness/wire.h"

namespace appcreate::test {

struct Reply {
    Bson document;                       // none: see `closes`
    bool closes = false;                 // the connection, instead of an answer
    std::chrono::milliseconds delay{0};  // before the answer; a silent server is one whose delay never ends

    static Reply ok(std::string_view json = "{}");  // and "ok": 1
    static Reply error(int code, std::string_view name, std::string_view message);
    static Reply close();
    static Reply silence();
    Reply after(std::chrono::milliseconds time) &&;
};

// `nth` is 1 for the first command of its name since the script was set. Called by one thread at a time.
using Script = std::function<Reply(const Command &command, int nth)>;

class ScriptedServer {
  public:
    // Says hello as `hello` does; knows "ping" and "endSessions", refuses what no script was set for
    // (CommandNotFound, 59).
    explicit ScriptedServer(Bson hello);
    ScriptedServer(const ScriptedServer &) = delete;
    ScriptedServer &operator=(const ScriptedServer &) = delete;
    ~ScriptedServer();

    [[nodiscard]] std::uint16_t port() const;
    [[nodiscard]] std::string address() const;  // 127.0.0.1:PORT
    [[nodiscard]] std::string uri(const std::string &options = {}, const std::string &credentials = {}) const;

    // "hello" stands for isMaster too.
    void on(const std::string &command, Script script);
    void set_hello(Bson hello);
    void cut_all();
    [[nodiscard]] int count(const std::string &command) const;

  private:
    class Connections;
    std::unique_ptr<Connections> connections_;
};

}  // namespace appcreate::test
