// nginx's thread pools, and what threads of our own need.
#pragma once

#include <pthread.h>

#include "module.h"

namespace appcreate::nginx {

// ---- nginx's pools

// Does `run` on a thread of the pool, then `done` on the event loop. NGX_ERROR: the pool's queue is full.
ngx_int_t run_on_thread(ngx_thread_pool_t *pool, void *data, void (*run)(void *data, ngx_log_t *log),
                        void (*done)(void *data));
// Waits until no pool has anything of ours at work. False: one is at work still at `deadline`.
bool end_tasks(int64_t deadline);

// ---- threads of our own

// While it lives, threads that are made take none of nginx's signals.
class SignalsBlocked {
  public:
    SignalsBlocked();
    ~SignalsBlocked();
    SignalsBlocked(const SignalsBlocked &) = delete;
    SignalsBlocked &operator=(const SignalsBlocked &) = delete;

  private:
    sigset_t before_;
};

// Such a thread, which works for a store. False, and said in the log: none can be had.
bool start_thread(pthread_t *thread, const Backend *backend, void *(*run)(void *data), void *data);

// Holds a mutex while it lives.
class MutexLock {
  public:
    explicit MutexLock(pthread_mutex_t *mutex) : mutex_(mutex) { pthread_mutex_lock(mutex_); }
    ~MutexLock() { pthread_mutex_unlock(mutex_); }
    MutexLock(const MutexLock &) = delete;
    MutexLock &operator=(const MutexLock &) = delete;

  private:
    pthread_mutex_t *mutex_;
};

// Of a condition that is waited for with deadlines as deadline_in makes them.
void init_condition(pthread_cond_t *condition);
// False: `deadline` is over.
bool wait_until(pthread_cond_t *condition, pthread_mutex_t *mutex, int64_t deadline);

}  // namespace appcreate::nginx
