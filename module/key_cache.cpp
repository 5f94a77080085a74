// Authenticated keys, shared by workers: a tree for finding, two queues for forgetting. An unknown token costs an entry
// too, but those have a quarter of the zone at most, so that a flood of them cannot drive the known keys out.
//
// A key in use is asked for anew in the last quarter of its time, by one request of all workers, while the others go on
// with what is there: otherwise all of them would wait for the store whenever the time is over.

#include "module.h"

namespace app_create {
namespace {

struct Node {
    ngx_rbtree_node_t node;  // by the digest's first bytes
    ngx_queue_t queue;       // least recently used last
    uint64_t store;
    uint8_t digest[AC_DIGEST_SIZE];
    ngx_msec_t asked;  // of the store
    ngx_msec_t expires;
    bool known;
};

struct KnownNode : Node {
    ngx_msec_t refresh;  // when it is time to ask anew
    ngx_msec_t again;    // how long one that asks has for it, until another one does
    ac_key key;
};

struct Shared {
    ngx_rbtree_t tree;
    ngx_rbtree_node_t sentinel;
    ngx_queue_t known;
    ngx_queue_t unknown;
    ngx_uint_t unknown_count;
    ngx_uint_t unknown_max;
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

ngx_rbtree_key_t tree_key(const uint8_t *digest) {
    ngx_rbtree_key_t key;
    ngx_memcpy(&key, digest, sizeof(key));
    return key;
}

// Order within one tree key.
ngx_int_t compare(const Node *node, uint64_t store, const uint8_t *digest) {
    if (store != node->store) {
        return store < node->store ? -1 : 1;
    }
    return ngx_memcmp(digest, node->digest, AC_DIGEST_SIZE);
}

void insert_node(ngx_rbtree_node_t *temp, ngx_rbtree_node_t *node, ngx_rbtree_node_t *sentinel) {
    auto *added = ngx_rbtree_data(node, Node, node);
    for (;;) {
        ngx_rbtree_node_t **p;
        if (node->key != temp->key) {
            p = node->key < temp->key ? &temp->left : &temp->right;
        } else {
            auto *other = ngx_rbtree_data(temp, Node, node);
            p = compare(other, added->store, added->digest) < 0 ? &temp->left : &temp->right;
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

Node *find_node(Shared *shared, uint64_t store, const uint8_t *digest) {
    ngx_rbtree_key_t key = tree_key(digest);
    ngx_rbtree_node_t *node = shared->tree.root;
    while (node != shared->tree.sentinel) {
        if (key != node->key) {
            node = key < node->key ? node->left : node->right;
            continue;
        }
        auto *found = ngx_rbtree_data(node, Node, node);
        ngx_int_t rc = compare(found, store, digest);
        if (rc == 0) {
            return found;
        }
        node = rc < 0 ? node->left : node->right;
    }
    return nullptr;
}

void remove_node(ngx_slab_pool_t *pool, Shared *shared, Node *node) {
    ngx_queue_remove(&node->queue);
    ngx_rbtree_delete(&shared->tree, &node->node);
    if (!node->known) {
        shared->unknown_count--;
    }
    ngx_slab_free_locked(pool, node);
}

void remove_last(ngx_slab_pool_t *pool, Shared *shared, ngx_queue_t *queue) {
    remove_node(pool, shared, ngx_queue_data(ngx_queue_last(queue), Node, queue));
}

Node *allocate_node(ngx_slab_pool_t *pool, Shared *shared, bool known) {
    size_t size = known ? sizeof(KnownNode) : sizeof(Node);
    if (!known && shared->unknown_count >= shared->unknown_max && !ngx_queue_empty(&shared->unknown)) {
        remove_last(pool, shared, &shared->unknown);
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
            remove_last(pool, shared, own);
        } else if (known && !ngx_queue_empty(other)) {
            remove_last(pool, shared, other);
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
    ngx_rbtree_init(&shared->tree, &shared->sentinel, insert_node);
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

CacheStatus find_cached_key(ngx_shm_zone_t *zone, uint64_t store, const uint8_t *digest, ac_key *key, bool *refresh) {
    *refresh = false;
    auto *shared = static_cast<Shared *>(zone->data);
    Lock lock(slab(zone));

    Node *node = find_node(shared, store, digest);
    if (node == nullptr) {
        return CacheStatus::miss;
    }
    if (!is_before(ngx_current_msec, node->expires)) {
        return CacheStatus::expired;
    }
    if (!node->known) {
        return CacheStatus::negative;
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
    return CacheStatus::hit;
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
        node->node.key = tree_key(digest);
        node->store = store;
        node->known = key != nullptr;
        ngx_memcpy(node->digest, digest, AC_DIGEST_SIZE);
        ngx_rbtree_insert(&shared->tree, &node->node);
        if (!node->known) {
            shared->unknown_count++;
        }
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

}  // namespace app_create
