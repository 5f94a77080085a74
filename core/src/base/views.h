// The texts of the C ABI's structs as views, and back.
#pragma once

#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>

#include "app_create.h"

namespace appcreate {

// {NULL, 0} is the empty text.
inline std::string_view view(const ac_str &text) noexcept {
    return text.len == 0 ? std::string_view() : std::string_view(text.data, text.len);
}

// An array of characters up to its NUL; whole where it has none.
template <std::size_t size>
std::string_view view(const char (&text)[size]) noexcept {
    return {text, strnlen(text, size)};
}

// Valid as long as `text` is.
inline ac_str borrow(const std::string &text) noexcept { return {text.data(), text.size()}; }

}  // namespace appcreate
