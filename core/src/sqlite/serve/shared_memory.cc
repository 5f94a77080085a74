#include "sqlite/serve/shared_memory.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <climits>

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

// Other processes wait there too, so it is not one of FUTEX_PRIVATE_FLAG.
long futex(std::atomic<std::uint32_t> &word, int operation, std::uint32_t value, const timespec *timeout) noexcept {
    static_assert(sizeof(word) == sizeof(std::uint32_t));
    return syscall(SYS_futex, &word, operation, value, timeout, nullptr, 0);
}

}  // namespace

int init_shared(pthread_mutex_t *mutex) {
    const Attributes attributes;
    return pthread_mutex_init(mutex, &attributes.value);
}

bool is_locked(pthread_mutex_t *mutex, int result) {
    if (result == EOWNERDEAD) result = pthread_mutex_consistent(mutex);
    return result == 0;
}

timespec timespec_of(std::int64_t ns) noexcept { return {ns / kSecond, ns % kSecond}; }

long futex_wait(std::atomic<std::uint32_t> &word, std::uint32_t value, const timespec &timeout) noexcept {
    return futex(word, FUTEX_WAIT, value, &timeout);
}

void futex_wake_all(std::atomic<std::uint32_t> &word) noexcept { futex(word, FUTEX_WAKE, INT_MAX, nullptr); }

}  // namespace appcreate::sqlite
