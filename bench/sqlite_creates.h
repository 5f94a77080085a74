// The statements of a create on a store that appctl made, with nothing else, and checkpoints on a thread of their own,
// as the store's are.
#pragma once

#include <sqlite3.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <thread>

namespace bench {

inline constexpr int kCheckpointFrames = 16384;
inline constexpr std::size_t kRecordBytes = 1320;

inline void check(int result, sqlite3 *db) {
    if (result == SQLITE_OK || result == SQLITE_DONE || result == SQLITE_ROW) return;
    std::fprintf(stderr, "a create of the loop: %s\n", sqlite3_errmsg(db));
    std::exit(1);
}

inline sqlite3 *open_store(const char *path, const char *pragmas) {
    sqlite3 *db = nullptr;
    check(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr), db);
    sqlite3_busy_timeout(db, 5000);
    check(sqlite3_exec(db, pragmas, nullptr, nullptr, nullptr), db);
    return db;
}

class Statement {
  public:
    Statement(sqlite3 *db, const char *sql) : db_(db) {
        check(sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement_, nullptr), db);
    }
    Statement(const Statement &) = delete;
    Statement &operator=(const Statement &) = delete;
    ~Statement() { sqlite3_finalize(statement_); }
    [[nodiscard]] sqlite3_stmt *raw() const { return statement_; }
    // Runs to its first row or its end; the row's first column.
    std::int64_t run() {
        const int result = sqlite3_step(statement_);
        check(result, db_);
        const std::int64_t value = result == SQLITE_ROW ? sqlite3_column_int64(statement_, 0) : 0;
        check(sqlite3_reset(statement_), db_);
        return value;
    }

  private:
    sqlite3 *db_;
    sqlite3_stmt *statement_ = nullptr;
};

class Checkpointer {
  public:
    explicit Checkpointer(const char *path)
        : db_(open_store(path, "PRAGMA synchronous=NORMAL")), thread_([this] { run(); }) {}
    Checkpointer(const Checkpointer &) = delete;
    Checkpointer &operator=(const Checkpointer &) = delete;
    ~Checkpointer() {
        stopping_ = true;
        thread_.join();
        sqlite3_close(db_);
    }
    std::mutex turn;
    std::atomic<int> frames = 0;

  private:
    void run() {
        while (!stopping_) {
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
            if (frames < kCheckpointFrames) continue;
            sqlite3_wal_checkpoint_v2(db_, "main", SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
            const std::lock_guard lock(turn);
            sqlite3_wal_checkpoint_v2(db_, "main", SQLITE_CHECKPOINT_RESTART, nullptr, nullptr);
        }
    }

    std::atomic<bool> stopping_ = false;
    sqlite3 *db_;
    std::thread thread_;
};

inline int note_frames(void *checkpointer, sqlite3 *, const char *, int frames) {
    static_cast<Checkpointer *>(checkpointer)->frames = frames;
    return SQLITE_OK;
}

class Creator {
  public:
    explicit Creator(sqlite3 *db)
        : begin_(db, "BEGIN IMMEDIATE"),
          commit_(db, "COMMIT"),
          organization_(db,
                        "SELECT o.applications, o.rowid, o.enabled, o.application_limit, o.build_retention_days,"
                        " o.builds_per_publication, p.id, p.name, p.region, p.config, p.provider FROM organizations o"
                        " LEFT JOIN providers p ON p.rowid = o.default_provider WHERE o.rowid = 1"),
          insert_(db,
                  "INSERT INTO applications(organization, id, slug, created_at, data) VALUES(1, ?, ?, ?, ?)"
                  " ON CONFLICT(organization, slug) DO NOTHING"),
          count_(db, "UPDATE organizations SET applications = ? WHERE rowid = 1"),
          record_(kRecordBytes, 'x') {}

    void transaction(int creates) {
        begin_.run();
        const std::int64_t before = organization_.run();
        for (int i = 0; i < creates; ++i) insert();
        sqlite3_bind_int64(count_.raw(), 1, before + creates);
        count_.run();
        commit_.run();
    }

  private:
    // Ids grow, as those of one process do; slugs are random.
    void insert() {
        ++made_;
        char id[12] = {};
        for (std::size_t i = 0; i < 8; ++i) id[4 + i] = static_cast<char>(made_ >> (8 * (7 - i)));
        char slug[33];
        const int length =
            std::snprintf(slug, sizeof(slug), "benchmark-%016llx", static_cast<unsigned long long>(random_()));
        sqlite3_bind_blob(insert_.raw(), 1, id, sizeof(id), SQLITE_STATIC);
        sqlite3_bind_text(insert_.raw(), 2, slug, length, SQLITE_STATIC);
        sqlite3_bind_int64(insert_.raw(), 3, 1'760'000'000'000);
        sqlite3_bind_blob(insert_.raw(), 4, record_.data(), static_cast<int>(record_.size()), SQLITE_STATIC);
        insert_.run();
    }

    Statement begin_, commit_, organization_, insert_, count_;
    std::string record_;
    std::mt19937_64 random_{std::random_device{}()};
    // Starts anew each time, and must not meet the ids of an earlier run.
    std::uint64_t made_ = static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
};

// A writer with its checkpointer.
class Writer {
  public:
    explicit Writer(const char *path)
        : db_(open_store(path,
                         "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-16384;"
                         " PRAGMA wal_autocheckpoint=0; PRAGMA mmap_size=0"),
              &sqlite3_close),
          checkpointer_(path),
          creator_(db_.get()) {
        sqlite3_wal_hook(db_.get(), note_frames, &checkpointer_);
    }
    void transaction(int creates) {
        const std::lock_guard lock(checkpointer_.turn);
        creator_.transaction(creates);
    }

  private:
    std::unique_ptr<sqlite3, int (*)(sqlite3 *)> db_;
    Checkpointer checkpointer_;
    Creator creator_;
};

}  // namespace bench
