// The answers of the codes (docs/api.md, "Codes").
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "app_create.h"
#include "json/violation.h"

namespace appcreate {

// The answer of a code: static, with its body. An unknown code answers as AC_CODE_INTERNAL.
const ac_answer &code_answer(int code) noexcept;

// ac_status_body: the body for an error that the server made by itself. Allocates nothing.
std::size_t write_status_body(int status, std::string_view reason, char *buf, std::size_t cap, int *code,
                              unsigned *retry_after) noexcept;

// Appends the 400/3000 body, `{"status":false,"error":{…,"data":{"errors":[…]}}}`. `violations` is in document order
// and is cut at kMaxViolations.
void append_validation_body(std::string &out, const std::vector<Violation> &violations);

}  // namespace appcreate
