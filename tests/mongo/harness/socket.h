// Sockets on loopback, and waiting.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <utility>

namespace appcreate::mongotest {

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

// Polls until `done`; false when that takes longer than `limit`.
bool eventually(const std::function<bool()> &done, std::chrono::milliseconds limit = std::chrono::seconds(60));

}  // namespace appcreate::mongotest
