// Where and why a text is malformed, in the project's own words: jansson's position is the end of a token, and its
// messages quote the text.
#pragma once

#include <jansson.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace appcreate {

struct JsonFault {
    std::size_t offset;  // of the byte to blame; the text's size when it ends too early
    std::string_view reason;
};

// The fault of a text that jansson refused with `error`. Throws std::bad_alloc where it was memory that was missing.
JsonFault find_fault(std::string_view text, const json_error_t &error);

// "malformed JSON at line 1, column 5: …"; lines and columns from 1, columns in bytes.
std::string fault_message(std::string_view text, const JsonFault &fault);

}  // namespace appcreate
