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

// Fast path for ASCII and Han names (valid UTF-8; U+4E00–9FFF, where each character is one word): the same slug as ICU
// on the whole name. nullopt: use ICU. Thread-safe. Throws what `transliterate` throws.
std::optional<std::string> transliterate_han(std::string_view name, Transliterate transliterate);

}  // namespace appcreate
