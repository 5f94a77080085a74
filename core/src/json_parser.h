// The grammar of JSON, UTF-8 and escapes: Boost.JSON's parser, which makes a tree and says where it stopped.
#pragma once

#include <cstddef>
#include <forward_list>
#include <string>
#include <string_view>
#include <vector>

#include "json_tree.h"

namespace appcreate {

struct JsonTree {
    std::vector<JsonNode> nodes;             // the root first
    std::forward_list<std::string> strings;  // that had escapes: other texts and keys lie in the text that was read
    std::vector<std::size_t> numbers;  // indices of numbers that neither int64 nor a double can hold: integers 0 here
};

struct JsonStop {
    enum class Reason {
        kNone,
        kSyntax,
        kDepth,         // at the bracket that opens a level too many
        kDuplicateKey,  // somewhere in that key
        kNulInKey,      // the same
        kTrailing,      // at what follows the document
        kExponent       // in an exponent beyond 32 bits, which the parser cannot count
    };
    Reason reason = Reason::kNone;
    std::size_t offset = 0;
};

// `text` must outlive the tree. Throws nothing but std::bad_alloc.
JsonStop parse_json(std::string_view text, std::size_t max_depth, JsonTree &out);

// Gives exponents beyond 32 bits nine digits, so that they can be counted: with any number before them that fits into
// memory, that is as far out of a double's range. The length stays.
void shorten_exponents(std::string &text) noexcept;

}  // namespace appcreate
