// Writes JSON text, compact, straight into the bytes that are stored and sent.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace appcreate {

// Appends `text` as a JSON string: quoted, `"`, `\` and controls escaped, all else as UTF-8.
void append_string(std::string &out, std::string_view text);
void append_integer(std::string &out, std::int64_t value);
// As write_real has it; `null` for what is no number.
void append_real(std::string &out, double value);
// What append_string takes for `text`.
std::size_t string_size(std::string_view text) noexcept;
// Appends `json`, a valid value, in the form in which it is stored and sent: without white space, each string and
// number as the functions above write it, members in the order sent. Takes no more room than `json` has, or than it
// needs.
void append_compact(std::string &out, std::string_view json);

}  // namespace appcreate
