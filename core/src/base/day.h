// Days since 1970, in UTC.
#pragma once

#include <cstdint>
#include <string>

#include "base/values.h"

namespace appcreate {

inline constexpr std::int64_t kDayMs = 24LL * 3600 * 1000;

inline std::int64_t day_of(std::int64_t ms) noexcept { return ms / kDayMs; }

// YYYY-MM-DD.
inline std::string date(std::int64_t day) { return timestamp(day * kDayMs).substr(0, 10); }

}  // namespace appcreate
