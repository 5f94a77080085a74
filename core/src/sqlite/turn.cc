#include "sqlite/turn.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
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
// How long one that waits is given to take the turn; it may have died.
constexpr std::int64_t kPatience = 20'000'000;  // ns
// How often one that waits says so again.
constexpr std::int64_t kSlice = 50'000'000;  // ns

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

int init_shared(pthread_mutex_t *mutex) {
    const Attributes attributes;
    return pthread_mutex_init(mutex, &attributes.value);
}

timespec timespec_of(std::int64_t ns) noexcept { return {ns / kSecond, ns % kSecond}; }

int lock_until(pthread_mutex_t *mutex, Deadline deadline) {
#ifdef APP_CREATE_TSAN
    // ThreadSanitizer does not know pthread_mutex_clocklock.
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    const timespec at =
        timespec_of(now.tv_sec * kSecond + now.tv_nsec + std::max<std::int64_t>(deadline - monotonic_ns(), 0));
    return pthread_mutex_timedlock(mutex, &at);
#else
    const timespec at = timespec_of(std::max<Deadline>(deadline, 0));
    return pthread_mutex_clocklock(mutex, CLOCK_MONOTONIC, &at);
#endif
}

// Other processes wait there too, so it is not one of FUTEX_PRIVATE_FLAG.
long futex(std::atomic<std::uint32_t> &word, int operation, std::uint32_t value, const timespec *timeout) noexcept {
    static_assert(sizeof(word) == sizeof(std::uint32_t));
    return syscall(SYS_futex, &word, operation, value, timeout, nullptr, 0);
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
    memory_->is_condemned = 1;
}

bool Turn::is_condemned(const FileStamp &file) const noexcept {
    return has_condemned() && memory_->condemned_device == file.id.device &&
           memory_->condemned_inode == file.id.inode && memory_->condemned_size == file.size &&
           memory_->condemned_modified == file.modified;
}

// A mutex favours who has just given it up, since the others have to be woken first. Priority inheritance would hand it
// over in order, but who waits then spins as long as the owner computes.
void Turn::let_others_go_first(Deadline deadline) noexcept {
    const std::uint64_t owed = owed_.exchange(0);
    if (owed == 0) return;
    const auto handed = static_cast<std::uint32_t>(owed - 1);
    const timespec patience = timespec_of(std::clamp<std::int64_t>(deadline - monotonic_ns(), 0, kPatience));
    if (futex(memory_->handed, FUTEX_WAIT, handed, &patience) != 0 && errno == ETIMEDOUT) {
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
    futex(memory_->handed, FUTEX_WAKE, INT_MAX, nullptr);
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
