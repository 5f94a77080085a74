// A TCP proxy in front of a MongoDB server that loses, holds, delays, changes or cuts what a rule names.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "harness/bson.h"

namespace appcreate::test {

enum class Side { kRequest, kReply };

enum class Fault {
    kHold,    // until release(); a request is delivered even when its client has gone away meanwhile
    kDelay,   // by `delay`
    kDrop,    // the connection stays
    kCut,     // the connection closes: a request never reaches the server, a reply is lost after its work was done
    kChange,  // `change` makes another body of it
    kAnswer   // requests: `change` makes the reply, the server never sees the request
};

using Change = std::function<Bson(const Bson &body)>;  // on the proxy's thread; must not call the proxy

struct Rule {
    std::string command{};  // as libmongoc names it; "hello" stands for isMaster too; empty: every one but handshakes
    std::string collection{};  // empty: any
    Side side = Side::kRequest;
    Fault fault = Fault::kHold;
    int nth = 1;    // the first that it hits, counted from when it was added
    int times = 1;  // how many it hits; 0: all that follow
    std::chrono::milliseconds delay{0};
    Change change{};
};

class FaultProxy {
  public:
    using RuleId = std::size_t;

    explicit FaultProxy(std::uint16_t server_port);
    FaultProxy(const FaultProxy &) = delete;
    FaultProxy &operator=(const FaultProxy &) = delete;
    ~FaultProxy();

    [[nodiscard]] std::uint16_t port() const;
    [[nodiscard]] std::string address() const;  // 127.0.0.1:PORT
    // mongodb://ADDRESS/DATABASE and the options, "serverSelectionTryOnce=false&…".
    [[nodiscard]] std::string uri(const std::string &options = {}, const std::string &database = "apps") const;

    RuleId add(Rule rule);
    RuleId hold_request(const std::string &command, const std::string &collection = {});
    RuleId hold_reply(const std::string &command, const std::string &collection = {});
    RuleId cut_request(const std::string &command, const std::string &collection = {});
    RuleId lose_reply(const std::string &command, const std::string &collection = {});
    // What it holds goes on, and it hits no more.
    void release(RuleId rule);
    // release() of all.
    void clear();
    // How many messages it has hit.
    [[nodiscard]] int hits(RuleId rule) const;
    [[nodiscard]] bool wait_hits(RuleId rule, int n = 1) const;

    void cut_all();
    // Closes the listening port and all connections; accept() opens the same port again.
    void refuse();
    void accept();
    // No byte moves, and no connection closes; resume() goes on where it stopped.
    void stall();
    void resume();

    // Commands that clients sent since reset_counts(), handshakes, heartbeats and authentication left out.
    [[nodiscard]] int count(const std::string &command) const;
    [[nodiscard]] std::map<std::string, int> counts() const;
    [[nodiscard]] int round_trips() const;
    [[nodiscard]] std::vector<std::string> commands() const;  // in order, "insert applications"
    void reset_counts();
    // Connections accepted since the start.
    [[nodiscard]] int connections() const;

  private:
    class Loop;
    std::unique_ptr<Loop> loop_;
};

}  // namespace appcreate::test
