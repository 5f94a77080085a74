// Where the numbers are kept: a zone of shared memory, with a slot for each worker.

#include <initializer_list>

#include "metrics.h"

namespace appcreate::nginx {
namespace {

// Slots are made when a worker finds none that is free, so a zone takes no more memory than it had workers at a time.
constexpr size_t kZoneSize = 2 * 1024 * 1024;
constexpr ngx_uint_t kMaxSlots = 256;
constexpr size_t kMaxName = 247;

struct WatchedStore {
    uint64_t identity;
    size_t len;
    u_char name[kMaxName + 1];
};

// First in the zone: which program's numbers they are.
struct Layout {
    char mark[8];
    uint32_t crc32;
    uint32_t reserved;
};

struct Zone {
    Layout layout;
    std::atomic<ngx_uint_t> stores_used;
    WatchedStore stores[kMaxWatchedStores];
    std::atomic<ngx_uint_t> slots_used;
    WorkerMetrics *slots[kMaxSlots];
};

WorkerMetrics unread;

Zone *zone_of(const MainConf *conf) { return static_cast<Zone *>(conf->metrics->data); }

ngx_slab_pool_t *slab(const MainConf *conf) { return reinterpret_cast<ngx_slab_pool_t *>(conf->metrics->shm.addr); }

// The master's, while it reads a configuration; workers only read what was there before.
ngx_uint_t find_store(Zone *zone, const Backend *backend) {
    ngx_uint_t used = zone->stores_used.load(std::memory_order_relaxed);
    for (ngx_uint_t i = 0; i < used; i++) {
        if (zone->stores[i].identity == backend->identity) {
            return i;
        }
    }
    // All that come later are counted together.
    if (used == kMaxWatchedStores) {
        return used - 1;
    }
    WatchedStore *store = &zone->stores[used];
    ngx_str_t name = backend->name;
    if (used == kMaxWatchedStores - 1) {
        ngx_str_set(&name, "others");
    }
    store->identity = backend->identity;
    store->len = ngx_min(name.len, kMaxName);
    ngx_memcpy(store->name, name.data, store->len);
    zone->stores_used.store(used + 1, std::memory_order_release);
    return used;
}

// Of all that says what a number in the zone means: how it lies there, and where buckets end. `kVersion` is for what
// sizes do not show, such as two members that change places.
uint32_t crc32_of_layout() {
    constexpr uint64_t kVersion = 2;
    uint32_t crc32;
    ngx_crc32_init(crc32);
    auto add = [&crc32](uint64_t number) {
        ngx_crc32_update(&crc32, reinterpret_cast<u_char *>(&number), sizeof(number));
    };
    for (uint64_t number : {kVersion, uint64_t{sizeof(Zone)}, uint64_t{sizeof(WorkerMetrics)},
                            uint64_t{sizeof(StoreMetrics)}, uint64_t{sizeof(Histogram)}, uint64_t{kMaxAnswered}}) {
        add(number);
    }
    for (const Buckets *buckets : {&request_buckets, &store_buckets, &batch_buckets}) {
        for (ngx_uint_t i = 0; i < buckets->count; i++) {
            add(buckets->list[i].end);
        }
    }
    ngx_crc32_final(crc32);
    return crc32;
}

Layout own_layout() { return {{'a', 'c', 'm', 'e', 't', 'r', 'i', 'c'}, crc32_of_layout(), 0}; }

bool is_own(const Zone *zone) {
    Layout own = own_layout();
    return ngx_memcmp(&zone->layout, &own, sizeof(own)) == 0;
}

Zone *make_zone(ngx_slab_pool_t *pool) {
    auto *zone = static_cast<Zone *>(ngx_slab_calloc(pool, sizeof(Zone)));
    if (zone) {
        zone->layout = own_layout();
    }
    return zone;
}

ngx_int_t init_metrics(ngx_shm_zone_t *shm_zone, void *old) {
    auto *conf = static_cast<MainConf *>(shm_zone->data);
    auto *pool = reinterpret_cast<ngx_slab_pool_t *>(shm_zone->shm.addr);
    bool is_new = old == nullptr && !shm_zone->shm.exists;
    bool is_foreign = !is_new && !is_own(static_cast<Zone *>(pool->data));
    if (is_foreign) {
        // Workers of the other one go on with theirs, so it stays where it is.
        ngx_log_error(NGX_LOG_WARN, shm_zone->shm.log, 0,
                      "the metrics in shared memory are another version's, they begin anew");
    }
    if (is_new || is_foreign) {
        pool->data = make_zone(pool);
        if (pool->data == nullptr) {
            return NGX_ERROR;
        }
        pool->log_nomem = 0;  // take_metrics says it better
    }
    shm_zone->data = pool->data;

    auto **backend = static_cast<Backend **>(conf->backends.elts);
    for (ngx_uint_t i = 0; i < conf->backends.nelts; i++) {
        backend[i]->metrics = find_store(static_cast<Zone *>(pool->data), backend[i]);
    }
    return NGX_OK;
}

// What said how its last worker was.
void clear_state(WorkerMetrics *slot) {
    for (StoreMetrics &store : slot->stores) {
        for (Counter *state : {&store.queue_creates, &store.queue_bytes, &store.log_bytes, &store.frozen, &store.asked,
                               &store.reached, &store.write_failed}) {
            state->set(0);
        }
    }
}

// Under the zone's lock.
WorkerMetrics *find_slot(ngx_slab_pool_t *pool, Zone *zone) {
    ngx_uint_t used = zone->slots_used.load(std::memory_order_relaxed);
    for (ngx_uint_t i = 0; i < used; i++) {
        if (!is_alive(*zone->slots[i]) || zone->slots[i]->worker == ngx_pid) {
            return zone->slots[i];
        }
    }
    if (used == kMaxSlots) {
        return nullptr;
    }
    // More than a page, so at the beginning of one.
    static_assert(sizeof(WorkerMetrics) > 4096);
    auto *slot = static_cast<WorkerMetrics *>(ngx_slab_calloc_locked(pool, sizeof(WorkerMetrics)));
    if (slot) {
        zone->slots[used] = slot;
        zone->slots_used.store(used + 1, std::memory_order_release);
    }
    return slot;
}

}  // namespace

WorkerMetrics *own_metrics = &unread;

ngx_int_t add_metrics_zone(ngx_conf_t *cf, MainConf *conf) {
    // The other tag: a key cache of the same name is refused.
    ngx_str_t name = ngx_string("app_create_metrics");
    conf->metrics = ngx_shared_memory_add(cf, &name, kZoneSize, &ngx_http_app_create_filter_module);
    if (conf->metrics == nullptr) {
        return NGX_ERROR;
    }
    conf->metrics->init = init_metrics;
    conf->metrics->data = conf;
    return NGX_OK;
}

void take_metrics(ngx_cycle_t *cycle, const MainConf *conf) {
    if (conf->metrics == nullptr) {
        return;
    }
    ngx_slab_pool_t *pool = slab(conf);
    ngx_shmtx_lock(&pool->mutex);
    WorkerMetrics *slot = find_slot(pool, zone_of(conf));
    if (slot) {
        clear_state(slot);
        slot->worker = ngx_pid;
        own_metrics = slot;
    }
    ngx_shmtx_unlock(&pool->mutex);
    if (slot == nullptr) {
        ngx_log_error(NGX_LOG_WARN, cycle->log, 0,
                      "no room for the metrics of this worker, they will lack what it does");
    }
}

void leave_metrics() {
    WorkerMetrics *slot = own_metrics;
    own_metrics = &unread;
    if (slot != &unread) {
        clear_state(slot);
        slot->worker = 0;
    }
}

ngx_uint_t count_slots(const MainConf *conf) { return zone_of(conf)->slots_used.load(std::memory_order_acquire); }

const WorkerMetrics *slot_at(const MainConf *conf, ngx_uint_t i) { return zone_of(conf)->slots[i]; }

bool is_alive(const WorkerMetrics &slot) {
    auto worker = static_cast<ngx_pid_t>(slot.worker.load(std::memory_order_relaxed));
    if (worker == 0) {
        return false;
    }
    // Of the same master, and so of its group: any other process has the number of a worker that died. One that may not
    // be asked for its group is there.
    ngx_pid_t group = getpgid(worker);
    return group == getpgrp() || (group == -1 && ngx_errno != ESRCH);
}

ngx_uint_t count_watched_stores(const MainConf *conf) {
    return zone_of(conf)->stores_used.load(std::memory_order_acquire);
}

ngx_str_t watched_store_name(const MainConf *conf, ngx_uint_t i) {
    WatchedStore *store = &zone_of(conf)->stores[i];
    return {store->len, store->name};
}

}  // namespace appcreate::nginx
