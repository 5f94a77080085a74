// The mark of a store: a row of `meta` by which lineage.h and pairing.h tell whether a database file and a WAL belong
// together.
//
// A commit has a position: the epoch, a random number, and the commit's number in that epoch. The mark, which each
// commit writes, has the position of its own commit and those that the database file may show by itself. The first
// commit after a checkpoint that copied all of the WAL begins a new epoch, so that an epoch never spans a restart of
// the WAL: whatever position of it the file shows, the WAL that has the mark has all that came after. Of the epoch
// before only the last position is the file's. Any other is of a copy that was made earlier, and the WAL lacks what
// came between.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "sqlite/file/connection.h"

namespace appcreate::sqlite {

// (0, 0): of a store that has no mark yet.
struct Position {
    std::uint64_t epoch = 0, serial = 0;
    friend bool operator==(const Position &, const Position &) = default;
};

struct Mark {
    Position own;                     // of the commit that wrote it
    Position base;                    // what the file shows as long as no frame of this epoch was copied into it
    Position passed;                  // as does any up to this one: of a restore, which waits for no checkpoint
    std::uint64_t file = 0, wal = 0;  // fingerprint_of() each; 0: not said
    std::uint64_t schema = 0;         // the schema's cookie, fileformat2.html

    // May the file by itself show this position?
    [[nodiscard]] bool covers(const Position &shown) const noexcept {
        return shown == base || is_up_to(shown, own) || is_up_to(shown, passed);
    }
    friend bool operator==(const Mark &, const Mark &) = default;

  private:
    static bool is_up_to(const Position &shown, const Position &last) noexcept {
        return last.epoch != 0 && shown.epoch == last.epoch && shown.serial <= last.serial;
    }
};

// The row, and its columns in order. One parameter: what bind_mark() binds.
inline constexpr std::string_view kSelectMark = "SELECT value FROM meta WHERE name = 'log_mark'";
inline constexpr std::string_view kReplaceMark = "INSERT OR REPLACE INTO meta VALUES('log_mark', ?)";

// What kSelectMark finds; all zero where there is none yet. Throws Error.
Mark mark_of(Statement &select);
void put_mark(Statement &replace, const Mark &mark);

// As `connection` sees it, through the WAL. Throws Error.
Mark read_mark(const Connection &connection);
// Inside a write transaction.
void write_mark(const Connection &connection, const Mark &mark);
// A mark with a new epoch.
Mark make_mark(const Position &base, const Position &passed);

// The mark on the only page of `meta`, all zero where it has none; nullopt: it is no such page.
std::optional<Mark> mark_on(std::span<const std::uint8_t> page) noexcept;

// What the WAL says, whatever lies beside it. `connection` has opened the WAL. Throws Error.
struct WalSays {
    Mark mark;                            // the last one; all zero: none
    std::optional<std::uint64_t> schema;  // the cookie on the last first page
};
// `all`: looks for the schema too, in all of the WAL if need be. nullopt: the WAL does not hold still.
std::optional<WalSays> read_wal(const Connection &connection, bool all);

}  // namespace appcreate::sqlite
