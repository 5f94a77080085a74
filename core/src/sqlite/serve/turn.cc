#include "sqlite/serve/turn.h"

#include <time.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>
#include <string>
#include <system_error>

#include "base/failure.h"
#include "sqlite/serve/shared_memory.h"

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define APP_CREATE_TSAN 1
#endif
#elif defined(__SANITIZE_THREAD__)
#define APP_CREATE_TSAN 1
#endif

namespace appcreate::sqlite {
namespace {

// How long one that waits is given to take the turn; it may have died.
constexpr std::int64_t kPatience = 20'000'000;  // ns
// How often one that waits says so again.
constexpr std::int64_t kSlice = 50'000'000;  // ns

int lock_until(pthread_mutex_t *mutex, Deadline deadline) {
#ifdef APP_CREATE_TSAN
    // ThreadSanitizer does not know pthread_mutex_clocklock.
    const timespec at = timespec_of(now_ms() * 1'000'000 + std::max<std::int64_t>(deadline - monotonic_ns(), 0));
    return pthread_mutex_timedlock(mutex, &at);
#else
    const timespec at = timespec_of(std::max<Deadline>(deadline, 0));
    return pthread_mutex_clocklock(mutex, CLOCK_MONOTONIC, &at);
#endif
}

}  // namespace

void init_turn(void *memory) {
    std::memset(memory, 0, AC_TURN_SIZE);
    auto *turn = ::new (memory) TurnMemory{};
    int result = init_shared(&turn->write);
    if (result == 0) result = init_shared(&turn->checkpoint);
    if (result != 0) {
        throw Failure(AC_EUNAVAILABLE, "cannot make the turn to write: " + std::generic_category().message(result),
                      result);
    }
}

Turn::Turn(void *memory) {
    if (memory == nullptr) {
        own_ = std::make_unique<Own>();
        memory = own_->bytes.data();
        init_turn(memory);
    }
    memory_ = static_cast<TurnMemory *>(memory);
}

void Turn::committed(std::uint32_t frames) noexcept {
    if (frames < memory_->frames) memory_->backfilled = 0;
    memory_->frames = frames;
    ++memory_->commits;
}

void Turn::restarted() noexcept {
    memory_->frames = 0;
    memory_->backfilled = 0;
}

std::uint32_t Turn::pending() const noexcept {
    const std::uint32_t frames = memory_->frames;
    const std::uint32_t backfilled = memory_->backfilled;
    return frames >= backfilled ? frames - backfilled : frames;
}

void Turn::condemn(const FileStamp &file) noexcept {
    memory_->is_condemned = 0;
    memory_->condemned_device = file.id.device;
    memory_->condemned_inode = file.id.inode;
    memory_->condemned_size = file.size;
    memory_->condemned_modified = file.modified;
    memory_->is_noted = 0;
    memory_->is_condemned = 1;
}

bool Turn::is_condemned_file(const FileId &file) const noexcept {
    return has_condemned() && memory_->condemned_device == file.device && memory_->condemned_inode == file.inode;
}

bool Turn::is_condemned(const FileStamp &file) const noexcept {
    return is_condemned_file(file.id) && memory_->condemned_size == file.size &&
           memory_->condemned_modified == file.modified;
}

// A mutex favours who has just given it up, since the others have to be woken first. Priority inheritance would hand it
// over in order, but who waits then spins as long as the owner computes.
void Turn::let_others_go_first(Deadline deadline) noexcept {
    const std::uint64_t owed = owed_.exchange(0);
    if (owed == 0) return;
    const auto handed = static_cast<std::uint32_t>(owed - 1);
    const timespec patience = timespec_of(std::clamp<std::int64_t>(deadline - monotonic_ns(), 0, kPatience));
    if (futex_wait(memory_->handed, handed, patience) != 0 && errno == ETIMEDOUT) {
        // It died or gave up; one that still waits will say so again.
        memory_->waiting = 0;
    }
}

int Turn::lock(Deadline deadline) noexcept {
    int result = pthread_mutex_trylock(&memory_->write);
    if (result != EBUSY) return result;
    do {
        ++memory_->waiting;
        result = lock_until(&memory_->write, std::min(deadline, monotonic_ns() + kSlice));
        std::uint32_t waiting = memory_->waiting;
        while (waiting > 0 && !memory_->waiting.compare_exchange_weak(waiting, waiting - 1)) {
        }
    } while (result == ETIMEDOUT && monotonic_ns() < deadline);
    ++memory_->handed;
    futex_wake_all(memory_->handed);
    return result;
}

Turn::Guard::Guard(Turn &turn, Deadline deadline) : turn_(turn) {
    turn.let_others_go_first(deadline);
    const int result = turn.lock(deadline);
    if (result == ETIMEDOUT) throw Failure(AC_ETIMEOUT, "the turn to write did not come in time");
    // A mutex beyond repair costs fairness, no more.
    held_ = is_locked(&turn.memory_->write, result);
}

Turn::Guard::~Guard() {
    if (!held_) return;
    TurnMemory &memory = *turn_.memory_;
    if (memory.waiting > 0) turn_.owed_ = std::uint64_t{memory.handed} + 1;
    pthread_mutex_unlock(&memory.write);
}

Turn::Election::Election(Turn &turn) noexcept {
    pthread_mutex_t *mutex = &turn.memory_->checkpoint;
    if (is_locked(mutex, pthread_mutex_trylock(mutex))) held_ = mutex;
}

Turn::Election::~Election() {
    if (held_ != nullptr) pthread_mutex_unlock(held_);
}

}  // namespace appcreate::sqlite
