// Forgets expired Idempotency-Keys while the store is served.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>

#include "base/values.h"
#include "mongo/driver/pool.h"

namespace appcreate::mongo {

// How many one write forgets.
inline constexpr std::size_t kSweep = 500;

// When the next sweep comes: once a minute; while there are more, after as long as the last one took, so that creates
// have the server half of the time. It keeps up with 1,000 creates a second as long as one takes 250 ms at most.
class SweepPace {
  public:
    // The first not right away: whoever starts a gateway has other things to wait for. All in ns.
    explicit SweepPace(std::int64_t now) noexcept : next_(now + kIdleNs) {}
    [[nodiscard]] std::int64_t next() const noexcept { return next_; }
    void begin(std::int64_t now) noexcept { next_ = now + kIdleNs; }
    void more(std::int64_t began, std::int64_t now) noexcept { next_ = now + std::max(now - began, kLeastPauseNs); }

  private:
    static constexpr std::int64_t kIdleNs = 60LL * 1'000'000'000;
    static constexpr std::int64_t kLeastPauseNs = 5'000'000;

    std::int64_t next_;
};

// Forgets some that have expired, the oldest first, in one write. True: there may be more.
bool sweep_expired_requests(const Client &client, std::int64_t now);

// Of all processes one sweeps at a time, as others would only do the same work once more: it holds a lease in the
// store. Gateways' clocks may differ, so that two do it, or none for a while: that does no harm.
class SweepLease {
  public:
    // Takes it, or holds it for longer. False: another one has it. `now`: CLOCK_REALTIME, ms.
    bool take(const Client &client, std::int64_t now);

  private:
    const ObjectId owner_ = ObjectId::make();
    std::int64_t until_ = 0;
};

}  // namespace appcreate::mongo
