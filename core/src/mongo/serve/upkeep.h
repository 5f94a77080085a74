// A thread of a serving process, for what no create has to wait for: it looks whether the store is still fit,
// writes down which keys were used, and forgets expired Idempotency-Keys.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <thread>

#include "base/mutex.h"
#include "mongo/driver/pool.h"
#include "mongo/schema/schema.h"
#include "mongo/serve/key_use.h"
#include "mongo/serve/sweeper.h"

namespace appcreate::mongo {

class Upkeep {
  public:
    Upkeep(std::shared_ptr<Pool> pool, std::shared_ptr<SchemaCheck> schema, std::shared_ptr<KeyUse> key_use);
    Upkeep(const Upkeep &) = delete;
    Upkeep &operator=(const Upkeep &) = delete;
    ~Upkeep();

    // Throws std::system_error when there is no thread to be had.
    void start(const SweepPace &pace);
    // Returns at `latest` (CLOCK_MONOTONIC, ns); a thread that hangs until then ends by itself.
    void stop(std::int64_t latest);

  private:
    struct Shared {
        std::shared_ptr<Pool> pool;
        std::shared_ptr<SchemaCheck> schema;
        std::shared_ptr<KeyUse> key_use;
        Mutex mutex;
        std::condition_variable changed;
        bool is_stopping GUARDED_BY(mutex) = false;
        bool is_running GUARDED_BY(mutex) = false;
    };
    static void run(Shared &shared, SweepPace pace);

    const std::shared_ptr<Shared> shared_;
    std::thread thread_;
};

}  // namespace appcreate::mongo
