// The turn to write to one file, fair over threads and processes, and what its writers tell each other about the
// write-ahead log. It is for fairness only: safety is SQLite's own lock.
#pragma once

#include <pthread.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>

#include "app_create.h"
#include "sqlite/files.h"
#include "store.h"

namespace appcreate::sqlite {

// The layout of the host's shared memory. Processes of one program share it, so it may change with any version.
struct TurnMemory {
    pthread_mutex_t write;
    pthread_mutex_t checkpoint;
    std::atomic<std::uint32_t> waiting;  // how many wait for `write`: a hint
    std::atomic<std::uint32_t> handed;   // how often one that waited has got it; a futex
    std::atomic<std::uint64_t> commits;
    std::atomic<std::uint32_t> frames;      // length of the log after the last commit
    std::atomic<std::uint32_t> backfilled;  // how many of them are in the database file already
    // A damaged file, as it was when that was found; `is_condemned` is written last.
    std::atomic<std::uint64_t> condemned_device, condemned_inode;
    std::atomic<std::int64_t> condemned_size, condemned_modified;
    std::atomic<std::uint32_t> is_condemned;
    std::atomic<std::uint32_t> was_opened;    // there was a store under this path
    std::atomic<std::uint64_t> orphaned_log;  // fingerprint_of() it; its file was overwritten
};
static_assert(sizeof(TurnMemory) <= AC_TURN_SIZE);
static_assert(std::atomic<std::uint64_t>::is_always_lock_free && std::atomic<std::uint32_t>::is_always_lock_free);

// Makes AC_TURN_SIZE bytes of zeroed or used memory a turn. Throws Failure.
void init_turn(void *memory);

class Turn {
  public:
    // `memory` nullable: then the turn is this process's own.
    explicit Turn(void *memory);

    // Held from its construction to its end, on one thread.
    class Guard {
      public:
        // Throws Failure(AC_ETIMEOUT).
        Guard(Turn &turn, Deadline deadline);
        Guard(const Guard &) = delete;
        Guard &operator=(const Guard &) = delete;
        ~Guard();

      private:
        Turn &turn_;
        bool held_ = false;
    };

    // One checkpointer over all processes, for as long as it lives.
    class Election {
      public:
        explicit Election(Turn &turn) noexcept;
        Election(const Election &) = delete;
        Election &operator=(const Election &) = delete;
        ~Election();
        [[nodiscard]] bool won() const noexcept { return held_ != nullptr; }

      private:
        pthread_mutex_t *held_ = nullptr;
    };

    // ---- the log, as far as this turn's writers know: hints
    void committed(std::uint32_t frames) noexcept;
    void checkpointed(std::uint32_t backfilled) noexcept { memory_->backfilled = backfilled; }
    void restarted() noexcept;
    [[nodiscard]] std::uint64_t commits() const noexcept { return memory_->commits; }
    [[nodiscard]] std::uint32_t frames() const noexcept { return memory_->frames; }
    // Frames that no checkpoint has copied yet.
    [[nodiscard]] std::uint32_t pending() const noexcept;

    // ---- what one of the turn's stores has found out about the file, all others know
    // Nothing is taken from the file as it is now.
    void condemn(const FileStamp &file) noexcept;
    [[nodiscard]] bool has_condemned() const noexcept { return memory_->is_condemned != 0; }
    // Is the file the one that was condemned, unchanged since?
    [[nodiscard]] bool is_condemned(const FileStamp &file) const noexcept;
    // The log's file was overwritten: where nothing else tells whose it is, it is not what lies there now.
    void orphan_log(std::uint64_t fingerprint) noexcept { memory_->orphaned_log = fingerprint; }
    [[nodiscard]] std::uint64_t orphaned_log() const noexcept { return memory_->orphaned_log; }
    void opened() noexcept { memory_->was_opened = 1; }
    [[nodiscard]] bool was_opened() const noexcept { return memory_->was_opened != 0; }

  private:
    struct alignas(64) Own {
        std::array<std::uint8_t, AC_TURN_SIZE> bytes;
    };

    void let_others_go_first(Deadline deadline) noexcept;
    int lock(Deadline deadline) noexcept;

    std::unique_ptr<Own> own_;
    TurnMemory *memory_;
    // The turn was given up while others waited for it: `handed` as it was then, plus one; 0: nobody did.
    std::atomic<std::uint64_t> owed_ = 0;
};

}  // namespace appcreate::sqlite
