// The day on which a key last made an application. Writers remember it, and the thread of upkeep writes it down, so
// that no create waits for it.
#pragma once

#include <cstdint>
#include <set>
#include <span>

#include "base/mutex.h"
#include "base/values.h"
#include "mongo/driver/pool.h"
#include "request/create.h"

namespace appcreate::mongo {

// Thread-safe.
class KeyUse {
  public:
    // Creates that have their answers. Where memory is short a day is not noted.
    void add(std::span<Create *const> creates) noexcept;
    [[nodiscard]] bool is_any();
    // One write for all that was added since the last time. Throws ServerFailure; what was not written stays.
    void write(const Client &client);

  private:
    Mutex mutex_;
    std::set<ObjectId> added_ GUARDED_BY(mutex_);  // not written yet
    std::set<ObjectId> noted_ GUARDED_BY(mutex_);  // on `day_`
    std::int64_t day_ GUARDED_BY(mutex_) = 0;
};

}  // namespace appcreate::mongo
