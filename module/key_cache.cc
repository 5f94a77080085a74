// Authenticated keys, shared by workers: a tree for finding, two queues for forgetting. An unknown token costs an entry
// too, but those have a quarter of the zone at most, so that a flood of them cannot drive the known keys out.
//
// A key in use is asked for anew in the last quarter of its time, by one request of all workers, while the others go on
// with what is there: otherwise all of them would wait for the store whenever the time is over.

#include "digest_tree.h"
#include "metrics.h"

namespace appcreate::nginx {
namespace {

struct Node {
    DigestNode digest;
    ngx_queue_t queue;  // least recently used last
    ngx_msec_t asked;   // of the store
    ngx_msec_t expires;
    bool known;
};

struct KnownNode : Node {
    ngx_msec_t refresh;  // when it is time to ask anew
    ngx_msec_t again;    // how long one that asks has for it, until another one does
    ac_key key;
};

// Of one store: what ac_store_key_changes said last, and when that began to be so.
struct Change {
    uint64_t store;
    ngx_msec_t since;
    uint32_t changes;  // 0: free
};
// All stores that come later share the last one: they forget more often than they have to.
constexpr ngx_uint_t kMaxChanges = 16;

struct Shared {
    ngx_rbtree_t tree;
    ngx_rbtree_node_t sentinel;
    ngx_queue_t known;
    ngx_queue_t unknown;
    ngx_uint_t known_count;
    ngx_uint_t unknown_count;
    ngx_uint_t unknown_max;
    Change changes[kMaxChanges];
};

class Lock {
  public:
    explicit Lock(ngx_slab_pool_t *pool) : pool_(pool) { ngx_shmtx_lock(&pool_->mutex); }
    ~Lock() { ngx_shmtx_unlock(&pool_->mutex); }
    Lock(const Lock &) = delete;
    Lock &operator=(const Lock &) = delete;

  private:
    ngx_slab_pool_t *pool_;
};

ngx_slab_pool_t *slab(ngx_shm_zone_t *zone) { return reinterpret_cast<ngx_slab_pool_t *>(zone->shm.addr); }

bool is_before(ngx_msec_t a, ngx_msec_t b) { return static_cast<ngx_msec_int_t>(a - b) < 0; }

Change *find_change(Shared *shared, uint64_t store) {
    Change *change = shared->changes;
    while (change < &shared->changes[kMaxChanges - 1] && change->changes && change->store != store) {
        change++;
    }
    return change;
}

Node *find_node(Shared *shared, uint64_t store, const uint8_t *digest) {
    return reinterpret_cast<Node *>(find_digest(&shared->tree, store, digest));
}

void remove_node(ngx_slab_pool_t *pool, Shared *shared, Node *node) {
    ngx_queue_remove(&node->queue);
    ngx_rbtree_delete(&shared->tree, &node->digest.node);
    (node->known ? shared->known_count : shared->unknown_count)--;
    ngx_slab_free_locked(pool, node);
}

// For another one, which needs its place.
void evict_last(ngx_slab_pool_t *pool, Shared *shared, ngx_queue_t *queue) {
    own_metrics->evictions.add();
    remove_node(pool, shared, ngx_queue_data(ngx_queue_last(queue), Node, queue));
}

Node *allocate_node(ngx_slab_pool_t *pool, Shared *shared, bool known) {
    size_t size = known ? sizeof(KnownNode) : sizeof(Node);
    if (!known && shared->unknown_count >= shared->unknown_max && !ngx_queue_empty(&shared->unknown)) {
        evict_last(pool, shared, &shared->unknown);
    }
    // A full zone evicts. A slab page holds nodes of one size, so freeing one node need not make room for the other.
    for (ngx_uint_t tries = 0;; tries++) {
        auto *node = static_cast<Node *>(ngx_slab_alloc_locked(pool, size));
        if (node || tries == 32) {
            return node;
        }
        ngx_queue_t *own = known ? &shared->known : &shared->unknown;
        ngx_queue_t *other = known ? &shared->unknown : &shared->known;
        // An unknown token never drives a known key out.
        if (!ngx_queue_empty(own)) {
            evict_last(pool, shared, own);
        } else if (known && !ngx_queue_empty(other)) {
            evict_last(pool, shared, other);
        } else {
            return nullptr;
        }
    }
}

}  // namespace

ngx_int_t init_key_zone(ngx_shm_zone_t *zone, void *old) {
    ngx_slab_pool_t *pool = slab(zone);

    if (old) {
        zone->data = old;
        return NGX_OK;
    }
    if (zone->shm.exists) {
        zone->data = pool->data;
        return NGX_OK;
    }

    auto *shared = static_cast<Shared *>(ngx_slab_calloc(pool, sizeof(Shared)));
    if (shared == nullptr) {
        return NGX_ERROR;
    }
    init_digest_tree(&shared->tree, &shared->sentinel);
    ngx_queue_init(&shared->known);
    ngx_queue_init(&shared->unknown);
    // Slab sizes are powers of two.
    shared->unknown_max = zone->shm.size / 4 / 128;
    static_assert(sizeof(Node) <= 128);

    pool->data = shared;
    zone->data = shared;

    static const char context[] = " in app_create key cache zone \"%V\"%Z";
    pool->log_ctx = static_cast<u_char *>(ngx_slab_alloc(pool, sizeof(context) + zone->shm.name.len));
    if (pool->log_ctx == nullptr) {
        return NGX_ERROR;
    }
    ngx_sprintf(pool->log_ctx, context, &zone->shm.name);
    pool->log_nomem = 0;
    return NGX_OK;
}

void note_key_changes(ngx_shm_zone_t *zone, uint64_t store, uint32_t changes) {
    auto *shared = static_cast<Shared *>(zone->data);
    // Not the event loop's time, which may lie before that of a worker that asked for the key.
    auto now = static_cast<ngx_msec_t>(deadline_in(0) / 1000000);
    Lock lock(slab(zone));
    Change *change = find_change(shared, store);
    if (change->changes == changes) {
        return;
    }
    // Nothing was asked for before the first time.
    change->since = change->changes ? now : 0;
    change->store = store;
    change->changes = changes;
}

CacheStatus find_cached_key(ngx_shm_zone_t *zone, uint64_t store, const uint8_t *digest, ac_key *key, bool *refresh) {
    *refresh = false;
    auto *shared = static_cast<Shared *>(zone->data);
    Lock lock(slab(zone));

    Node *node = find_node(shared, store, digest);
    if (node == nullptr) {
        return CacheStatus::kMiss;
    }
    if (!is_before(ngx_current_msec, node->expires)) {
        return CacheStatus::kExpired;
    }
    if (!node->known) {
        return CacheStatus::kNegative;
    }
    // Not changed at its own millisecond either.
    if (!is_before(find_change(shared, store)->since, node->asked)) {
        return CacheStatus::kExpired;
    }
    ngx_queue_remove(&node->queue);
    ngx_queue_insert_head(&shared->known, &node->queue);
    auto *known = static_cast<KnownNode *>(node);
    if (!is_before(ngx_current_msec, known->refresh)) {
        // It may find no thread, or its worker may die: then there is another chance or two.
        known->refresh = ngx_current_msec + known->again;
        *refresh = true;
    }
    *key = known->key;
    return CacheStatus::kHit;
}

void cache_key(ngx_shm_zone_t *zone, uint64_t store, const uint8_t *digest, const ac_key *key, ngx_msec_t asked,
               ngx_msec_t valid) {
    auto *shared = static_cast<Shared *>(zone->data);
    ngx_slab_pool_t *pool = slab(zone);
    Lock lock(pool);

    Node *node = find_node(shared, store, digest);
    if (node && is_before(asked, node->asked)) {
        return;  // another worker asked later
    }
    if (node && node->known != (key != nullptr)) {
        remove_node(pool, shared, node);
        node = nullptr;
    }
    if (node == nullptr) {
        node = allocate_node(pool, shared, key != nullptr);
        if (node == nullptr) {
            return;
        }
        node->known = key != nullptr;
        insert_digest(&shared->tree, &node->digest, store, digest);
        (node->known ? shared->known_count : shared->unknown_count)++;
    } else {
        ngx_queue_remove(&node->queue);
    }

    ngx_queue_insert_head(key ? &shared->known : &shared->unknown, &node->queue);
    node->asked = asked;
    node->expires = asked + valid;
    if (key) {
        auto *known = static_cast<KnownNode *>(node);
        known->key = *key;
        known->refresh = asked + valid - valid / 4;
        known->again = valid / 10 + 1;
    }
}

void count_cached_keys(ngx_shm_zone_t *zone, ngx_uint_t *known, ngx_uint_t *unknown) {
    auto *shared = static_cast<Shared *>(zone->data);
    Lock lock(slab(zone));
    *known = shared->known_count;
    *unknown = shared->unknown_count;
}

}  // namespace appcreate::nginx
