// Look-ups of keys that the cache does not know. A token is looked up once for all requests that wait for it, tokens
// are looked up in batches, and a worker has only so many batches with the store: unknown tokens cannot fill the thread
// pool. An answer wakes the requests that wait for it in slices, so that other connections are served in between.

#include "digest_tree.h"
#include "module.h"
#include "threads.h"

namespace appcreate::nginx {

namespace {

constexpr ngx_uint_t kMaxBatches = 2;
constexpr ngx_uint_t kMaxKeysInBatch = 64;
constexpr ngx_uint_t kSlice = 8;

// After so long a full thread pool is given the pending keys again.
constexpr ngx_msec_t kRetryAfter = 20;

enum class Stage : uint8_t { kPending, kAsked, kAnswered };

}  // namespace

// A token that the store is asked about, and the requests that wait for the answer.
struct PendingKey {
    DigestNode digest;    // in Lookups::tree until it is answered
    ngx_queue_t queue;    // in Lookups::pending until a batch takes it, in Lookups::answered afterwards
    ngx_queue_t waiters;  // of Context::waiter
    Lookups *lookups;
    ngx_thread_pool_t *pool;
    ngx_shm_zone_t *cache;
    ngx_msec_t valid;
    ngx_msec_t invalid;
    Stage stage;
    bool refresh;  // asked to keep the cache's entry fresh, whether or not a request waits

    // answered
    LookupState state;
    ac_key key;
};

// Belongs to the event loop.
struct Lookups {
    Backend *backend;
    ac_store *store;
    ngx_rbtree_t tree;
    ngx_rbtree_node_t sentinel;
    ngx_queue_t pending;
    ngx_queue_t answered;
    ngx_uint_t pending_keys;  // pending or asked
    ngx_uint_t batches;
    uint32_t changes;  // of its keys, as the cache was told last
    ngx_event_t wake;
    ngx_event_t retry;
    ngx_connection_t nobody;  // debug builds read an event's data as a connection
};

namespace {

// Keys on their way to a thread and back. Owns copies of all that the thread reads.
struct LookupBatch {
    Lookups *lookups;
    ac_store *store;
    ngx_uint_t count;
    ngx_msec_t asked;
    int64_t deadline;  // monotonic nanoseconds
    ac_status status;
    PendingKey *pending_keys[kMaxKeysInBatch];
    ac_lookup keys[kMaxKeysInBatch];
};

PendingKey *find_pending_key(const Lookups *lookups, const uint8_t *digest) {
    return reinterpret_cast<PendingKey *>(find_digest(&lookups->tree, lookups->backend->identity, digest));
}

// No further request can wait for it.
void close_pending_key(Lookups *lookups, PendingKey *pending_key) {
    ngx_rbtree_delete(&lookups->tree, &pending_key->digest.node);
    lookups->pending_keys--;
}

void wake_waiter(Context *ctx) {
    const PendingKey *pending_key = ctx->pending_key;
    LookupState state = pending_key->state;
    if (state == LookupState::kFound) {
        ctx->key = pending_key->key;
    }
    leave_lookup(ctx);
    ctx->lookup = state;
    stop_timer(ctx);

    if (!is_current(ctx)) {
        return;
    }
    ngx_http_request_t *r = ctx->request;
    Resumed resumed(r);
    ask_ended(ctx);
    ngx_log_debug1(NGX_LOG_DEBUG_HTTP, r->connection->log, 0, "app_create key looked up: %ui",
                   static_cast<ngx_uint_t>(state));
    r->read_event_handler = ngx_http_block_reading;
    // Runs the phases again, or the finalizer after a termination.
    r->write_event_handler(r);
}

void wake_some(ngx_event_t *event) {
    auto *lookups = ngx_queue_data(event, Lookups, wake);
    // A request that is woken may end others, and the pending keys that those wait for.
    for (ngx_uint_t i = 0; i < kSlice && !ngx_queue_empty(&lookups->answered); i++) {
        auto *pending_key = ngx_queue_data(ngx_queue_head(&lookups->answered), PendingKey, queue);
        wake_waiter(ngx_queue_data(ngx_queue_head(&pending_key->waiters), Context, waiter));
    }
    if (!ngx_queue_empty(&lookups->answered)) {
        ngx_post_event(event, &ngx_posted_next_events);
    }
}

void answer(Lookups *lookups, PendingKey *pending_key, LookupState state, const ac_key *key) {
    close_pending_key(lookups, pending_key);
    if (ngx_queue_empty(&pending_key->waiters)) {
        ngx_free(pending_key);
        return;
    }
    // Waiting requests keep their timers until they are woken: a worker that drains must not exit before.
    pending_key->stage = Stage::kAnswered;
    pending_key->state = state;
    if (state == LookupState::kFound) {
        pending_key->key = *key;
    }
    ngx_queue_insert_tail(&lookups->answered, &pending_key->queue);
}

ngx_int_t send_batches(Lookups *lookups);

void try_again(ngx_event_t *event) {
    auto *lookups = ngx_queue_data(event, Lookups, retry);
    if (send_batches(lookups) != NGX_OK) {
        ngx_add_timer(event, kRetryAfter);
    }
}

// For requests that wait already; where the thread pool is full, again later.
void send_what_is_pending(Lookups *lookups) {
    if (send_batches(lookups) != NGX_OK && !lookups->retry.timer_set) {
        ngx_add_timer(&lookups->retry, kRetryAfter);
    }
}

// On the thread.
void ask_store(void *data, ngx_log_t *) {
    auto *batch = static_cast<LookupBatch *>(data);
    batch->status = ac_store_find_keys(batch->store, batch->keys, batch->count, batch->deadline, nullptr);
}

// Back on the event loop.
void batch_returned(void *data) {
    auto *batch = static_cast<LookupBatch *>(data);
    Lookups *lookups = batch->lookups;
    lookups->batches--;

    for (ngx_uint_t i = 0; i < batch->count; i++) {
        PendingKey *pending_key = batch->pending_keys[i];
        const ac_lookup *lookup = &batch->keys[i];
        LookupState state = LookupState::kFailed;

        if (batch->status == AC_OK) {
            follow_key_changes(lookups->backend, pending_key->cache);
            state = lookup->found ? LookupState::kFound : LookupState::kUnknown;
            // What changed since it was read is not kept.
            if (lookup->found && lookup->changes != lookups->changes) {
                answer(lookups, pending_key, state, &lookup->key);
                continue;
            }
            cache_key(pending_key->cache, lookups->backend->identity, pending_key->digest.digest,
                      lookup->found ? &lookup->key : nullptr, batch->asked,
                      lookup->found ? pending_key->valid : pending_key->invalid);
        }
        answer(lookups, pending_key, state, &lookup->key);
    }
    if (batch->status == AC_OK) {
        store_answered(lookups->backend->opened);
    }

    ngx_free(batch);
    send_what_is_pending(lookups);
    wake_some(&lookups->wake);
}

LookupBatch *pack_batch(Lookups *lookups) {
    auto *batch = static_cast<LookupBatch *>(ngx_calloc(sizeof(LookupBatch), ngx_cycle->log));
    if (batch == nullptr) {
        return nullptr;
    }
    batch->lookups = lookups;
    batch->store = lookups->store;
    batch->asked = ngx_current_msec;
    batch->deadline = deadline_in(lookups->backend->timeout);

    while (batch->count < kMaxKeysInBatch && !ngx_queue_empty(&lookups->pending)) {
        auto *pending_key = ngx_queue_data(ngx_queue_head(&lookups->pending), PendingKey, queue);
        ngx_queue_remove(&pending_key->queue);
        pending_key->stage = Stage::kAsked;
        ngx_memcpy(batch->keys[batch->count].digest, pending_key->digest.digest, AC_DIGEST_SIZE);
        batch->pending_keys[batch->count++] = pending_key;
    }
    return batch;
}

void unpack_batch(Lookups *lookups, LookupBatch *batch) {
    while (batch->count) {
        PendingKey *pending_key = batch->pending_keys[--batch->count];
        pending_key->stage = Stage::kPending;
        ngx_queue_insert_head(&lookups->pending, &pending_key->queue);
    }
    ngx_free(batch);
}

// NGX_ERROR: the pool's queue is full, and what is pending stays so.
ngx_int_t send_batches(Lookups *lookups) {
    while (lookups->batches < kMaxBatches && !ngx_queue_empty(&lookups->pending)) {
        LookupBatch *batch = pack_batch(lookups);
        if (batch == nullptr) {
            return NGX_ERROR;
        }
        ngx_thread_pool_t *pool = batch->pending_keys[0]->pool;
        if (run_on_thread(pool, batch, ask_store, batch_returned) != NGX_OK) {
            unpack_batch(lookups, batch);
            return NGX_ERROR;
        }
        lookups->batches++;
    }
    return NGX_OK;
}

// The pending key of the context's token, made when there is none. NULL: too many are pending.
PendingKey *ask(Lookups *lookups, const Context *ctx) {
    PendingKey *pending_key = find_pending_key(lookups, ctx->bearer.digest);
    if (pending_key) {
        return pending_key;
    }
    if (lookups->pending_keys >= ctx->conf->queue_number) {
        return nullptr;
    }
    pending_key = static_cast<PendingKey *>(ngx_calloc(sizeof(PendingKey), ngx_cycle->log));
    if (pending_key == nullptr) {
        return nullptr;
    }
    MainConf *conf = main_conf(ctx->request);
    pending_key->lookups = lookups;
    pending_key->pool = ctx->conf->pool;
    pending_key->cache = conf->keys;
    pending_key->valid = conf->keys_valid;
    pending_key->invalid = conf->keys_invalid;
    pending_key->stage = Stage::kPending;
    ngx_queue_init(&pending_key->waiters);
    insert_digest(&lookups->tree, &pending_key->digest, lookups->backend->identity, ctx->bearer.digest);
    ngx_queue_insert_tail(&lookups->pending, &pending_key->queue);
    lookups->pending_keys++;
    return pending_key;
}

// No request waits for it any more. One that the store is being asked about ends with its batch.
void drop_pending_key(PendingKey *pending_key) {
    if (pending_key->stage == Stage::kPending && !pending_key->refresh) {
        close_pending_key(pending_key->lookups, pending_key);
    } else if (pending_key->stage != Stage::kAnswered) {
        return;
    }
    ngx_queue_remove(&pending_key->queue);
    ngx_free(pending_key);
}

void init_event(Lookups *lookups, ngx_event_t *event, ngx_event_handler_pt handler) {
    event->handler = handler;
    event->data = &lookups->nobody;
    event->log = ngx_cycle->log;
    // A worker that drains does not wait for it: requests have timers of their own.
    event->cancelable = 1;
}

}  // namespace

Lookups *create_lookups(Backend *backend, ac_store *store) {
    auto *lookups = static_cast<Lookups *>(ngx_calloc(sizeof(Lookups), ngx_cycle->log));
    if (lookups) {
        lookups->backend = backend;
        lookups->store = store;
        lookups->nobody.fd = NGX_INVALID_FILE;
        init_digest_tree(&lookups->tree, &lookups->sentinel);
        ngx_queue_init(&lookups->pending);
        ngx_queue_init(&lookups->answered);
        init_event(lookups, &lookups->wake, wake_some);
        init_event(lookups, &lookups->retry, try_again);
    }
    return lookups;
}

void free_lookups(Lookups *lookups) {
    if (lookups) {
        if (lookups->retry.timer_set) {
            ngx_del_timer(&lookups->retry);
        }
        if (lookups->wake.posted) {
            ngx_delete_posted_event(&lookups->wake);
        }
        ngx_queue_t *lists[] = {&lookups->pending, &lookups->answered};
        for (ngx_queue_t *list : lists) {
            while (!ngx_queue_empty(list)) {
                auto *pending_key = ngx_queue_data(ngx_queue_head(list), PendingKey, queue);
                ngx_queue_remove(&pending_key->queue);
                ngx_free(pending_key);
            }
        }
        ngx_free(lookups);
    }
}

ngx_int_t follow_key_changes(const Backend *backend, ngx_shm_zone_t *cache) {
    if (backend->opened == nullptr) {
        return NGX_AGAIN;
    }
    Lookups *lookups = backend->opened->lookups;
    uint32_t changes = ac_store_key_changes(lookups->store);
    if (changes == 0) {
        return lookups->changes ? NGX_DECLINED : NGX_AGAIN;
    }
    if (changes != lookups->changes) {
        lookups->changes = changes;
        note_key_changes(cache, backend->identity, changes);
    }
    return NGX_OK;
}

ngx_int_t start_lookup(Context *ctx) {
    WorkerStore *opened = get_worker_store(ctx->conf->backend);
    if (opened == nullptr) {
        return NGX_ERROR;
    }
    Lookups *lookups = opened->lookups;
    PendingKey *pending_key = ask(lookups, ctx);
    if (pending_key == nullptr) {
        return NGX_BUSY;
    }
    ngx_queue_insert_tail(&pending_key->waiters, &ctx->waiter);
    ctx->pending_key = pending_key;
    ctx->lookup = LookupState::kWaiting;
    if (send_batches(lookups) == NGX_OK || pending_key->stage == Stage::kAsked) {
        return NGX_AGAIN;
    }
    leave_lookup(ctx);
    // Other keys may have been pending before.
    if (!ngx_queue_empty(&lookups->pending) && !lookups->retry.timer_set) {
        ngx_add_timer(&lookups->retry, kRetryAfter);
    }
    return NGX_BUSY;
}

void refresh_key(Context *ctx) {
    WorkerStore *opened = get_worker_store(ctx->conf->backend);
    PendingKey *pending_key = opened ? ask(opened->lookups, ctx) : nullptr;
    if (pending_key) {
        pending_key->refresh = true;
        send_what_is_pending(opened->lookups);
    }
}

void leave_lookup(Context *ctx) {
    if (ctx->lookup != LookupState::kWaiting) {
        return;
    }
    ctx->lookup = LookupState::kNone;
    ngx_queue_remove(&ctx->waiter);
    if (ngx_queue_empty(&ctx->pending_key->waiters)) {
        drop_pending_key(ctx->pending_key);
    }
    ctx->pending_key = nullptr;
}

void expire_lookup(Context *ctx) {
    const PendingKey *pending_key = ctx->pending_key;
    LookupState state = LookupState::kFailed;
    if (pending_key->stage == Stage::kAnswered) {
        state = pending_key->state;
        ctx->key = pending_key->key;
    } else {
        store_timed_out(pending_key->lookups->backend->opened, ctx->conf->timeout);
    }
    leave_lookup(ctx);
    ctx->lookup = state;
}

}  // namespace appcreate::nginx
