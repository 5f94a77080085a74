// Creates on their way to the store. They wait in a list; a thread writes what has gathered there, batch after batch,
// until nothing is left. Requests and threads never meet: an Op stands between them, and either side may
// let go of it first.

#include <pthread.h>

#include <atomic>

#include "module.h"

namespace app_create {

// One create that left its request: to be prepared (parsed on a thread), or to be written.
struct Op {
    Message message;  // first: mailbox hands it back
    ngx_queue_t queue;
    Dispatch *dispatch;
    Context *ctx;  // the event loop's; NULL: the request is gone
    ac_create *create;
    size_t size;
    bool pending;  // in the list, under the lock

    // preparing
    u_char *body;
    size_t length;
    ngx_fd_t file;
    ac_status status;
};

struct Dispatch {
    Backend *backend;
    ac_store *store;
    Lookups *lookups;

    // The event loop's: what waits or is at work, against app_create_queue.
    ngx_uint_t held;
    size_t held_bytes;

    pthread_mutex_t mutex;  // held for a few pointers, never across store work
    pthread_cond_t arrival;
    ngx_queue_t pending;
    ngx_uint_t waiting;  // how many are pending
    ngx_uint_t writers;  // threads that are at it
    bool lingering;      // one of them waits for the next create
};

namespace {

// How long a writer stays after its last batch. Creates that come one after the other then cost neither a task of the
// pool each nor its notice to the event loop.
constexpr long linger_ns = 5000000;

// While a server is waited for, a second batch may go out, once it is worth a round trip of its own: many small ones
// are slower than few large ones. An SQLite file has one writer anyway.
constexpr ngx_uint_t max_writers_of_server = 2;
constexpr ngx_uint_t second_batch = 32;

ngx_uint_t max_writers(const Backend *backend) {
    return ac_uri_kind(backend->uri) == AC_STORE_MONGODB ? max_writers_of_server : 1;
}

// Threads and connections are gone or going: what comes back is freed, not answered.
bool worker_ends = false;

// What was given to a thread and is not done.
std::atomic<ngx_uint_t> tasks_at_work = 0;

class Lock {
  public:
    explicit Lock(Dispatch *dispatch) : mutex_(&dispatch->mutex) { pthread_mutex_lock(mutex_); }
    ~Lock() { pthread_mutex_unlock(mutex_); }
    Lock(const Lock &) = delete;
    Lock &operator=(const Lock &) = delete;

  private:
    pthread_mutex_t *mutex_;
};

Op *create_op(Context *ctx, size_t size) {
    Dispatch *dispatch = get_dispatch(ctx->conf->backend);
    if (dispatch == nullptr || dispatch->held >= dispatch->backend->queue_number ||
        dispatch->held_bytes + size > dispatch->backend->queue_bytes) {
        return nullptr;
    }
    auto *op = static_cast<Op *>(ngx_calloc(sizeof(Op), ngx_cycle->log));
    if (op == nullptr) {
        return nullptr;
    }
    op->dispatch = dispatch;
    op->file = NGX_INVALID_FILE;
    op->size = size;
    dispatch->held++;
    dispatch->held_bytes += size;

    op->ctx = ctx;
    op->create = ctx->create;
    ctx->create = nullptr;
    ctx->op = op;
    return op;
}

// Gives the create back to its request. NULL: the request is gone, and the create with it.
Context *return_op(Op *op) {
    Context *ctx = op->ctx;
    if (ctx && worker_ends) {
        ctx->op = nullptr;
        ctx = nullptr;
    }
    if (ctx) {
        ctx->create = op->create;
        ctx->op = nullptr;
    } else {
        ac_create_free(op->create);
    }
    op->dispatch->held--;
    op->dispatch->held_bytes -= op->size;
    if (op->file != NGX_INVALID_FILE) {
        (void)ngx_close_file(op->file);
    }
    if (op->body) {
        ngx_free(op->body);
    }
    ngx_free(op);
    return ctx;
}

// ---- on a thread

bool read_file(Op *op) {
    for (size_t done = 0; done < op->length;) {
        ssize_t n = pread(op->file, op->body + done, op->length - done, static_cast<off_t>(done));
        if (n <= 0) {
            if (n == -1 && errno == EINTR) {
                continue;
            }
            return false;
        }
        done += static_cast<size_t>(n);
    }
    return true;
}

void prepare(void *data, ngx_log_t *) {
    auto *op = static_cast<Op *>(data);
    if (op->file != NGX_INVALID_FILE && !read_file(op)) {
        ac_create_refuse(op->create, AC_CODE_INTERNAL);
        op->status = AC_DONE;
        return;
    }
    op->status = ac_create_body(op->create, {reinterpret_cast<const char *>(op->body), op->length}, 0);
}

// Under the lock.
void unlink_pending(Op *op) {
    ngx_queue_remove(&op->queue);
    op->pending = false;
    op->dispatch->waiting--;
}

size_t take(void *data, ac_create **out, size_t max, size_t max_bytes) {
    auto *dispatch = static_cast<Dispatch *>(data);
    Lock lock(dispatch);
    size_t n = 0;
    size_t bytes = 0;
    while (n < max && !ngx_queue_empty(&dispatch->pending)) {
        auto *op = ngx_queue_data(ngx_queue_head(&dispatch->pending), Op, queue);
        if (n && bytes + op->size > max_bytes) {
            break;
        }
        unlink_pending(op);
        bytes += op->size;
        out[n++] = op->create;
    }
    return n;
}

int is_pending(void *data) {
    auto *dispatch = static_cast<Dispatch *>(data);
    Lock lock(dispatch);
    return dispatch->waiting ? 1 : 0;
}

Message *message_of(ac_create *create) { return &static_cast<Op *>(ac_create_user(create))->message; }

void done(void *, ac_create *const *creates, size_t n) {
    for (size_t i = 0; i + 1 < n; i++) {
        message_of(creates[i])->next = message_of(creates[i + 1]);
    }
    if (n) {
        post_messages(message_of(creates[0]), message_of(creates[n - 1]));
    }
}

// True when nothing is pending any more and nothing came: the next create posts a writer again.
bool stop_writing(Dispatch *dispatch) {
    Lock lock(dispatch);
    if (dispatch->waiting == 0 && !dispatch->lingering) {
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_nsec += linger_ns;
        if (until.tv_nsec >= 1000000000) {
            until.tv_nsec -= 1000000000;
            until.tv_sec++;
        }
        dispatch->lingering = true;
        int err = 0;
        while (dispatch->waiting == 0 && err == 0) {
            err = pthread_cond_timedwait(&dispatch->arrival, &dispatch->mutex, &until);
        }
        dispatch->lingering = false;
    }
    if (dispatch->waiting) {
        return false;
    }
    dispatch->writers--;
    return true;
}

void write_pending(void *data, ngx_log_t *) {
    auto *dispatch = static_cast<Dispatch *>(data);
    const ac_source source = {dispatch, take, done, is_pending};
    do {
        ac_status status = ac_store_write(dispatch->store, &source, deadline_in(dispatch->backend->timeout), nullptr);
        if (status == AC_ETIMEOUT && ngx_terminate) {
            // The event loop waits for this thread: nobody else will empty the list.
            Lock lock(dispatch);
            dispatch->writers--;
            return;
        }
        if (status != AC_OK && status != AC_ETIMEOUT) {
            // Answers to what no store will take; trying for ever would keep the thread.
            ac_create *create;
            while (take(dispatch, &create, 1, 0)) {
                ac_create_refuse(create, AC_CODE_DATABASE);
                done(dispatch, &create, 1);
            }
        }
    } while (!stop_writing(dispatch));
}

// ---- back on the event loop

void prepared(void *data) {
    auto *op = static_cast<Op *>(data);
    ac_status status = op->status;
    Context *ctx = return_op(op);
    if (ctx) {
        stop_timer(ctx);
        create_returned(ctx, status);
    }
}

void written(Message *message) {
    Context *ctx = return_op(reinterpret_cast<Op *>(message));
    if (ctx) {
        stop_timer(ctx);
        create_returned(ctx, AC_DONE);
    }
}

void writer_stopped(void *) {}

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

Dispatch *get_dispatch(Backend *backend) {
    if (backend->dispatch) {
        return backend->dispatch;
    }

    auto *dispatch = static_cast<Dispatch *>(ngx_calloc(sizeof(Dispatch), ngx_cycle->log));
    if (dispatch == nullptr) {
        return nullptr;
    }
    ac_store_options options = {};
    options.size = sizeof(options);
    options.uri = backend->uri;
    options.timeout_ms = static_cast<int64_t>(backend->timeout);
    options.turn = backend->turn;
    options.log = log_from_thread;
    // Two look-ups, the writers, and the next writer while the last one ends.
    options.threads = 3 + static_cast<uint32_t>(max_writers(backend));
    options.flags = AC_STORE_MAINTAIN;

    ac_error error;
    if (ac_store_open(&options, &dispatch->store, &error) != AC_OK) {
        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0, "app_create_store \"%V\": %s", &backend->name, error.message);
        ngx_free(dispatch);
        return nullptr;
    }
    dispatch->lookups = create_lookups(backend, dispatch->store);
    if (dispatch->lookups == nullptr) {
        ac_store_close(dispatch->store);
        ngx_free(dispatch);
        return nullptr;
    }
    dispatch->backend = backend;
    ngx_queue_init(&dispatch->pending);
    pthread_mutex_init(&dispatch->mutex, nullptr);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&dispatch->arrival, &monotonic);
    pthread_condattr_destroy(&monotonic);
    backend->dispatch = dispatch;
    return dispatch;
}

Lookups *dispatch_lookups(Dispatch *dispatch) { return dispatch->lookups; }

ac_store *dispatch_store(Dispatch *dispatch) { return dispatch->store; }

void end_dispatching() {
    worker_ends = true;
    // nginx ends a thread by a task, and where that finds no place in the pool's queue it leaves the threads running.
    while (tasks_at_work) {
        ngx_msleep(1);
    }
}

void close_dispatch(Backend *backend) {
    Dispatch *dispatch = backend->dispatch;
    if (dispatch == nullptr) {
        return;
    }
    ac_store_close(dispatch->store);
    while (!ngx_queue_empty(&dispatch->pending)) {
        auto *op = ngx_queue_data(ngx_queue_head(&dispatch->pending), Op, queue);
        ngx_queue_remove(&op->queue);
        return_op(op);
    }
    free_lookups(dispatch->lookups);
    pthread_cond_destroy(&dispatch->arrival);
    pthread_mutex_destroy(&dispatch->mutex);
    ngx_free(dispatch);
    backend->dispatch = nullptr;
}

ngx_int_t prepare_on_thread(Context *ctx, const BodySource &body) {
    size_t length = body.file == NGX_INVALID_FILE ? body.memory.len : static_cast<size_t>(body.size);
    Op *op = create_op(ctx, length + ac_create_size(ctx->create));
    if (op == nullptr) {
        return NGX_BUSY;
    }
    op->length = length;

    // The request may go away while the thread reads: it gets bytes and a descriptor of its own.
    op->body = static_cast<u_char *>(ngx_alloc(length ? length : 1, ngx_cycle->log));
    if (body.file != NGX_INVALID_FILE) {
        op->file = fcntl(body.file, F_DUPFD_CLOEXEC, 0);
    } else if (op->body) {
        ngx_memcpy(op->body, body.memory.data, length);
    }
    if (op->body == nullptr || (body.file != NGX_INVALID_FILE && op->file == NGX_INVALID_FILE) ||
        run_on_thread(ctx->conf->backend->pool, op, prepare, prepared) != NGX_OK) {
        return_op(op);
        return NGX_BUSY;
    }
    return NGX_OK;
}

ngx_int_t send_to_store(Context *ctx) {
    Op *op = create_op(ctx, ac_create_size(ctx->create));
    if (op == nullptr) {
        return NGX_BUSY;
    }
    op->message.deliver = written;
    ac_create_set_user(op->create, op);

    Dispatch *dispatch = op->dispatch;
    bool wake;
    bool lingering;
    {
        Lock lock(dispatch);
        ngx_queue_insert_tail(&dispatch->pending, &op->queue);
        op->pending = true;
        dispatch->waiting++;
        wake = dispatch->writers == 0 ||
               (dispatch->waiting >= second_batch && dispatch->writers < max_writers(dispatch->backend));
        if (wake) {
            dispatch->writers++;
        }
        lingering = !wake && dispatch->lingering;
    }
    // Not under the lock: what is woken would find it taken and sleep once more.
    if (lingering) {
        pthread_cond_signal(&dispatch->arrival);
    }
    if (!wake || run_on_thread(dispatch->backend->pool, dispatch, write_pending, writer_stopped) == NGX_OK) {
        return NGX_OK;
    }

    bool stranded = false;
    {
        Lock lock(dispatch);
        // Another writer will come to it.
        if (--dispatch->writers == 0 && op->pending) {
            unlink_pending(op);
            stranded = true;
        }
    }
    if (stranded) {
        return_op(op);
        return NGX_BUSY;
    }
    return NGX_OK;
}

void leave_op(Context *ctx) {
    Op *op = ctx->op;
    if (op == nullptr) {
        return;
    }
    ctx->op = nullptr;
    op->ctx = nullptr;

    bool dropped;
    {
        Lock lock(op->dispatch);
        dropped = op->pending;
        if (dropped) {
            unlink_pending(op);
        }
    }
    if (dropped) {
        return_op(op);
    }
}

}  // namespace app_create
