// Forgets expired Idempotency-Keys while the store is served. Every process has one; several do no harm.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "mongo/pool.h"
#include "mongo/schema.h"

namespace appcreate::mongo {

// Forgets some that have expired, the oldest first. True: there may be more.
bool sweep_expired_requests(const Session &session, std::int64_t now);

class Sweeper {
  public:
    Sweeper(Pool &pool, SchemaCheck &schema) : pool_(pool), schema_(schema) {}
    Sweeper(const Sweeper &) = delete;
    Sweeper &operator=(const Sweeper &) = delete;
    ~Sweeper();

    // Throws std::system_error when there is no thread to be had.
    void start();

  private:
    void run();

    Pool &pool_;
    SchemaCheck &schema_;
    std::mutex mutex_;
    std::condition_variable wake_;
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace appcreate::mongo
