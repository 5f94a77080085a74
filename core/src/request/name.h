// A name that people read: what is trimmed of it, how long it is, and what in it is not allowed (docs/api.md, "Names").
#pragma once

#include <cstddef>
#include <string_view>

namespace appcreate {

inline constexpr std::size_t kMaxName = 128;  // code points

// A name, trimmed and looked at code point by code point.
struct Name {
    std::string_view text;
    std::size_t length = 0;  // code points
    bool ascii = true;
    bool control = false;       // one that may not stand in a name
    bool bidi_control = false;  // the same
    bool visible = false;       // a name without a character that can be seen looks like none
};

// `sent` is valid UTF-8 and must outlive the name.
Name read_name(std::string_view sent) noexcept;

}  // namespace appcreate
