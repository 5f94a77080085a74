#include "sqlite/checkpoint.h"

#include <algorithm>

namespace appcreate::sqlite {
namespace {

// Rounds without the turn, each copying what the one before left to be written meanwhile.
constexpr int kMaxRounds = 5;
// What little remains is copied holding the turn, which costs the writers a few milliseconds.
constexpr int kLittle = 1024;
constexpr std::uint32_t kFarBehind = 4;  // times the limit
// How long readers are waited for with the turn held: they only delay the log's restart, to the next time.
constexpr std::int64_t kReaders = 20'000'000;  // ns

struct Progress {
    int log = 0;
    int copied = 0;
    bool busy = false;
};

Progress run(const Connection &connection, int mode) {
    Progress out;
    const int result = sqlite3_wal_checkpoint_v2(connection.raw(), "main", mode, &out.log, &out.copied);
    out.busy = (result & 0xff) == SQLITE_BUSY;
    if (result != SQLITE_OK && !out.busy) throw Error(connection.raw());
    return out;
}

std::uint32_t frames(int n) noexcept { return static_cast<std::uint32_t>(std::max(n, 0)); }

}  // namespace

bool help(Connection &connection, Turn &turn) {
    const Progress now = run(connection, SQLITE_CHECKPOINT_PASSIVE);
    if (now.busy) return false;
    turn.checkpointed(frames(now.copied));
    return now.copied > 0;
}

bool checkpoint(Connection &connection, Turn &turn, const WalLimits &limits, std::int64_t timeout_ns) {
    Progress now;
    int before = -1;
    for (int round = 0; round < kMaxRounds; ++round) {
        now = run(connection, SQLITE_CHECKPOINT_PASSIVE);
        if (now.busy || now.copied <= before) return false;
        turn.checkpointed(frames(now.copied));
        if (now.log - now.copied <= kLittle) break;
        before = now.copied;
    }
    if (frames(now.log) < limits.checkpoint) return true;
    // Writers that are faster than this get ahead for a while, then they wait.
    if (now.log - now.copied > kLittle && frames(now.log) < kFarBehind * limits.checkpoint) return true;

    const Turn::Guard guard(turn, monotonic_ns() + timeout_ns);
    connection.set_deadline(monotonic_ns() + kReaders);
    const bool is_too_large = frames(now.log) > 2 * limits.checkpoint;
    if (run(connection, is_too_large ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_RESTART).busy) return false;
    turn.restarted();
    return true;
}

}  // namespace appcreate::sqlite
