// A file descriptor that is closed at the end.
#pragma once

#include <unistd.h>

namespace appcreate::sqlite {

class Descriptor {
  public:
    // Negative: none.
    explicit Descriptor(int fd) noexcept : fd_(fd) {}
    Descriptor(const Descriptor &) = delete;
    Descriptor &operator=(const Descriptor &) = delete;
    ~Descriptor() {
        if (fd_ >= 0) ::close(fd_);
    }
    [[nodiscard]] int get() const noexcept { return fd_; }

  private:
    int fd_;
};

}  // namespace appcreate::sqlite
