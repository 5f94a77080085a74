#include "sqlite/file/connection.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "sqlite/file/frozen.h"
#include "sqlite/file/wal_buffer.h"

namespace appcreate::sqlite {
namespace {

constexpr std::int64_t kFirstWait = 100'000;  // ns
constexpr std::int64_t kLongestWait = 5'000'000;
constexpr int kWaitDoublings = 6;

void configure(sqlite3 *db, int option, int value) {
    if (sqlite3_db_config(db, option, value, nullptr) != SQLITE_OK) throw Error(db);
}

// What every connection has. A file from elsewhere gets no chance to run anything: no triggers, views or functions of
// its schema.
void harden(sqlite3 *db) {
    configure(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1);
    configure(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0);
    configure(db, SQLITE_DBCONFIG_ENABLE_VIEW, 0);
    configure(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0);
    configure(db, SQLITE_DBCONFIG_DEFENSIVE, 1);
}

// A backup may have come back in another mode. Nothing happens when it is WAL already.
void use_wal(sqlite3 *db) {
    Statement mode(db, "PRAGMA journal_mode=WAL");
    Run run(mode);
    if (!run.row() || run.text_at(0) != "wal") {
        throw Error(SQLITE_IOERR, "the file system does not support SQLite's write-ahead log");
    }
}

}  // namespace

Connection::Connection(const std::string &path, Use use, bool may_be_read_only, Deadline deadline)
    : use_(use), wait_(std::make_unique<Shared>()) {
    wait_->deadline = deadline;
    sqlite3 *db = nullptr;
    constexpr int kFlags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    const char *vfs = use == Use::kWrite ? wal_buffer_vfs() : nullptr;
    const int result = use == Use::kFrozen ? sqlite3_open_v2(frozen_uri(path).c_str(), &db,
                                                             kFlags | SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, nullptr)
                                           : sqlite3_open_v2(path.c_str(), &db, kFlags | SQLITE_OPEN_READWRITE, vfs);
    db_.reset(db);
    if (db == nullptr) throw Error(SQLITE_NOMEM, "out of memory");
    if (result != SQLITE_OK) throw Error(db);
    const bool is_for_reading = use == Use::kFrozen || (use == Use::kRead && may_be_read_only);
    if (!is_for_reading && sqlite3_db_readonly(db, "main") == 1) {
        throw Error(SQLITE_READONLY, sqlite3_errstr(SQLITE_READONLY));
    }
    harden(db);
    sqlite3_busy_handler(db, on_busy, wait_.get());
    // Replaces SQLite's automatic checkpoint.
    sqlite3_wal_hook(db, on_commit, wait_.get());
}

void Connection::apply_pragmas() {
    // What cannot be written is read in the mode that it has.
    if (sqlite3_db_readonly(raw(), "main") == 0) use_wal(raw());
    exec("PRAGMA temp_store=MEMORY; PRAGMA foreign_keys=OFF; PRAGMA mmap_size=0; PRAGMA secure_delete=OFF");
    switch (use_) {
        case Use::kWrite:
        case Use::kInit:
            exec("PRAGMA synchronous=FULL; PRAGMA cache_size=-2048");
            break;
        case Use::kMaintain:
            // Still syncs the WAL before a checkpoint copies from it, and the file after.
            exec("PRAGMA synchronous=NORMAL; PRAGMA cache_size=-1024");
            break;
        case Use::kRead:
        case Use::kFrozen:
            exec("PRAGMA query_only=ON; PRAGMA cache_size=-2048");
            break;
    }
}

void Connection::exec(const char *sql) const {
    if (sqlite3_exec(raw(), sql, nullptr, nullptr, nullptr) != SQLITE_OK) throw Error(raw());
}

std::int64_t Connection::query_integer(std::string_view sql) const {
    Statement statement = prepare(sql);
    Run run(statement);
    return run.row() ? run.integer_at(0) : 0;
}

sqlite3_file *Connection::file(int which) const noexcept {
    sqlite3_file *file = nullptr;
    const bool is_open =
        sqlite3_file_control(raw(), "main", which, &file) == SQLITE_OK && file != nullptr && file->pMethods != nullptr;
    return is_open ? file : nullptr;
}

bool Connection::has_moved() const noexcept {
    int moved = 0;
    return sqlite3_file_control(raw(), "main", SQLITE_FCNTL_HAS_MOVED, &moved) != SQLITE_OK || moved != 0;
}

void Connection::checkpoint_on_close() noexcept {
    sqlite3_db_config(raw(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, nullptr);
}

int Connection::on_busy(void *shared, int count) noexcept {
    const std::int64_t left = static_cast<Shared *>(shared)->deadline - monotonic_ns();
    if (left <= 0) return 0;
    const std::int64_t wait = std::min({kFirstWait << std::min(count, kWaitDoublings), kLongestWait, left});
    std::this_thread::sleep_for(std::chrono::nanoseconds(wait));
    return 1;
}

int Connection::on_commit(void *shared, sqlite3 *, const char *, int frames) noexcept {
    static_cast<Shared *>(shared)->wal_frames = static_cast<unsigned>(frames);
    return SQLITE_OK;
}

Transaction::Transaction(const Connection &connection, Kind kind) : connection_(connection) {
    connection_.exec(kind == Kind::kWrite ? "BEGIN IMMEDIATE" : "BEGIN");
}

// SQLite rolls some failures back by itself.
Transaction::~Transaction() {
    if (sqlite3_get_autocommit(connection_.raw()) == 0) {
        sqlite3_exec(connection_.raw(), "ROLLBACK", nullptr, nullptr, nullptr);
    }
}

void Transaction::commit() { connection_.exec("COMMIT"); }

}  // namespace appcreate::sqlite
