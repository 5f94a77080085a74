// Reads on their way to the store: as many wait as app_create_queue lets creates wait, and so many are at work on
// threads of the pool. A request and a thread never meet: a PendingRead stands between them, and either side may let go
// of it first.

#include "metrics.h"
#include "show.h"
#include "threads.h"

namespace appcreate::nginx {
namespace {

// After so long a full thread pool is given the next read again.
constexpr ngx_msec_t kRetryAfter = 20;

}  // namespace

struct PendingRead {
    ngx_queue_t queue;  // in Reads::waiting until a thread gets it
    Reads *reads;
    Context *ctx;  // the event loop's; NULL: the request is gone
    WorkerStore *opened;
    ngx_thread_pool_t *pool;

    // the thread's from here on
    ac_store *store;
    ac_read *read;
    int64_t deadline;  // monotonic nanoseconds
};

// Belongs to the event loop.
struct Reads {
    ac_store *store;
    ngx_queue_t waiting;
    ngx_uint_t held;     // waits or is at work
    ngx_uint_t at_work;  // on a thread
    ngx_event_t retry;
    ngx_connection_t nobody;  // debug builds read an event's data as a connection
};

namespace {

// Gives the read back to its request. NULL: the request is gone, and the read with it.
Context *give_back(PendingRead *pending) {
    Context *ctx = pending->ctx;
    if (ctx) {
        ctx->read = pending->read;
        ctx->pending_read = nullptr;
    } else {
        ac_read_free(pending->read);
    }
    pending->reads->held--;
    ngx_free(pending);
    return ctx;
}

// ---- on a thread

void ask_store(void *data, ngx_log_t *) {
    auto *pending = static_cast<PendingRead *>(data);
    (void)ac_store_read(pending->store, pending->read, pending->deadline, nullptr);
}

// ---- back on the event loop

void send_what_waits(Reads *reads);

void read_done(void *data) {
    auto *pending = static_cast<PendingRead *>(data);
    Reads *reads = pending->reads;
    WorkerStore *opened = pending->opened;
    reads->at_work--;
    send_what_waits(reads);
    Context *ctx = give_back(pending);
    if (ctx == nullptr) {
        return;
    }
    if (ac_read_answer(ctx->read)->code != AC_CODE_DATABASE) {
        store_answered(opened);
    }
    stop_timer(ctx);
    read_returned(ctx);
}

// Who waits is bounded by a timer of its own.
void send_what_waits(Reads *reads) {
    while (reads->at_work < kMaxReads && !ngx_queue_empty(&reads->waiting)) {
        auto *pending = ngx_queue_data(ngx_queue_head(&reads->waiting), PendingRead, queue);
        if (run_on_thread(pending->pool, pending, ask_store, read_done) != NGX_OK) {
            if (!reads->retry.timer_set) {
                ngx_add_timer(&reads->retry, kRetryAfter);
            }
            return;
        }
        ngx_queue_remove(&pending->queue);
        reads->at_work++;
        // As leave_read sees that it waits no more.
        ngx_queue_init(&pending->queue);
    }
}

void try_again(ngx_event_t *event) { send_what_waits(ngx_queue_data(event, Reads, retry)); }

}  // namespace

Reads *create_reads(ac_store *store) {
    auto *reads = static_cast<Reads *>(ngx_calloc(sizeof(Reads), ngx_cycle->log));
    if (reads) {
        reads->store = store;
        ngx_queue_init(&reads->waiting);
        reads->nobody.fd = NGX_INVALID_FILE;
        reads->retry.handler = try_again;
        reads->retry.data = &reads->nobody;
        reads->retry.log = ngx_cycle->log;
        // A worker that drains does not wait for it: requests have timers of their own.
        reads->retry.cancelable = 1;
    }
    return reads;
}

void free_reads(Reads *reads) {
    if (reads == nullptr) {
        return;
    }
    if (reads->retry.timer_set) {
        ngx_del_timer(&reads->retry);
    }
    while (!ngx_queue_empty(&reads->waiting)) {
        auto *pending = ngx_queue_data(ngx_queue_head(&reads->waiting), PendingRead, queue);
        ngx_queue_remove(&pending->queue);
        ac_read_free(pending->read);
        ngx_free(pending);
    }
    ngx_free(reads);
}

ngx_int_t send_read(Context *ctx) {
    WorkerStore *opened = get_worker_store(ctx->conf->backend);
    if (opened == nullptr) {
        return NGX_ERROR;
    }
    Reads *reads = opened->reads;
    if (reads->held >= ctx->conf->queue_number) {
        return NGX_BUSY;
    }
    auto *pending = static_cast<PendingRead *>(ngx_calloc(sizeof(PendingRead), ngx_cycle->log));
    if (pending == nullptr) {
        return NGX_BUSY;
    }
    pending->reads = reads;
    pending->ctx = ctx;
    pending->opened = opened;
    pending->pool = ctx->conf->pool;
    pending->store = reads->store;
    pending->read = ctx->read;
    pending->deadline = deadline_in(ctx->store_left);
    ctx->read = nullptr;
    ctx->pending_read = pending;
    reads->held++;
    ngx_queue_insert_tail(&reads->waiting, &pending->queue);
    send_what_waits(reads);
    return NGX_OK;
}

void leave_read(Context *ctx) {
    PendingRead *pending = ctx->pending_read;
    if (pending == nullptr) {
        return;
    }
    ctx->pending_read = nullptr;
    pending->ctx = nullptr;
    if (!ngx_queue_empty(&pending->queue)) {
        ngx_queue_remove(&pending->queue);
        give_back(pending);
    }
}

}  // namespace appcreate::nginx
