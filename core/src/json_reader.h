// Reads a body: jansson, with the contract's own rules around it ("Body").
#pragma once

#include <jansson.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "errors.h"

namespace appcreate {

struct JsonFree {
    void operator()(json_t *value) const noexcept { json_decref(value); }
};
using Json = std::unique_ptr<json_t, JsonFree>;

inline constexpr int kMaxDepth = 32;

struct Document {
    Json root;              // null when the text is malformed
    std::string malformed;  // then the message, with line and column
    std::vector<Violation>
        numbers;  // numbers that are not representable, in document order, kMaxViolations at most; `root` has 0 there
};

// Appends one reference token to an RFC 6901 pointer: `/` and the token, escaped.
void append_pointer(std::string &pointer, std::string_view token);

// Never throws but std::bad_alloc. Malformed is what the contract lists: syntax, empty, BOM, invalid UTF-8, lone
// surrogate, duplicate key, too deep, U+0000 in a key, anything after the document.
Document read_json(std::string_view text);

}  // namespace appcreate
