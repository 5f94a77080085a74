// The arithmetic of app_create_limit: a leaky bucket as limit_req has it, in whole numbers that lose nothing. It knows
// nothing of nginx.
//
// A bucket takes `burst` requests and one more at once. What it holds leaks at the rate, and a request that finds no
// room is refused and changes nothing.
#pragma once

#include <cstdint>

namespace appcreate::nginx {

// One request, in the unit of levels: at N requests a minute, N units leak in a millisecond.
inline constexpr uint64_t kRequestUnits = 60000;
// Of a rate, a second or a minute, and of a burst: products stay within 64 bits.
inline constexpr int64_t kMostRequests = 1000000000;
// Clocks of two processors, or of a worker that is late, may differ by so much; one that was set back differs by more.
inline constexpr int64_t kClockSlackMs = 60000;

struct LimitRate {
    uint64_t per_minute;
    uint64_t burst;
};

inline uint64_t capacity_of(const LimitRate &rate) { return (rate.burst + 1) * kRequestUnits; }

// Whole seconds, rounded up, until `units` have leaked.
inline uint64_t seconds_to_leak(const LimitRate &rate, uint64_t units) {
    const uint64_t per_second = rate.per_minute * 1000;
    return (units + per_second - 1) / per_second;
}

// How long it takes until a bucket that was full is empty: 1 at least.
inline uint64_t window_of(const LimitRate &rate) { return seconds_to_leak(rate, capacity_of(rate)); }

// How many requests a bucket has room for.
inline uint64_t room_of(const LimitRate &rate, uint64_t level) {
    const uint64_t capacity = capacity_of(rate);
    return level >= capacity ? 0 : (capacity - level) / kRequestUnits;
}

// Whole seconds, rounded up, until it has room for one more than it has: 1 at least.
inline uint64_t seconds_to_more_room(const LimitRate &rate, uint64_t level) {
    return seconds_to_leak(rate, level + (room_of(rate, level) + 1) * kRequestUnits - capacity_of(rate));
}

struct LeakyBucket {
    uint64_t level;  // in units, at `last`
    int64_t last;    // milliseconds

    // Lets out what has leaked until `now`. One that is a little late finds what an earlier one has left.
    void leak(const LimitRate &rate, int64_t now) {
        const int64_t elapsed = now - last;
        if (elapsed < -kClockSlackMs) {
            last = now;
        }
        if (elapsed <= 0) {
            return;
        }
        const auto ms = static_cast<uint64_t>(elapsed);
        level = ms > level / rate.per_minute ? 0 : level - ms * rate.per_minute;
        last = now;
    }

    void take() { level += kRequestUnits; }
};

}  // namespace appcreate::nginx
