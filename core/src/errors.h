// The contract's table of errors ("Errors"), and the exception by which the store's rooms report a failure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "app_create.h"

namespace appcreate {

// One violation of the body: an RFC 6901 pointer and the project's own message, which quotes no byte of the body.
struct Violation {
    std::string pointer;
    std::string message;
};

// At most this many violations are reported (contract, 3000).
inline constexpr std::size_t kMaxViolations = 32;

// The answer of a code: static, with its body. An unknown code answers as AC_CODE_INTERNAL.
const ac_answer &code_answer(int code) noexcept;

// ac_status_body: the body for an error that the server made by itself. Allocates nothing.
std::size_t write_status_body(int status, std::string_view reason, char *buf, std::size_t cap, int *code,
                              unsigned *retry_after) noexcept;

// Appends the 400/3000 body, `{"status":false,"error":{…,"data":{"errors":[…]}}}`. `violations` is in document order
// and is cut at kMaxViolations.
void append_validation_body(std::string &out, const std::vector<Violation> &violations);

// A failure that a caller of the C ABI sees as ac_status and message. Never about a client's request: those get
// answers.
class Failure : public std::runtime_error {
  public:
    Failure(ac_status status, const std::string &message, int detail = 0)
        : std::runtime_error(message), status_(status), detail_(detail) {}
    [[nodiscard]] ac_status status() const noexcept { return status_; }
    [[nodiscard]] int detail() const noexcept { return detail_; }

  private:
    ac_status status_;
    int detail_;
};

}  // namespace appcreate
