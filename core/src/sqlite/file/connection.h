// One connection to the store's file.
#pragma once

#include <sqlite3.h>

#include <memory>
#include <string>
#include <string_view>

#include "sqlite/file/statement.h"
#include "store/store.h"

namespace appcreate::sqlite {

enum class Use {
    kWrite,     // commits are durable
    kRead,      // never writes
    kMaintain,  // checkpoints and sweeps: what it commits may be lost with the power
    kInit,      // makes the file's contents; the file must exist
    kFrozen,    // reads a store that cannot be written to (frozen.h)
};

class Connection {
  public:
    // Opens the file, which must exist, and looks at nothing in it yet. Closing it copies nothing into the file.
    // The file must be writable from the beginning where it is written to, and (not `may_be_read_only`) for whoever
    // serves also where it is only read: SQLite would give the side files that it makes the mode of a file that nobody
    // may write.
    Connection(const std::string &path, Use use, bool may_be_read_only, Deadline deadline);
    Connection(const std::string &path, Use use, Deadline deadline) : Connection(path, use, true, deadline) {}
    Connection(const Connection &) = delete;
    Connection &operator=(const Connection &) = delete;
    ~Connection() = default;

    // Settings that read or change the file: only once it is known to be a store of ours.
    void apply_pragmas();

    [[nodiscard]] sqlite3 *raw() const noexcept { return db_.get(); }
    // SQLITE_FCNTL_FILE_POINTER: the database; SQLITE_FCNTL_JOURNAL_POINTER: its WAL. Null where it is not open.
    [[nodiscard]] sqlite3_file *file(int which) const noexcept;
    [[nodiscard]] Statement prepare(std::string_view sql) const { return {raw(), sql}; }
    void exec(const char *sql) const;
    [[nodiscard]] std::int64_t query_integer(std::string_view sql) const;

    // Until when locks of others are waited for.
    void set_deadline(Deadline deadline) noexcept { wait_->deadline = deadline; }
    // Closing it, if nobody else has the file open, copies the WAL into the file and removes the side files. Only for
    // files that are known to be the ones that were opened.
    void checkpoint_on_close() noexcept;
    // Does the path no longer stand for the file that this connection opened?
    [[nodiscard]] bool has_moved() const noexcept;
    // Length of the WAL in frames after this connection's last commit.
    [[nodiscard]] unsigned wal_frames() const noexcept { return wait_->wal_frames; }
    // Makes the statement that runs on another thread fail with SQLITE_INTERRUPT.
    void interrupt() const noexcept { sqlite3_interrupt(raw()); }

  private:
    // What SQLite's callbacks point to.
    struct Shared {
        Deadline deadline = 0;
        unsigned wal_frames = 0;
    };
    struct Close {
        void operator()(sqlite3 *db) const noexcept { sqlite3_close_v2(db); }
    };

    static int on_busy(void *shared, int count) noexcept;
    static int on_commit(void *shared, sqlite3 *db, const char *name, int frames) noexcept;

    Use use_;
    std::unique_ptr<Shared> wait_;
    std::unique_ptr<sqlite3, Close> db_;
};

// A transaction that rolls back unless it was committed.
class Transaction {
  public:
    enum class Kind { kRead, kWrite };
    // kWrite has the write lock from here on.
    Transaction(const Connection &connection, Kind kind);
    Transaction(const Transaction &) = delete;
    Transaction &operator=(const Transaction &) = delete;
    ~Transaction();
    void commit();

  private:
    const Connection &connection_;
};

}  // namespace appcreate::sqlite
