// The turn to write to one file, fair over threads and processes, and what its writers tell each other about the
// WAL. It is for fairness only: safety is SQLite's own lock.
#pragma once

#include <pthread.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>

#include "app_create.h"
#include "sqlite/file/files.h"
#include "store/store.h"

namespace appcreate::sqlite {

// The layout of the host's shared memory. Processes of one program share it, so it may change with any version.
struct TurnMemory {
    pthread_mutex_t write;
    pthread_mutex_t checkpoint;
    std::atomic<std::uint32_t> waiting;  // how many wait for `write`: a hint
    std::atomic<std::uint32_t> handed;   // counts hand-overs to a waiter; used as a futex
    std::atomic<std::uint64_t> commits;
    std::atomic<std::uint32_t> frames;      // length of the WAL after the last commit
    std::atomic<std::uint32_t> backfilled;  // how many of them are in the database file already
    // A damaged file, as it was when that was found; `is_condemned` is written last.
    std::atomic<std::uint64_t> condemned_device, condemned_inode;
    std::atomic<std::int64_t> condemned_size, condemned_modified;
    std::atomic<std::uint32_t> is_condemned;
    std::atomic<std::uint32_t> is_noted;      // the damage was written down (damage_note.h)
    std::atomic<std::uint32_t> was_opened;    // there was a store under this path
    std::atomic<std::uint64_t> orphaned_wal;  // fingerprint_of() it; its file was overwritten
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

    // ---- the WAL, as far as this turn's writers know: hints
    void committed(std::uint32_t frames) noexcept;
    void checkpointed(std::uint32_t backfilled) noexcept { memory_->backfilled = backfilled; }
    void restarted() noexcept;
    [[nodiscard]] std::uint64_t commits() const noexcept { return memory_->commits; }
    [[nodiscard]] std::uint32_t frames() const noexcept { return memory_->frames; }
    // Frames that no checkpoint has copied yet.
    [[nodiscard]] std::uint32_t pending() const noexcept;

    // ---- the file, as far as any of the turn's stores has found out: all others know it too
    // Nothing is taken from the file as it is now.
    void condemn(const FileStamp &file) noexcept;
    [[nodiscard]] bool has_condemned() const noexcept { return memory_->is_condemned != 0; }
    // Is the file the one that was condemned, unchanged since?
    [[nodiscard]] bool is_condemned(const FileStamp &file) const noexcept;
    // The same, whatever was written to the file since: a checkpoint, a tool's writes, or another content copied over
    // it. Only a look through all of the file tells whether it is whole now.
    [[nodiscard]] bool is_condemned_file(const FileId &file) const noexcept;
    // The file was looked through, and is whole.
    void absolve() noexcept { memory_->is_condemned = 0; }
    // The damage was written down, for those who start when all stores of this turn have ended.
    void noted() noexcept { memory_->is_noted = 1; }
    [[nodiscard]] bool is_to_be_noted() const noexcept { return has_condemned() && memory_->is_noted == 0; }
    // The database file of this WAL was overwritten: where nothing else tells whose the WAL is, it does not belong to
    // the file that lies there now.
    void orphan_wal(std::uint64_t fingerprint) noexcept { memory_->orphaned_wal = fingerprint; }
    [[nodiscard]] std::uint64_t orphaned_wal() const noexcept { return memory_->orphaned_wal; }
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
    // Set on release with others waiting: `handed` + 1 (0: none). The next Guard waits until `handed` moves on.
    std::atomic<std::uint64_t> owed_ = 0;
};

}  // namespace appcreate::sqlite
