// Characters as HTTP and JSON see them: ASCII, whatever the locale.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

namespace appcreate::ascii {

constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

constexpr char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

constexpr bool is_alphanumeric(char c) noexcept { return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'z'); }

// 0 to 15, or -1.
constexpr int hex_value(char c) noexcept {
    if (is_digit(c)) return c - '0';
    if (lower(c) >= 'a' && lower(c) <= 'f') return lower(c) - 'a' + 10;
    return -1;
}

constexpr bool is_any_of(char c, std::string_view characters) noexcept {
    return characters.find(c) != std::string_view::npos;
}

// A predicate as a table: for what is asked of every byte of a header.
class Set {
  public:
    template <class Test>
    explicit constexpr Set(Test test) {
        for (std::size_t c = 0; c < members_.size(); ++c) members_[c] = test(static_cast<char>(c));
    }
    constexpr bool operator()(char c) const noexcept { return members_[static_cast<unsigned char>(c)]; }

  private:
    std::array<bool, 256> members_{};
};

// tchar of RFC 9110, 5.6.2.
inline constexpr Set kTchar([](char c) { return is_alphanumeric(c) || is_any_of(c, "!#$%&'*+-.^_`|~"); });

constexpr bool equals_ignoring_case(std::string_view text, std::string_view lower_case) noexcept {
    return std::equal(text.begin(), text.end(), lower_case.begin(), lower_case.end(),
                      [](char a, char b) { return lower(a) == b; });
}

}  // namespace appcreate::ascii
