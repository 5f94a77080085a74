// Creates what the host has pending, batch after batch (app_create.h, ac_store_write).
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <span>

#include "mongo/batch.h"
#include "mongo/health.h"
#include "mongo/pool.h"
#include "mongo/schema.h"
#include "store.h"

namespace appcreate::mongo {

// What one batch after the other is written with. Knows no server but by its interface.
class Writing {
  public:
    // All creates get their answers. After an outcome that stayed undecided, one create is sent alone until one is
    // acknowledged; the rest of its batch is refused unwritten. Returns what went wrong, if anything did. Throws only
    // for want of memory, and then too each has been given back once.
    std::optional<ServerFailure> write(Server &server, std::span<Create *const> creates, const Patience &patience,
                                       const Batch::Done &done);

  private:
    std::optional<ServerFailure> write_some(Server &server, std::span<Create *const> creates, const Patience &patience,
                                            const Batch::Done &done);

    Plans plans_;
    Places places_;
    std::atomic<bool> undecided_ = false;
};

class WriteLoop {
  public:
    WriteLoop(Pool &pool, SchemaCheck &schema, Health &health, std::int64_t timeout_ms);

    void run(const Source &source);

  private:
    // Answers all. False: the store failed, and its health knows.
    bool write(std::span<Create *const> creates, const Batch::Done &done);

    Pool &pool_;
    SchemaCheck &schema_;
    Health &health_;
    Writing writing_;
    const std::int64_t timeout_ns_;
};

}  // namespace appcreate::mongo
