// Writes JSON text, compact, straight into the bytes that are stored and sent.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "json_tree.h"

namespace appcreate {

// Appends `text` as a JSON string: quoted, `"`, `\` and controls escaped, all else as UTF-8.
void append_string(std::string &out, std::string_view text);
void append_integer(std::string &out, std::int64_t value);
// The fewest significant digits that read back the same, as Python's repr writes them: `1e+16` and `1e-05` and beyond
// have an exponent, everything between has a point (contract, "metadata"). `value` is finite.
void append_real(std::string &out, double value);
// Appends any value, members in the order sent. Depth is bounded by the reader.
void append_value(std::string &out, const JsonNode &value);

}  // namespace appcreate
