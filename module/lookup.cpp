// Keys that the cache does not know. Look-ups of one token are made once for all requests that wait for it, look-ups
// of different tokens share a trip to the store, and a worker has only so many trips on the way: unknown tokens cannot
// fill the thread pool.

#include "module.h"

namespace app_create {

namespace {

constexpr ngx_uint_t max_trips = 2;
constexpr ngx_uint_t max_keys_in_trip = 64;

// A token that is being asked for, and who waits for the answer.
struct Question {
    ngx_rbtree_node_t node;  // in Lookups::tree, by the digest's first bytes
    ngx_queue_t queue;       // in Lookups::pending until a trip takes it
    ngx_queue_t waiters;     // of Context::waiter
    uint8_t digest[AC_DIGEST_SIZE];
    ngx_shm_zone_t *cache;
    ngx_msec_t valid;
    ngx_msec_t invalid;
};

}  // namespace

// Belongs to the event loop.
struct Lookups {
    Backend *backend;
    ac_store *store;
    ngx_rbtree_t tree;
    ngx_rbtree_node_t sentinel;
    ngx_queue_t pending;
    ngx_uint_t questions;
    ngx_uint_t trips;
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

void forget_question(Lookups *lookups, Question *question) {
    ngx_rbtree_delete(&lookups->tree, &question->node);
    lookups->questions--;
    ngx_free(question);
}

void wake_waiters(Question *question, LookupState state, const ac_key *key) {
    while (!ngx_queue_empty(&question->waiters)) {
        ngx_queue_t *q = ngx_queue_head(&question->waiters);
        auto *ctx = ngx_queue_data(q, Context, waiter);
        ngx_queue_remove(q);
        stop_timer(ctx);
        ctx->lookup = state;
        if (state == LookupState::found) {
            ctx->key = *key;
        }

        if (!is_current(ctx)) {
            continue;
        }
        ngx_http_request_t *r = ctx->request;
        ngx_connection_t *c = r->connection;
        ngx_http_set_log_request(c->log, r);
        r->read_event_handler = ngx_http_block_reading;
        // Runs the phases again, or the finalizer after a termination.
        r->write_event_handler(r);
        ngx_http_run_posted_requests(c);
    }
}

ngx_int_t send_trips(Lookups *lookups);

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
        wake_waiters(question, state, &lookup->key);
        forget_question(lookups, question);
    }

    ngx_free(trip);
    (void)send_trips(lookups);
}

// Takes what is pending, less the questions whose askers all went away or ran out of time.
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
        if (ngx_queue_empty(&question->waiters)) {
            forget_question(lookups, question);
            continue;
        }
        ngx_memcpy(trip->keys[trip->count].digest, question->digest, AC_DIGEST_SIZE);
        trip->questions[trip->count++] = question;
    }
    return trip;
}

void unpack_trip(Lookups *lookups, Trip *trip) {
    while (trip->count) {
        trip->count--;
        ngx_queue_insert_head(&lookups->pending, &trip->questions[trip->count]->queue);
    }
    ngx_free(trip);
}

// NGX_ERROR: the pool's queue is full; what is pending goes with the next trip, or its askers run out of time.
ngx_int_t send_trips(Lookups *lookups) {
    while (lookups->trips < max_trips && !ngx_queue_empty(&lookups->pending)) {
        Trip *trip = pack_trip(lookups);
        if (trip == nullptr) {
            return NGX_ERROR;
        }
        if (trip->count == 0) {
            ngx_free(trip);
            break;
        }
        if (run_on_thread(lookups->backend->pool, trip, make_trip, trip_made) != NGX_OK) {
            unpack_trip(lookups, trip);
            return NGX_ERROR;
        }
        lookups->trips++;
    }
    return NGX_OK;
}

}  // namespace

Lookups *create_lookups(Backend *backend, ac_store *store) {
    auto *lookups = static_cast<Lookups *>(ngx_calloc(sizeof(Lookups), ngx_cycle->log));
    if (lookups) {
        lookups->backend = backend;
        lookups->store = store;
        ngx_rbtree_init(&lookups->tree, &lookups->sentinel, insert_question);
        ngx_queue_init(&lookups->pending);
    }
    return lookups;
}

void free_lookups(Lookups *lookups) { ngx_free(lookups); }

ngx_int_t start_lookup(Context *ctx) {
    Backend *backend = ctx->conf->backend;
    Dispatch *dispatch = get_dispatch(backend);
    if (dispatch == nullptr) {
        return NGX_BUSY;
    }
    Lookups *lookups = dispatch_lookups(dispatch);

    Question *question = find_question(lookups, ctx->bearer.digest);
    if (question == nullptr) {
        if (lookups->questions >= backend->queue_number) {
            return NGX_BUSY;
        }
        question = static_cast<Question *>(ngx_calloc(sizeof(Question), ngx_cycle->log));
        if (question == nullptr) {
            return NGX_BUSY;
        }
        MainConf *conf = main_conf(ctx->request);
        question->cache = conf->keys;
        question->valid = conf->keys_valid;
        question->invalid = conf->keys_invalid;
        ngx_memcpy(question->digest, ctx->bearer.digest, AC_DIGEST_SIZE);
        ngx_queue_init(&question->waiters);
        question->node.key = tree_key(question->digest);
        ngx_rbtree_insert(&lookups->tree, &question->node);
        ngx_queue_insert_tail(&lookups->pending, &question->queue);
        lookups->questions++;
    }

    ngx_queue_insert_tail(&question->waiters, &ctx->waiter);
    ctx->lookup = LookupState::waiting;
    if (send_trips(lookups) != NGX_OK) {
        leave_lookup(ctx, LookupState::none);
        return NGX_BUSY;
    }
    return NGX_AGAIN;
}

void leave_lookup(Context *ctx, LookupState state) {
    if (ctx->lookup == LookupState::waiting) {
        ngx_queue_remove(&ctx->waiter);
        ctx->lookup = state;
    }
}

}  // namespace app_create
