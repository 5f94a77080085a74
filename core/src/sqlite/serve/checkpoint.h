// Brings the WAL back into the database file. Writers never do it themselves, unless it falls far behind;
// how long the WAL may grow decides the speed of creating (docs/stores.md).
#pragma once

#include <cstdint>

#include "sqlite/file/connection.h"
#include "sqlite/serve/turn.h"

namespace appcreate::sqlite {

// In frames of one page, 4 KiB.
struct WalLimits {
    std::uint32_t copy_at = 16384;                 // 64 MiB not copied yet: work for the checkpointer
    std::uint32_t restart_at = 49152;              // 192 MiB: time for the WAL to start again from its beginning
    std::uint32_t writers_help_at = 131072;        // 512 MiB not copied yet: writers copy too
    std::uint32_t without_checkpointer_at = 1000;  // not copied yet, where no thread checkpoints; as SQLite's own
};

// Copies frames while others write; at the end, when the WAL is long, holds the turn so that the WAL starts again from
// its beginning. Checkpoint rarely: a page written many times is copied once, and with random slugs it takes some
// thousand creates until most pages of their index are written again. False when others keep it from getting anywhere.
bool checkpoint(Connection &connection, Turn &turn, const WalLimits &limits, std::int64_t timeout_ns);

// Copies all of the WAL and empties it, so that the file is whole by itself; holds the turn at the end. False when
// readers or writers keep it from that.
bool empty_wal(Connection &connection, Turn &turn, std::int64_t timeout_ns);

// Copies the frames that can be copied now. Returns whether there were any.
bool help(Connection &connection, Turn &turn);

}  // namespace appcreate::sqlite
