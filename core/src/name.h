// A name that people read: what is trimmed of it, how long it is, and what in it is not allowed (contract, "Body").
#pragma once

#include <unicode/umachine.h>

#include <cstddef>
#include <string_view>

namespace appcreate {

inline constexpr std::size_t kMaxName = 128;  // code points

// Neither of the two may stand in a name.
bool is_control(UChar32 c) noexcept;
bool is_bidi_control(UChar32 c) noexcept;

// False for white space, for what is made to have no shape (zero-width characters, variation selectors, fillers) and
// for the empty Braille pattern: a name of these alone looks like none.
bool is_visible(UChar32 c) noexcept;

// A name, trimmed and looked at code point by code point.
struct Name {
    std::string_view text;
    std::size_t length = 0;  // code points
    bool ascii = true;
    bool control = false;
    bool bidi_control = false;
    bool visible = false;
};

// `sent` is valid UTF-8 and must outlive the name.
Name read_name(std::string_view sent) noexcept;

}  // namespace appcreate
