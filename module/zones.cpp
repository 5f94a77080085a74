// Shared memory: the key cache, and the turns to write, one for each SQLite file. Turns have a zone of their own, so
// that a key cache that gets another size leaves them where they are.

#include "module.h"

namespace app_create {
namespace {

constexpr size_t turns_size = 128 * 1024;

struct Turn {
    ngx_queue_t queue;
    void *memory;
    size_t len;
    u_char name[1];
};

// Finds the turn of a store or makes it. A turn is never initialised again: workers of the last configuration use it.
void *find_turn(ngx_slab_pool_t *pool, ngx_queue_t *turns, const ngx_str_t &name, ngx_log_t *log) {
    for (ngx_queue_t *q = ngx_queue_head(turns); q != ngx_queue_sentinel(turns); q = ngx_queue_next(q)) {
        auto *turn = ngx_queue_data(q, Turn, queue);
        if (turn->len == name.len && ngx_memcmp(turn->name, name.data, name.len) == 0) {
            return turn->memory;
        }
    }

    // The slab hands out powers of two, aligned to their size.
    auto *turn = static_cast<Turn *>(ngx_slab_alloc(pool, sizeof(Turn) + name.len));
    void *memory = ngx_slab_alloc(pool, AC_TURN_SIZE);
    if (turn == nullptr || memory == nullptr || ac_turn_init(memory) != AC_OK) {
        // Fairness is lost, nothing else.
        ngx_log_error(NGX_LOG_WARN, log, 0, "no shared turn to write for app_create_store \"%V\"", &name);
        return nullptr;
    }
    turn->memory = memory;
    turn->len = name.len;
    ngx_memcpy(turn->name, name.data, name.len);
    ngx_queue_insert_tail(turns, &turn->queue);
    return memory;
}

// Runs when all of the configuration is known, the workers' user included: store files are checked here too.
ngx_int_t init_turns(ngx_shm_zone_t *zone, void *old) {
    auto *conf = static_cast<MainConf *>(zone->data);
    auto *pool = reinterpret_cast<ngx_slab_pool_t *>(zone->shm.addr);

    if (old == nullptr && !zone->shm.exists) {
        auto *made = static_cast<ngx_queue_t *>(ngx_slab_alloc(pool, sizeof(ngx_queue_t)));
        if (made == nullptr) {
            return NGX_ERROR;
        }
        ngx_queue_init(made);
        pool->data = made;
    }

    say_what_starts(zone->shm.log, conf);
    check_store_files(zone->shm.log, conf);

    auto *turns = static_cast<ngx_queue_t *>(pool->data);
    auto **backend = static_cast<Backend **>(conf->backends.elts);
    for (ngx_uint_t i = 0; i < conf->backends.nelts; i++) {
        if (ac_uri_kind(backend[i]->uri) != AC_STORE_SQLITE) {
            continue;
        }
        backend[i]->turn = find_turn(pool, turns, backend[i]->name, zone->shm.log);
    }
    return NGX_OK;
}

}  // namespace

ngx_int_t add_key_zone(ngx_conf_t *cf, MainConf *conf, ngx_str_t *name, size_t size) {
    conf->keys = ngx_shared_memory_add(cf, name, size, &ngx_http_app_create_module);
    if (conf->keys == nullptr) {
        return NGX_ERROR;
    }
    conf->keys->init = init_key_zone;
    return NGX_OK;
}

ngx_int_t add_default_zones(ngx_conf_t *cf, MainConf *conf) {
    ngx_str_t keys = ngx_string("app_create_keys");
    if (conf->keys == nullptr && add_key_zone(cf, conf, &keys, 1024 * 1024) != NGX_OK) {
        return NGX_ERROR;
    }

    // The other tag: a key cache of the same name is refused.
    ngx_str_t turns = ngx_string("app_create_turns");
    ngx_shm_zone_t *zone = ngx_shared_memory_add(cf, &turns, turns_size, &ngx_http_app_create_filter_module);
    if (zone == nullptr) {
        return NGX_ERROR;
    }
    zone->init = init_turns;
    zone->data = conf;
    return NGX_OK;
}

}  // namespace app_create
