// Writes text into memory of the caller's: what fits, and counts all, as the functions of the C ABI that take a buffer
// promise.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string_view>

namespace appcreate {

class BoundedText {
  public:
    // `buf` nullable: then nothing fits.
    BoundedText(char *buf, std::size_t cap) noexcept : buf_(buf), cap_(buf == nullptr ? 0 : cap) {}

    void put(std::string_view text) noexcept {
        if (length_ < cap_) std::memcpy(buf_ + length_, text.data(), std::min(text.size(), cap_ - length_));
        length_ += text.size();
    }
    [[nodiscard]] std::size_t length() const noexcept { return length_; }

  private:
    char *buf_;
    std::size_t cap_;
    std::size_t length_ = 0;
};

}  // namespace appcreate
