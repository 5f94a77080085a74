// Turns the parser's stop position into a client message: line, column, cause.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "json/parser.h"

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
