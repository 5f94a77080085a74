// Sockets on loopback.
#pragma once

#include <cstdint>
#include <utility>

#include "support/wait.h"

namespace appcreate::mongotest {

using namespace test;

class Fd {
  public:
    Fd() = default;
    explicit Fd(int fd) noexcept : fd_(fd) {}
    Fd(Fd &&other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Fd &operator=(Fd &&other) noexcept {
        std::swap(fd_, other.fd_);
        other.reset();
        return *this;
    }
    ~Fd() { reset(); }
    void reset() noexcept;
    [[nodiscard]] int get() const noexcept { return fd_; }
    explicit operator bool() const noexcept { return fd_ >= 0; }

  private:
    int fd_ = -1;
};

// A port of 127.0.0.1 that this process has and refuses connections on; 0: a free one. listen_on() may take it besides.
Fd bind_to(std::uint16_t port);
// Listens on 127.0.0.1; port 0: a free one.
Fd listen_on(std::uint16_t port);
std::uint16_t port_of(const Fd &socket);
// Empty when refused.
Fd connect_to(std::uint16_t port);
bool send_all(int fd, const void *data, std::size_t size);

}  // namespace appcreate::mongotest
