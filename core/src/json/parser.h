// The grammar of JSON, UTF-8 and escapes: Boost.JSON's parser, which says where it stopped and keeps nothing.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace appcreate {

struct JsonStop {
    enum class Reason {
        kNone,  // at the end of the document
        kSyntax,
        kDepth,         // at the bracket that opens a level too many
        kDuplicateKey,  // somewhere in that key
        kForbiddenKey,  // the same; one with U+0000
        kTrailing,      // at what follows the document
        kExponent       // in an exponent beyond 32 bits, which the parser cannot count
    };
    Reason reason = Reason::kNone;
    std::size_t offset = 0;
};

// Whether `text` is JSON, nested no deeper than `max_depth`. Keys and numbers are looked at by check_rules.
JsonStop parse_json(std::string_view text, std::size_t max_depth);

// Replaces exponents of over nine digits by 999999999, keeping the length: Boost.JSON cannot count them, and either is
// out of a double's range.
void shorten_exponents(std::string &text) noexcept;

}  // namespace appcreate
