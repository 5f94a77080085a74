// Brings the write-ahead log back into the database file. Writers never do it themselves, unless it falls far behind;
// how long the log may grow decides the speed of creating (docs/stores.md).
#pragma once

#include <cstdint>

#include "sqlite/connection.h"
#include "sqlite/turn.h"

namespace appcreate::sqlite {

// In frames of one page, 4 KiB.
struct WalLimits {
    std::uint32_t copy = 16384;     // 64 MiB not copied yet: work for the checkpointer
    std::uint32_t restart = 49152;  // 192 MiB: time for the log to start again
    std::uint32_t help = 131072;    // 512 MiB not copied yet: writers help
    std::uint32_t tools = 1000;     // without a checkpointer, as SQLite does by itself
};

// Copies what can be copied while others write; at the end, when the log is long, holds the turn so that it starts
// again from its beginning. Seldom and much: of a page that was written often only the last version is copied, and with
// random slugs it takes some thousand creates until most pages of their index are met again.
// False when others keep it from getting anywhere.
bool checkpoint(Connection &connection, Turn &turn, const WalLimits &limits, std::int64_t timeout_ns);

// Copies all of the log and empties it, so that the file is whole by itself; holds the turn at the end. False when
// readers or writers keep it from that.
bool empty_log(Connection &connection, Turn &turn, std::int64_t timeout_ns);

// Copies what can be copied now. Returns whether any was.
bool help(Connection &connection, Turn &turn);

}  // namespace appcreate::sqlite
