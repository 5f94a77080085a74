// Creates what the host has pending, batch after batch (app_create.h, ac_store_write).
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <span>

#include "mongo/create/batch.h"
#include "mongo/driver/pool.h"
#include "mongo/schema/schema.h"
#include "mongo/serve/health.h"
#include "mongo/serve/key_use.h"
#include "store/store.h"

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
    // `key_use`: nullptr where nobody writes it down.
    WriteLoop(Pool &pool, SchemaCheck &schema, Health &health, KeyUse *key_use, std::int64_t timeout_ms,
              BatchReport report);

    void run(const Source &source);

  private:
    // Answers all. False: the store failed, and its health knows.
    bool write(std::span<Create *const> creates, const Batch::Done &done);

    Pool &pool_;
    SchemaCheck &schema_;
    Health &health_;
    KeyUse *const key_use_;
    Writing writing_;
    const std::int64_t timeout_ns_;
    const BatchReport report_;
};

}  // namespace appcreate::mongo
