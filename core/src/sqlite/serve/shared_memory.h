// Mutexes and futexes in memory that processes share.
#pragma once

#include <pthread.h>
#include <time.h>

#include <atomic>
#include <cstdint>

namespace appcreate::sqlite {

// One whose owner may die: the next one learns of it. Returns an errno value.
int init_shared(pthread_mutex_t *mutex);

// Of a lock's result. What a mutex protects here is mended by whoever gets it next (EOWNERDEAD), so it is as good as
// new.
bool is_locked(pthread_mutex_t *mutex, int result);

timespec timespec_of(std::int64_t ns) noexcept;

// Returns 0, or -1 with errno, when it did not sleep, or no longer than `timeout`.
long futex_wait(std::atomic<std::uint32_t> &word, std::uint32_t value, const timespec &timeout) noexcept;
void futex_wake_all(std::atomic<std::uint32_t> &word) noexcept;

}  // namespace appcreate::sqlite
