// Keys that the cache does not know. Look-ups of one token are made once for all requests that wait for it, look-ups
// of different tokens share a trip to the store, and a worker has only so many trips on the way: unknown tokens cannot
// fill the thread pool. The answer wakes those who waited in slices, with everybody else between them.

#include "module.h"

namespace app_create {

namespace {

constexpr ngx_uint_t max_trips = 2;
constexpr ngx_uint_t max_keys_in_trip = 64;
constexpr ngx_uint_t slice = 8;

// A pool that took no trip is asked again, for those who wait already.
constexpr ngx_msec_t retry_after = 20;

enum class Stage : uint8_t { pending, on_trip, answered };

}  // namespace

// A token that is being asked for, and who waits for the answer.
struct Question {
    ngx_rbtree_node_t node;  // in Lookups::tree, by the digest's first bytes, until it is answered
    ngx_queue_t queue;       // in Lookups::pending until a trip takes it, in Lookups::answered afterwards
    ngx_queue_t waiters;     // of Context::waiter
    Lookups *lookups;
    uint8_t digest[AC_DIGEST_SIZE];
    ngx_thread_pool_t *pool;
    ngx_shm_zone_t *cache;
    ngx_msec_t valid;
    ngx_msec_t invalid;
    Stage stage;
    bool refresh;  // asked for the cache's sake, whoever waits

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
    ngx_uint_t questions;  // pending or on a trip
    ngx_uint_t trips;
    ngx_event_t wake;
    ngx_event_t retry;
    ngx_connection_t nobody;  // debug builds read an event's data as a connection
};

namespace {

// What goes to the thread and comes back: it owns copies of all it needs.
struct Trip {
    Lookups *lookups;
    ac_store *store;
    ngx_uint_t count;
    ngx_msec_t asked;
    int64_t deadline;  // monotonic nanoseconds
    ac_status status;
    Question *questions[max_keys_in_trip];
    ac_lookup keys[max_keys_in_trip];
};

ngx_rbtree_key_t tree_key(const uint8_t *digest) {
    ngx_rbtree_key_t key;
    ngx_memcpy(&key, digest, sizeof(key));
    return key;
}

void insert_question(ngx_rbtree_node_t *temp, ngx_rbtree_node_t *node, ngx_rbtree_node_t *sentinel) {
    for (;;) {
        ngx_rbtree_node_t **p;
        if (node->key != temp->key) {
            p = node->key < temp->key ? &temp->left : &temp->right;
        } else {
            auto *a = ngx_rbtree_data(node, Question, node);
            auto *b = ngx_rbtree_data(temp, Question, node);
            p = ngx_memcmp(a->digest, b->digest, AC_DIGEST_SIZE) < 0 ? &temp->left : &temp->right;
        }
        if (*p == sentinel) {
            *p = node;
            break;
        }
        temp = *p;
    }
    node->parent = temp;
    node->left = sentinel;
    node->right = sentinel;
    ngx_rbt_red(node);
}

Question *find_question(Lookups *lookups, const uint8_t *digest) {
    ngx_rbtree_key_t key = tree_key(digest);
    ngx_rbtree_node_t *node = lookups->tree.root;
    while (node != lookups->tree.sentinel) {
        if (key != node->key) {
            node = key < node->key ? node->left : node->right;
            continue;
        }
        auto *question = ngx_rbtree_data(node, Question, node);
        ngx_int_t rc = ngx_memcmp(digest, question->digest, AC_DIGEST_SIZE);
        if (rc == 0) {
            return question;
        }
        node = rc < 0 ? node->left : node->right;
    }
    return nullptr;
}

// Nobody can join it any more.
void settle_question(Lookups *lookups, Question *question) {
    ngx_rbtree_delete(&lookups->tree, &question->node);
    lookups->questions--;
}

void wake_waiter(Context *ctx) {
    const Question *question = ctx->question;
    LookupState state = question->state;
    if (state == LookupState::found) {
        ctx->key = question->key;
    }
    leave_lookup(ctx);
    ctx->lookup = state;
    stop_timer(ctx);

    if (!is_current(ctx)) {
        return;
    }
    ngx_http_request_t *r = ctx->request;
    ngx_connection_t *c = r->connection;
    ngx_http_set_log_request(c->log, r);
    ask_ended(ctx);
    ngx_log_debug1(NGX_LOG_DEBUG_HTTP, c->log, 0, "app_create key looked up: %ui", static_cast<ngx_uint_t>(state));
    r->read_event_handler = ngx_http_block_reading;
    // Runs the phases again, or the finalizer after a termination.
    r->write_event_handler(r);
    ngx_http_run_posted_requests(c);
}

void wake_some(ngx_event_t *event) {
    auto *lookups = ngx_queue_data(event, Lookups, wake);
    // One that is woken may end others, and the questions that they wait for.
    for (ngx_uint_t i = 0; i < slice && !ngx_queue_empty(&lookups->answered); i++) {
        auto *question = ngx_queue_data(ngx_queue_head(&lookups->answered), Question, queue);
        wake_waiter(ngx_queue_data(ngx_queue_head(&question->waiters), Context, waiter));
    }
    if (!ngx_queue_empty(&lookups->answered)) {
        ngx_post_event(event, &ngx_posted_next_events);
    }
}

void answer(Lookups *lookups, Question *question, LookupState state, const ac_key *key) {
    settle_question(lookups, question);
    if (ngx_queue_empty(&question->waiters)) {
        ngx_free(question);
        return;
    }
    // Those who wait keep their timers until they are woken: a worker that drains must not exit before.
    question->stage = Stage::answered;
    question->state = state;
    if (state == LookupState::found) {
        question->key = *key;
    }
    ngx_queue_insert_tail(&lookups->answered, &question->queue);
}

ngx_int_t send_trips(Lookups *lookups);

void try_again(ngx_event_t *event) {
    auto *lookups = ngx_queue_data(event, Lookups, retry);
    if (send_trips(lookups) != NGX_OK) {
        ngx_add_timer(event, retry_after);
    }
}

// For those who wait already when a trip found no place.
void send_what_is_pending(Lookups *lookups) {
    if (send_trips(lookups) != NGX_OK && !lookups->retry.timer_set) {
        ngx_add_timer(&lookups->retry, retry_after);
    }
}

// On the thread.
void make_trip(void *data, ngx_log_t *) {
    auto *trip = static_cast<Trip *>(data);
    trip->status = ac_store_find_keys(trip->store, trip->keys, trip->count, trip->deadline, nullptr);
}

// Back on the event loop.
void trip_made(void *data) {
    auto *trip = static_cast<Trip *>(data);
    Lookups *lookups = trip->lookups;
    lookups->trips--;

    for (ngx_uint_t i = 0; i < trip->count; i++) {
        Question *question = trip->questions[i];
        const ac_lookup *lookup = &trip->keys[i];
        LookupState state = LookupState::failed;

        if (trip->status == AC_OK) {
            state = lookup->found ? LookupState::found : LookupState::unknown;
            cache_key(question->cache, lookups->backend->identity, question->digest,
                      lookup->found ? &lookup->key : nullptr, trip->asked,
                      lookup->found ? question->valid : question->invalid);
        }
        answer(lookups, question, state, &lookup->key);
    }
    if (trip->status == AC_OK) {
        store_answered(lookups->backend->dispatch);
    }

    ngx_free(trip);
    send_what_is_pending(lookups);
    wake_some(&lookups->wake);
}

Trip *pack_trip(Lookups *lookups) {
    auto *trip = static_cast<Trip *>(ngx_calloc(sizeof(Trip), ngx_cycle->log));
    if (trip == nullptr) {
        return nullptr;
    }
    trip->lookups = lookups;
    trip->store = lookups->store;
    trip->asked = ngx_current_msec;
    trip->deadline = deadline_in(lookups->backend->timeout);

    while (trip->count < max_keys_in_trip && !ngx_queue_empty(&lookups->pending)) {
        auto *question = ngx_queue_data(ngx_queue_head(&lookups->pending), Question, queue);
        ngx_queue_remove(&question->queue);
        question->stage = Stage::on_trip;
        ngx_memcpy(trip->keys[trip->count].digest, question->digest, AC_DIGEST_SIZE);
        trip->questions[trip->count++] = question;
    }
    return trip;
}

void unpack_trip(Lookups *lookups, Trip *trip) {
    while (trip->count) {
        Question *question = trip->questions[--trip->count];
        question->stage = Stage::pending;
        ngx_queue_insert_head(&lookups->pending, &question->queue);
    }
    ngx_free(trip);
}

// NGX_ERROR: the pool's queue is full, and what is pending stays so.
ngx_int_t send_trips(Lookups *lookups) {
    while (lookups->trips < max_trips && !ngx_queue_empty(&lookups->pending)) {
        Trip *trip = pack_trip(lookups);
        if (trip == nullptr) {
            return NGX_ERROR;
        }
        ngx_thread_pool_t *pool = trip->questions[0]->pool;
        if (run_on_thread(pool, trip, make_trip, trip_made) != NGX_OK) {
            unpack_trip(lookups, trip);
            return NGX_ERROR;
        }
        lookups->trips++;
    }
    return NGX_OK;
}

// The one for the context's token, made when there is none. NULL: too many are being asked for.
Question *ask(Lookups *lookups, const Context *ctx) {
    Question *question = find_question(lookups, ctx->bearer.digest);
    if (question) {
        return question;
    }
    if (lookups->questions >= ctx->conf->queue_number) {
        return nullptr;
    }
    question = static_cast<Question *>(ngx_calloc(sizeof(Question), ngx_cycle->log));
    if (question == nullptr) {
        return nullptr;
    }
    MainConf *conf = main_conf(ctx->request);
    question->lookups = lookups;
    question->pool = ctx->conf->pool;
    question->cache = conf->keys;
    question->valid = conf->keys_valid;
    question->invalid = conf->keys_invalid;
    question->stage = Stage::pending;
    ngx_memcpy(question->digest, ctx->bearer.digest, AC_DIGEST_SIZE);
    ngx_queue_init(&question->waiters);
    question->node.key = tree_key(question->digest);
    ngx_rbtree_insert(&lookups->tree, &question->node);
    ngx_queue_insert_tail(&lookups->pending, &question->queue);
    lookups->questions++;
    return question;
}

// Nobody waits for it any more: one that is on its way ends with its trip.
void drop_question(Question *question) {
    if (question->stage == Stage::pending && !question->refresh) {
        settle_question(question->lookups, question);
    } else if (question->stage != Stage::answered) {
        return;
    }
    ngx_queue_remove(&question->queue);
    ngx_free(question);
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
        ngx_rbtree_init(&lookups->tree, &lookups->sentinel, insert_question);
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
                auto *question = ngx_queue_data(ngx_queue_head(list), Question, queue);
                ngx_queue_remove(&question->queue);
                ngx_free(question);
            }
        }
        ngx_free(lookups);
    }
}

ngx_int_t start_lookup(Context *ctx) {
    Dispatch *dispatch = get_dispatch(ctx->conf->backend);
    if (dispatch == nullptr) {
        return NGX_ERROR;
    }
    Lookups *lookups = dispatch->lookups;
    Question *question = ask(lookups, ctx);
    if (question == nullptr) {
        return NGX_BUSY;
    }
    ngx_queue_insert_tail(&question->waiters, &ctx->waiter);
    ctx->question = question;
    ctx->lookup = LookupState::waiting;
    if (send_trips(lookups) == NGX_OK || question->stage == Stage::on_trip) {
        return NGX_AGAIN;
    }
    leave_lookup(ctx);
    // Others may have waited before.
    if (!ngx_queue_empty(&lookups->pending) && !lookups->retry.timer_set) {
        ngx_add_timer(&lookups->retry, retry_after);
    }
    return NGX_BUSY;
}

void refresh_key(Context *ctx) {
    Dispatch *dispatch = get_dispatch(ctx->conf->backend);
    Question *question = dispatch ? ask(dispatch->lookups, ctx) : nullptr;
    if (question) {
        question->refresh = true;
        send_what_is_pending(dispatch->lookups);
    }
}

void leave_lookup(Context *ctx) {
    if (ctx->lookup != LookupState::waiting) {
        return;
    }
    ctx->lookup = LookupState::none;
    ngx_queue_remove(&ctx->waiter);
    if (ngx_queue_empty(&ctx->question->waiters)) {
        drop_question(ctx->question);
    }
    ctx->question = nullptr;
}

void expire_lookup(Context *ctx) {
    const Question *question = ctx->question;
    LookupState state = LookupState::failed;
    if (question->stage == Stage::answered) {
        state = question->state;
        ctx->key = question->key;
    } else {
        store_timed_out(question->lookups->backend->dispatch, ctx->conf->timeout);
    }
    leave_lookup(ctx);
    ctx->lookup = state;
}

}  // namespace app_create
