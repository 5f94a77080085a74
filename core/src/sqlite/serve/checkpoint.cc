#include "sqlite/serve/checkpoint.h"

#include <algorithm>

namespace appcreate::sqlite {
namespace {

// Rounds without the turn, each copying what was written during the one before.
constexpr int kMaxRounds = 5;
// What little remains, in frames, is copied holding the turn, which costs the writers a few milliseconds.
constexpr std::uint32_t kLittle = 512;
constexpr std::uint32_t kFarBehind = 4;  // times the limit
// How long readers are waited for with the turn held: they only delay the WAL's restart, to the next time.
constexpr std::int64_t kReaders = 20'000'000;  // ns

struct Progress {
    int wal = 0;
    int copied = 0;
    bool busy = false;
};

Progress run(const Connection &connection, int mode) {
    Progress out;
    const int result = sqlite3_wal_checkpoint_v2(connection.raw(), "main", mode, &out.wal, &out.copied);
    out.busy = (result & 0xff) == SQLITE_BUSY;
    if (result != SQLITE_OK && !out.busy) throw Error(connection.raw());
    return out;
}

// SQLite leaves what it copied in the kernel's memory where others wrote meanwhile, and syncs it all at the restart:
// tens of milliseconds of disk, with the turn held. Synced here, nobody waits for it but the disk.
void sync_file(const Connection &connection) {
    sqlite3_file *file = connection.file(SQLITE_FCNTL_FILE_POINTER);
    if (file == nullptr) return;
    const int result = file->pMethods->xSync(file, SQLITE_SYNC_NORMAL);
    if (result != SQLITE_OK) throw Error(result, sqlite3_errstr(result));
}

std::uint32_t frames(int n) noexcept { return static_cast<std::uint32_t>(std::max(n, 0)); }

}  // namespace

bool help(Connection &connection, Turn &turn) {
    const Progress now = run(connection, SQLITE_CHECKPOINT_PASSIVE);
    if (now.busy) return false;
    turn.checkpointed(frames(now.copied));
    return now.copied > 0;
}

bool empty_wal(Connection &connection, Turn &turn, std::int64_t timeout_ns) {
    const Progress now = run(connection, SQLITE_CHECKPOINT_PASSIVE);
    if (now.busy) return false;
    turn.checkpointed(frames(now.copied));
    if (now.copied < now.wal) return false;
    sync_file(connection);
    const Turn::Guard guard(turn, monotonic_ns() + timeout_ns);
    connection.set_deadline(monotonic_ns() + kReaders);
    if (run(connection, SQLITE_CHECKPOINT_TRUNCATE).busy) return false;
    turn.restarted();
    return true;
}

bool checkpoint(Connection &connection, Turn &turn, const WalLimits &limits, std::int64_t timeout_ns) {
    Progress now;
    int before = -1;
    for (int round = 0; round < kMaxRounds; ++round) {
        now = run(connection, SQLITE_CHECKPOINT_PASSIVE);
        if (now.busy || now.copied <= before) return false;
        turn.checkpointed(frames(now.copied));
        sync_file(connection);
        if (turn.pending() <= kLittle) break;
        before = now.copied;
    }
    // The turn knows of what was written since, but not of a WAL that was there before it.
    const std::uint32_t length = std::max(frames(now.wal), turn.frames());
    if (length < limits.restart_at) return true;
    // Writers that are faster than this get ahead for a while, then they wait.
    if (turn.pending() > kLittle && length < kFarBehind * limits.restart_at) return true;

    const Turn::Guard guard(turn, monotonic_ns() + timeout_ns);
    connection.set_deadline(monotonic_ns() + kReaders);
    const bool is_too_large = length > 2 * limits.restart_at;
    if (run(connection, is_too_large ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_RESTART).busy) return false;
    turn.restarted();
    return true;
}

}  // namespace appcreate::sqlite
