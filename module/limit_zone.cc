// What limits have counted, shared by workers: for each zone a tree of keys and a queue for forgetting. A reload keeps
// it. Levels are in requests, so that a rate or a burst which a reload has changed holds for what was counted before.

#include "limit.h"

extern "C" {
#include <ngx_sha1.h>
}

namespace appcreate::nginx {
namespace {

// The length of a key that is longer than there is room for.
constexpr u_char kHashed = 0xff;
static_assert(LimitKey::kBytes < kHashed && LimitKey::kBytes >= 20);

// Refusals, and keys that are forgotten, which are further apart are told of anew.
constexpr int64_t kQuietMs = 60 * 1000;

// All of one size, so that one which is freed always makes room for another.
struct Node {
    ngx_rbtree_node_t node;
    ngx_queue_t queue;  // least recently used last
    LeakyBucket bucket;
    uint32_t source;
    u_char len;
    u_char bytes[LimitKey::kBytes];
};
static_assert(sizeof(Node) <= 128);

struct Shared {
    ngx_rbtree_t tree;
    ngx_rbtree_node_t sentinel;
    ngx_queue_t queue;
    LimitCounts counts;

    bool refusing;       // as the log was told
    ngx_uint_t refused;  // since then
    int64_t last_refusal;
    bool forgetting;  // as the log was told
    int64_t last_forgotten;
};

Shared *shared_of(const LimitZone *zone) { return static_cast<Shared *>(zone->memory->data); }

ngx_slab_pool_t *slab(const LimitZone *zone) { return reinterpret_cast<ngx_slab_pool_t *>(zone->memory->shm.addr); }

ngx_int_t compare(const Node *node, uint32_t source, u_char len, const u_char *bytes) {
    if (source != node->source) {
        return source < node->source ? -1 : 1;
    }
    if (len != node->len) {
        return len < node->len ? -1 : 1;
    }
    return ngx_memcmp(bytes, node->bytes, len == kHashed ? LimitKey::kBytes : len);
}

void insert_node(ngx_rbtree_node_t *temp, ngx_rbtree_node_t *node, ngx_rbtree_node_t *sentinel) {
    const auto *added = ngx_rbtree_data(node, Node, node);
    for (;;) {
        bool left = node->key < temp->key;
        if (node->key == temp->key) {
            left = compare(ngx_rbtree_data(temp, Node, node), added->source, added->len, added->bytes) < 0;
        }
        ngx_rbtree_node_t **p = left ? &temp->left : &temp->right;
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

Node *find_node(const Shared *shared, const LimitKey &key) {
    ngx_rbtree_node_t *node = shared->tree.root;
    while (node != shared->tree.sentinel) {
        if (key.hash != node->key) {
            node = key.hash < node->key ? node->left : node->right;
            continue;
        }
        auto *found = ngx_rbtree_data(node, Node, node);
        ngx_int_t rc = compare(found, key.source, key.len, key.bytes);
        if (rc == 0) {
            return found;
        }
        node = rc < 0 ? node->left : node->right;
    }
    return nullptr;
}

// The one that was used least recently.
Node *last_node(Shared *shared) {
    return ngx_queue_empty(&shared->queue) ? nullptr : ngx_queue_data(ngx_queue_last(&shared->queue), Node, queue);
}

void remove_node(ngx_slab_pool_t *pool, Shared *shared, Node *node) {
    ngx_queue_remove(&node->queue);
    ngx_rbtree_delete(&shared->tree, &node->node);
    shared->counts.keys--;
    ngx_slab_free_locked(pool, node);
}

// An empty bucket is as good as none: two go for each one that comes, so that those which count no more do not stay.
void forget_empty(ngx_slab_pool_t *pool, Shared *shared, const LimitRate &rate, int64_t now) {
    for (int i = 0; i < 2; i++) {
        Node *last = last_node(shared);
        if (last == nullptr) {
            return;
        }
        LeakyBucket bucket = last->bucket;
        bucket.leak(rate, now);
        if (bucket.level) {
            return;
        }
        remove_node(pool, shared, last);
    }
}

// The key's node, made when it is new. NULL: the zone holds not one.
Node *get_node(CountedLimit *counted, int64_t now) {
    Shared *shared = shared_of(counted->limit->zone);
    Node *node = find_node(shared, counted->key);
    if (node) {
        ngx_queue_remove(&node->queue);
        ngx_queue_insert_head(&shared->queue, &node->queue);
        return node;
    }

    ngx_slab_pool_t *pool = slab(counted->limit->zone);
    forget_empty(pool, shared, counted->limit->rate, now);
    node = static_cast<Node *>(ngx_slab_alloc_locked(pool, sizeof(Node)));
    if (node == nullptr && last_node(shared)) {
        counted->forgot = !shared->forgetting || now - shared->last_forgotten >= kQuietMs;
        shared->forgetting = true;
        shared->last_forgotten = now;
        shared->counts.evictions++;
        remove_node(pool, shared, last_node(shared));
        node = static_cast<Node *>(ngx_slab_alloc_locked(pool, sizeof(Node)));
    }
    if (node == nullptr) {
        return nullptr;
    }
    node->bucket = {0, now};
    node->source = counted->key.source;
    node->len = counted->key.len;
    ngx_memcpy(node->bytes, counted->key.bytes, LimitKey::kBytes);
    node->node.key = counted->key.hash;
    ngx_rbtree_insert(&shared->tree, &node->node);
    ngx_queue_insert_head(&shared->queue, &node->queue);
    shared->counts.keys++;
    return node;
}

void note_refusal(CountedLimit *counted, int64_t now) {
    Shared *shared = shared_of(counted->limit->zone);
    counted->began = !shared->refusing || now - shared->last_refusal >= kQuietMs;
    if (counted->began) {
        shared->refused = 0;
    }
    shared->refusing = true;
    shared->last_refusal = now;
    shared->refused++;
    shared->counts.refusals++;
}

void note_calm(CountedLimit *counted, int64_t now) {
    Shared *shared = shared_of(counted->limit->zone);
    // Some that pass and some that do not are one state.
    if (shared->refusing && now - shared->last_refusal >= kQuietMs) {
        counted->ended = shared->refused;
        shared->refusing = false;
        shared->refused = 0;
    }
}

// Holds the locks of all. Nobody else may lock two of them in another order.
class Locks {
  public:
    Locks(CountedLimit *const *by_name, ngx_uint_t count) : by_name_(by_name), count_(count) {
        for (ngx_uint_t i = 0; i < count_; i++) {
            ngx_shmtx_lock(&slab(by_name_[i]->limit->zone)->mutex);
        }
    }
    ~Locks() {
        for (ngx_uint_t i = count_; i-- > 0;) {
            ngx_shmtx_unlock(&slab(by_name_[i]->limit->zone)->mutex);
        }
    }
    Locks(const Locks &) = delete;
    Locks &operator=(const Locks &) = delete;

  private:
    CountedLimit *const *by_name_;
    ngx_uint_t count_;
};

}  // namespace

ngx_int_t init_limit_zone(ngx_shm_zone_t *memory, void *old) {
    if (old) {
        memory->data = old;
        return NGX_OK;
    }
    auto *pool = reinterpret_cast<ngx_slab_pool_t *>(memory->shm.addr);
    if (memory->shm.exists) {
        memory->data = pool->data;
        return NGX_OK;
    }

    auto *shared = static_cast<Shared *>(ngx_slab_calloc(pool, sizeof(Shared)));
    if (shared == nullptr) {
        return NGX_ERROR;
    }
    ngx_rbtree_init(&shared->tree, &shared->sentinel, insert_node);
    ngx_queue_init(&shared->queue);
    pool->data = shared;
    memory->data = shared;

    static const char context[] = " in app_create limit zone \"%V\"%Z";
    pool->log_ctx = static_cast<u_char *>(ngx_slab_alloc(pool, sizeof(context) + memory->shm.name.len));
    if (pool->log_ctx == nullptr) {
        return NGX_ERROR;
    }
    ngx_sprintf(pool->log_ctx, context, &memory->shm.name);
    pool->log_nomem = 0;
    return NGX_OK;
}

void make_limit_key(const LimitZone *zone, const ngx_str_t &value, LimitKey *out) {
    out->source = zone->source;
    ngx_memzero(out->bytes, LimitKey::kBytes);
    if (value.len <= LimitKey::kBytes) {
        out->len = static_cast<u_char>(value.len);
        ngx_memcpy(out->bytes, value.data, value.len);
    } else {
        ngx_sha1_t sha1;
        ngx_sha1_init(&sha1);
        ngx_sha1_update(&sha1, value.data, value.len);
        ngx_sha1_final(out->bytes, &sha1);
        out->len = kHashed;
    }
    out->hash = ngx_crc32_short(out->bytes, out->len == kHashed ? LimitKey::kBytes : out->len);
}

bool count_in_all(CountedLimit *const *by_name, ngx_uint_t count) {
    Locks locks(by_name, count);
    auto now = static_cast<int64_t>(ngx_current_msec);
    bool refused = false;
    for (ngx_uint_t i = 0; i < count; i++) {
        Node *node = get_node(by_name[i], now);
        if (node == nullptr) {
            return false;
        }
        const LimitRate &rate = by_name[i]->limit->rate;
        node->bucket.leak(rate, now);
        by_name[i]->refuses = room_of(rate, node->bucket.level) == 0;
        refused = refused || by_name[i]->refuses;
    }
    for (ngx_uint_t i = 0; i < count; i++) {
        CountedLimit *counted = by_name[i];
        const LimitRate &rate = counted->limit->rate;
        // get_node has put it in front.
        Node *node = ngx_queue_data(ngx_queue_head(&shared_of(counted->limit->zone)->queue), Node, queue);
        if (!refused) {
            node->bucket.take();
        }
        if (counted->refuses) {
            note_refusal(counted, now);
        } else {
            note_calm(counted, now);
        }
        counted->room = room_of(rate, node->bucket.level);
        counted->seconds = seconds_to_more_room(rate, node->bucket.level);
    }
    return true;
}

LimitCounts limit_counts(const LimitZone *zone) {
    ngx_shmtx_lock(&slab(zone)->mutex);
    LimitCounts counts = shared_of(zone)->counts;
    ngx_shmtx_unlock(&slab(zone)->mutex);
    return counts;
}

}  // namespace appcreate::nginx
