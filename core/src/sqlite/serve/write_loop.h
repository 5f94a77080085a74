// Creates what the host has pending, batch after batch (app_create.h, ac_store_write): in transactions of its own, or
// in those of another process that is at it (exchange.h).
#pragma once

#include <cstdint>
#include <vector>

#include "base/mutex.h"
#include "sqlite/serve/batch_writer.h"
#include "sqlite/serve/exchange.h"
#include "sqlite/serve/turn.h"
#include "store/store.h"

namespace appcreate::sqlite {

// Thread-safe.
class WriteLoop {
  public:
    WriteLoop(BatchWriter &writer, Turn &turn, const StoreOptions &options);

    void run(const Source &source, Deadline deadline);
    // More is pending, or nothing more will be.
    void notify() noexcept;

  private:
    friend class WriteRun;

    BatchWriter &writer_;
    Turn &turn_;
    Exchange exchange_;
    const std::int64_t timeout_ns_;
    const std::int64_t patience_ns_;

    Mutex mutex_;
    std::vector<Exchange::Lane *> lanes_ GUARDED_BY(mutex_);  // of running calls
};

}  // namespace appcreate::sqlite
