// Reads a body: the contract's own rules around the parser ("Body").
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "errors.h"
#include "json_parser.h"

namespace appcreate {

inline constexpr std::size_t kMaxDepth = 32;
// A record has a provider's config, of kMaxDepth levels itself, three levels down.
inline constexpr std::size_t kMaxStoredDepth = kMaxDepth + 3;

struct Document {
    JsonTree tree;          // no nodes when the text is malformed
    std::string malformed;  // then the message, with line and column
    std::vector<Violation>
        numbers;  // numbers that are not representable, in document order, kMaxViolations at most; the tree has 0 there

    // Null when the text is malformed.
    [[nodiscard]] const JsonNode *root() const noexcept { return tree.nodes.empty() ? nullptr : tree.nodes.data(); }
};

// Appends one reference token to an RFC 6901 pointer: `/` and the token, escaped.
void append_pointer(std::string &pointer, std::string_view token);

// `text` must outlive the document. Never throws but std::bad_alloc. Malformed is what the contract lists: syntax,
// empty, BOM, invalid UTF-8, lone surrogate, duplicate key, too deep, U+0000 in a key, anything after the document.
Document read_json(std::string_view text, std::size_t max_depth = kMaxDepth);

}  // namespace appcreate
