// A thread of a serving process, for what no create has to wait for: it looks whether the store is still fit, and
// forgets expired Idempotency-Keys.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>

#include "mongo/pool.h"
#include "mongo/schema.h"

namespace appcreate::mongo {

class Upkeep {
  public:
    Upkeep(std::shared_ptr<Pool> pool, std::shared_ptr<SchemaCheck> schema);
    Upkeep(const Upkeep &) = delete;
    Upkeep &operator=(const Upkeep &) = delete;
    ~Upkeep();

    // Throws std::system_error when there is no thread to be had.
    void start();
    // Returns at `latest` (CLOCK_MONOTONIC, ns); a thread that hangs until then ends by itself.
    void stop(std::int64_t latest);

  private:
    struct Shared {
        std::shared_ptr<Pool> pool;
        std::shared_ptr<SchemaCheck> schema;
        std::mutex mutex;
        std::condition_variable changed;
        bool is_stopping = false;
        bool is_running = false;
    };
    static void run(Shared &shared);

    const std::shared_ptr<Shared> shared_;
    std::thread thread_;
};

}  // namespace appcreate::mongo
