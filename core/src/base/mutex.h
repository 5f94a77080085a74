// A mutex that clang can check: GUARDED_BY says which members it guards, and clang-tidy (-Wthread-safety in
// .clang-tidy) finds where one is touched without it.
#pragma once

#include <mutex>

#if defined(__clang__)
#define THREAD_ANNOTATION(x) __attribute__((x))
#else
#define THREAD_ANNOTATION(x)
#endif
#define GUARDED_BY(mutex) THREAD_ANNOTATION(guarded_by(mutex))
// The function takes it, and leaves it taken.
#define ACQUIRES(mutex) THREAD_ANNOTATION(acquire_capability(mutex))
// The caller holds it.
#define REQUIRES(mutex) THREAD_ANNOTATION(requires_capability(mutex))

namespace appcreate {

class THREAD_ANNOTATION(capability("mutex")) Mutex {
  public:
    constexpr Mutex() noexcept = default;
    Mutex(const Mutex &) = delete;
    Mutex &operator=(const Mutex &) = delete;
    ~Mutex() = default;
    // For a function that REQUIRES it, to do without it for a while.
    void lock() THREAD_ANNOTATION(acquire_capability()) { mutex_.lock(); }
    void unlock() THREAD_ANNOTATION(release_capability()) { mutex_.unlock(); }

  private:
    friend class MutexLock;
    std::mutex mutex_;
};

// Holds it from its construction to its end, but for the time between unlock() and lock(), its own or the mutex's.
class THREAD_ANNOTATION(scoped_lockable) MutexLock {
  public:
    explicit MutexLock(Mutex &mutex) THREAD_ANNOTATION(acquire_capability(mutex)) : lock_(mutex.mutex_) {}
    MutexLock(const MutexLock &) = delete;
    MutexLock &operator=(const MutexLock &) = delete;
    ~MutexLock() THREAD_ANNOTATION(release_capability()) = default;
    void lock() THREAD_ANNOTATION(acquire_capability()) { lock_.lock(); }
    void unlock() THREAD_ANNOTATION(release_capability()) { lock_.unlock(); }
    // For std::condition_variable.
    [[nodiscard]] std::unique_lock<std::mutex> &native() noexcept { return lock_; }

  private:
    std::unique_lock<std::mutex> lock_;
};

}  // namespace appcreate
