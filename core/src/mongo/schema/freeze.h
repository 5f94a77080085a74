// Freezes of a MongoDB store. A write of a single document cannot depend on another one, so no insert looks at a
// freeze. Instead no create is acknowledged by what was known of it for longer than kFreezeKnownNs, and whoever freezes
// waits for a little more than that: what is acknowledged later has seen the freeze.
#pragma once

#include <cstdint>

#include "base/entities.h"

namespace appcreate::mongo {

// Of an organization, and of the version's document in `schema`: the seconds of a freeze. Libraries of the first
// versions do not read it.
inline constexpr const char *kFrozen = "frozen";

// What the store has said; `asked_at`: when the question went out (CLOCK_MONOTONIC).
struct SeenFreeze {
    Freeze seconds = 0;
    std::int64_t asked_at = 0;
};

// More than a plan and the schema may be old, so that a create of usual length asks nothing twice.
inline constexpr std::int64_t kFreezeKnownNs = 2'000'000'000;
// Clocks of machines differ a little in their speed.
inline constexpr std::int64_t kFreezeWaitNs = 2'500'000'000;

}  // namespace appcreate::mongo
