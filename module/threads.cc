#include "threads.h"

#include <atomic>
#include <csignal>

namespace appcreate::nginx {
namespace {

// What was given to a pool and is not done.
std::atomic<ngx_uint_t> tasks_at_work = 0;

struct ThreadCall {
    void (*run)(void *data, ngx_log_t *log);
    void (*done)(void *data);
    void *data;
};

void call_on_thread(void *data, ngx_log_t *log) {
    auto *call = static_cast<ThreadCall *>(data);
    call->run(call->data, log);
    tasks_at_work--;
}

void call_ended(ngx_event_t *event) {
    auto *task = static_cast<ngx_thread_task_t *>(event->data);
    auto *call = static_cast<ThreadCall *>(task->ctx);
    call->done(call->data);
    ngx_free(task);
}

}  // namespace

SignalsBlocked::SignalsBlocked() {
    // As nginx does for its pools: all but what a fault of the thread itself raises.
    sigset_t all;
    sigfillset(&all);
    sigdelset(&all, SIGILL);
    sigdelset(&all, SIGFPE);
    sigdelset(&all, SIGSEGV);
    sigdelset(&all, SIGBUS);
    pthread_sigmask(SIG_BLOCK, &all, &before_);
}

SignalsBlocked::~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

bool start_thread(pthread_t *thread, const Backend *backend, void *(*run)(void *data), void *data) {
    SignalsBlocked blocked;
    int err = pthread_create(thread, nullptr, run, data);
    if (err) {
        ngx_log_error(NGX_LOG_ALERT, ngx_cycle->log, err, "pthread_create() failed for app_create_store \"%V\"",
                      &backend->name);
    }
    return err == 0;
}

void init_condition(pthread_cond_t *condition) {
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(condition, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

bool wait_until(pthread_cond_t *condition, pthread_mutex_t *mutex, int64_t deadline) {
    struct timespec until = {static_cast<time_t>(deadline / 1000000000), static_cast<long>(deadline % 1000000000)};
    return pthread_cond_timedwait(condition, mutex, &until) == 0;
}

ngx_int_t run_on_thread(ngx_thread_pool_t *pool, void *data, void (*run)(void *data, ngx_log_t *log),
                        void (*done)(void *data)) {
    // Not from a request's pool: the task may outlive the request.
    auto *task =
        static_cast<ngx_thread_task_t *>(ngx_calloc(sizeof(ngx_thread_task_t) + sizeof(ThreadCall), ngx_cycle->log));
    if (task == nullptr) {
        return NGX_ERROR;
    }
    auto *call = reinterpret_cast<ThreadCall *>(task + 1);
    call->run = run;
    call->done = done;
    call->data = data;
    task->ctx = call;
    task->handler = call_on_thread;
    task->event.handler = call_ended;
    task->event.data = task;
    task->event.log = ngx_cycle->log;
    tasks_at_work++;
    if (ngx_thread_task_post(pool, task) != NGX_OK) {
        tasks_at_work--;
        ngx_free(task);
        return NGX_ERROR;
    }
    return NGX_OK;
}

bool end_tasks(int64_t deadline) {
    // nginx ends a thread by a task, and where that finds no place in the pool's queue it leaves the threads running.
    while (tasks_at_work) {
        if (deadline_in(0) > deadline) {
            return false;
        }
        ngx_msleep(1);
    }
    return true;
}

}  // namespace appcreate::nginx
