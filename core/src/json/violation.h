// A violation of a body, as the answer 400/3000 lists it.
#pragma once

#include <cstddef>
#include <string>

namespace appcreate {

// One violation of the body: an RFC 6901 pointer and the project's own message, which quotes no byte of the body.
struct Violation {
    std::string pointer;
    std::string message;
};

// At most this many violations are reported (docs/api.md, "Violations").
inline constexpr std::size_t kMaxViolations = 32;

}  // namespace appcreate
