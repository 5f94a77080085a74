// Forgets expired Idempotency-Keys while the store is served.
#pragma once

#include <cstdint>
#include <functional>

#include "mongo/pool.h"
#include "values.h"

namespace appcreate::mongo {

// Forgets some that have expired, the oldest first, in one write. True: there may be more.
bool sweep_expired_requests(const Session &session, std::int64_t now);

// Of all processes one sweeps at a time, as others would only do the same work once more: it holds a lease in the
// store. Gateways' clocks may differ, so that two do it, or none for a while: that does no harm.
class SweepLease {
  public:
    // Takes it, or holds it for longer. False: another one has it. `now`: CLOCK_REALTIME, ms.
    bool take(const Session &session, std::int64_t now);

  private:
    const ObjectId owner_ = ObjectId::make();
    std::int64_t until_ = 0;
};

}  // namespace appcreate::mongo
