// One batch: one transaction, on files that are proved to be the store's, and the answers that follow from it.
#pragma once

#include <cstdint>
#include <string>

#include "sqlite/serve/health.h"
#include "sqlite/serve/maintenance.h"
#include "sqlite/serve/members.h"
#include "sqlite/serve/sessions.h"
#include "store/store.h"

namespace appcreate::sqlite {

// Thread-safe.
class BatchWriter {
  public:
    BatchWriter(Sessions &sessions, Maintenance &maintenance, Log log, const std::string &path, BatchReport report);

    struct Outcome {
        std::size_t creates = 0;
        bool is_well = true;
    };
    // Never throws for a reason of the store: who is gathered is told, and when the store cannot be reached, what is
    // pending here is gathered to be told so. Locks of others are waited for until `deadline`.
    Outcome run(Members &members, Deadline deadline);

  private:
    bool commit(Members &members, std::int64_t &started, Deadline deadline);

    Sessions &sessions_;
    Maintenance &maintenance_;
    Health health_;
    const std::string path_;
    const BatchReport report_;
};

}  // namespace appcreate::sqlite
