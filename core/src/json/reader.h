// Reads a body: the rules around the parser (docs/api.md, "Malformed JSON" and "Numbers").
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "json/scanner.h"
#include "json/violation.h"

namespace appcreate {

inline constexpr std::size_t kMaxDepth = 32;
// A record has a provider's config, of kMaxDepth levels itself, three levels down.
inline constexpr std::size_t kMaxStoredDepth = kMaxDepth + 3;

struct Document {
    JsonValue root;                  // in the text that was read; without a meaning when that is malformed
    std::string malformed;           // empty, or the message, with line and column
    std::vector<Violation> numbers;  // that are not representable, in document order, kMaxViolations at most

    [[nodiscard]] bool is_malformed() const noexcept { return !malformed.empty(); }
};

// Appends one reference token to an RFC 6901 pointer: `/` and the token, escaped. Takes no more room than it fills.
void append_pointer(std::string &pointer, std::string_view token);

// `text` must outlive the document. Never throws but std::bad_alloc, and needs at most some
// five times the text's memory (long keys whose numbers are out of range), mostly next to none. What is malformed:
// docs/api.md, "Malformed JSON".
Document read_json(std::string_view text, std::size_t max_depth = kMaxDepth);

// Do two texts say the same, white space and the spelling of strings and numbers apart? (1e5 was written so before it
// was 100000.0.) False for those that differ and are
// malformed or have a number that is not representable.
bool is_same_json(std::string_view a, std::string_view b);

}  // namespace appcreate
