// Slugs of names in Han characters: ICU's rules try hundreds of sets of characters for each one, some 15 us, so what
// they say of a character is remembered.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <unicode/unistr.h>

namespace appcreate {

// Transliterates in place, as slugs are made (slug.cc).
using Transliterate = void (*)(icu::UnicodeString &text);

// `name` (valid UTF-8), transliterated, when it has nothing but ASCII and Han characters of U+4E00–9FFF that stand for
// one word each; what comes of it is what ICU makes of the whole, character for character, as far as a slug shows it.
// Thread-safe. Throws what `transliterate` throws.
std::optional<std::string> transliterate_han(std::string_view name, Transliterate transliterate);

}  // namespace appcreate
