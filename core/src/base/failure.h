// The exception by which every folder reports a failure that the C ABI turns into a status.
#pragma once

#include <stdexcept>
#include <string>

#include "app_create.h"

namespace appcreate {

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
