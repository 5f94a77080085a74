// Creates what the host has pending, batch after batch (app_create.h, ac_store_write).
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "sqlite/health.h"
#include "sqlite/maintenance.h"
#include "sqlite/sessions.h"
#include "sqlite/turn.h"
#include "store.h"

namespace appcreate::sqlite {

class WriteLoop {
  public:
    WriteLoop(Sessions &sessions, Turn &turn, Maintenance &maintenance, Log log, const std::string &path,
              std::int64_t timeout_ms);

    void run(const Source &source, Deadline deadline);

  private:
    struct Outcome {
        std::size_t creates = 0;
        bool is_well = true;
    };
    Outcome run_batch(const Source &source, std::span<Create *> creates, Deadline deadline);
    bool commit_batch(const Source &source, std::span<Create *> creates, std::size_t &n, std::int64_t &started,
                      Deadline deadline);

    Sessions &sessions_;
    Turn &turn_;
    Maintenance &maintenance_;
    Health health_;
    const std::string path_;
    const std::int64_t timeout_ns_;
};

}  // namespace appcreate::sqlite
