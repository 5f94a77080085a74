#include "request/name.h"

#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include <algorithm>

namespace appcreate {
namespace {

constexpr UChar32 kEmptyBraillePattern = 0x2800;

bool is_control(UChar32 c) noexcept { return c < 0x20 || (c >= 0x7f && c <= 0x9f); }

bool is_bidi_control(UChar32 c) noexcept { return (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069); }

// False for white space, for what is made to have no shape (zero-width characters, variation selectors, fillers) and
// for the empty Braille pattern.
bool is_visible(UChar32 c) noexcept {
    if (u_isUWhiteSpace(c) != 0) return false;
    if (c < 0x80) return true;
    return c != kEmptyBraillePattern && u_hasBinaryProperty(c, UCHAR_DEFAULT_IGNORABLE_CODE_POINT) == 0;
}

}  // namespace

Name read_name(std::string_view sent) noexcept {
    Name name;
    std::size_t first = std::string_view::npos;
    std::size_t last = 0;  // past the last character that is no white space
    std::size_t counted = 0;
    bool control = false;  // among the white space since `last`: it counts once something follows
    for (std::size_t at = 0; at < sent.size();) {
        const std::size_t begin = at;
        UChar32 c = 0;
        U8_NEXT_UNSAFE(sent.data(), at, c);
        const bool space = u_isUWhiteSpace(c) != 0;
        if (space && first == std::string_view::npos) continue;
        ++counted;
        control |= is_control(c);
        if (space) continue;
        if (first == std::string_view::npos) first = begin;
        last = at;
        name.length = counted;
        name.control = control;
        name.bidi_control |= is_bidi_control(c);
        if (!name.visible) name.visible = is_visible(c);
    }
    if (first != std::string_view::npos) name.text = sent.substr(first, last - first);
    name.ascii = std::all_of(name.text.begin(), name.text.end(), [](char c) { return (c & 0x80) == 0; });
    return name;
}

}  // namespace appcreate
