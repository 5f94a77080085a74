// Where and why a text is malformed, in the project's own words: the parser knows a place only, and what it calls an
// error is not what a client would.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "json_parser.h"

namespace appcreate {

struct JsonFault {
    std::size_t offset;  // of the byte to blame; the text's size when it ends too early
    std::string_view reason;
};

// The fault of a text where the parser stopped; `stop` has a reason.
JsonFault find_fault(std::string_view text, const JsonStop &stop) noexcept;

// "malformed JSON at line 1, column 5: …"; lines and columns from 1, columns in bytes.
std::string fault_message(std::string_view text, const JsonFault &fault);

}  // namespace appcreate
