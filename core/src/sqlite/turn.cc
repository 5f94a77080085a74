#include "sqlite/turn.h"

#include <time.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>
#include <string>
#include <system_error>

#include "errors.h"

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define APP_CREATE_TSAN 1
#endif
#elif defined(__SANITIZE_THREAD__)
#define APP_CREATE_TSAN 1
#endif

namespace appcreate::sqlite {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

struct Attributes {
    pthread_mutexattr_t value;
    Attributes() {
        pthread_mutexattr_init(&value);
        pthread_mutexattr_setpshared(&value, PTHREAD_PROCESS_SHARED);
        pthread_mutexattr_setrobust(&value, PTHREAD_MUTEX_ROBUST);
    }
    Attributes(const Attributes &) = delete;
    Attributes &operator=(const Attributes &) = delete;
    ~Attributes() { pthread_mutexattr_destroy(&value); }
};

// Priority inheritance makes the kernel hand the mutex over in the order of arrival; without it a writer that asks
// again at once keeps it from the others.
int init_fair(pthread_mutex_t *mutex) {
    Attributes fair;
    if (pthread_mutexattr_setprotocol(&fair.value, PTHREAD_PRIO_INHERIT) == 0 &&
        pthread_mutex_init(mutex, &fair.value) == 0) {
        return 0;
    }
    Attributes plain;
    return pthread_mutex_init(mutex, &plain.value);
}

int lock_by_wall_clock(pthread_mutex_t *mutex, Deadline deadline) {
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    const std::int64_t until =
        now.tv_sec * kSecond + now.tv_nsec + std::max<std::int64_t>(deadline - monotonic_ns(), 0);
    const timespec at{until / kSecond, until % kSecond};
    return pthread_mutex_timedlock(mutex, &at);
}

int lock_until(pthread_mutex_t *mutex, Deadline deadline) {
#ifdef APP_CREATE_TSAN
    // ThreadSanitizer does not know pthread_mutex_clocklock.
    return lock_by_wall_clock(mutex, deadline);
#else
    const Deadline from_zero = std::max<Deadline>(deadline, 0);
    const timespec at{from_zero / kSecond, from_zero % kSecond};
    const int result = pthread_mutex_clocklock(mutex, CLOCK_MONOTONIC, &at);
    // Kernels before 5.14 know only the wall clock for a mutex with priority inheritance.
    return result == EINVAL ? lock_by_wall_clock(mutex, deadline) : result;
#endif
}

// Whose owner died: what it protects is SQLite's to mend, so it is as good as new.
bool is_locked(pthread_mutex_t *mutex, int result) {
    if (result == EOWNERDEAD) result = pthread_mutex_consistent(mutex);
    return result == 0;
}

}  // namespace

void init_turn(void *memory) {
    std::memset(memory, 0, AC_TURN_SIZE);
    auto *turn = ::new (memory) TurnMemory{};
    Attributes plain;
    int result = init_fair(&turn->write);
    if (result == 0) result = pthread_mutex_init(&turn->checkpoint, &plain.value);
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

Turn::Guard::Guard(Turn &turn, Deadline deadline) {
    pthread_mutex_t *mutex = &turn.memory_->write;
    const int result = lock_until(mutex, deadline);
    if (result == ETIMEDOUT) throw Failure(AC_ETIMEOUT, "the turn to write did not come in time");
    // A mutex beyond repair costs fairness, no more.
    if (is_locked(mutex, result)) held_ = mutex;
}

Turn::Guard::~Guard() {
    if (held_ != nullptr) pthread_mutex_unlock(held_);
}

Turn::Election::Election(Turn &turn) noexcept {
    pthread_mutex_t *mutex = &turn.memory_->checkpoint;
    if (is_locked(mutex, pthread_mutex_trylock(mutex))) held_ = mutex;
}

Turn::Election::~Election() {
    if (held_ != nullptr) pthread_mutex_unlock(held_);
}

}  // namespace appcreate::sqlite
