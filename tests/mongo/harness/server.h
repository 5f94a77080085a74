// mongo-java-server in a process of its own: a real, independent server of MongoDB's wire protocol (parts of the
// limits: in memory, no sessions, no replica set, no authentication).
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

namespace appcreate::test {

class JavaServer {
  public:
    struct Tls {
        std::string certificate;  // PEM files
        std::string key;
    };

    // Empty when it can be started here; otherwise why not. Builds it the first time; throws std::runtime_error when
    // that fails although its tools are there.
    static const std::string &unavailable();

    // Throws std::runtime_error, with its log, when it does not start.
    explicit JavaServer(const Tls *tls = nullptr);
    JavaServer(const JavaServer &) = delete;
    JavaServer &operator=(const JavaServer &) = delete;
    ~JavaServer();

    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
    [[nodiscard]] std::string uri(const std::string &options = {}, const std::string &database = "apps") const;

    void stop() const;  // SIGSTOP
    void go_on() const;
    void kill();

  private:
    pid_t process_ = -1;
    std::uint16_t port_ = 0;
};

// One for the whole test program; tests that break their server, or count what is in it, make their own.
JavaServer &shared_server();

}  // namespace appcreate::test

// First line of a test, or of SetUp.
#define NEEDS_MONGO_SERVER() \
    if (const std::string &why = appcreate::test::JavaServer::unavailable(); !why.empty()) GTEST_SKIP() << why
