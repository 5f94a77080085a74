// Shared memory: the key cache, and for each SQLite file the turn to write and what workers hand each other. Those have
// a zone of their own, so that a key cache that gets another size leaves them where they are.
//
// A turn stays where it is for as long as a process may use it: workers of a configuration that is gone finish what
// they have. The master counts configurations, remembers with which one each of its children began, and forgets a turn
// once no child is left from the time of the last configuration that named it.

#include "defaults.h"
#include "module.h"

namespace appcreate::nginx {
namespace {

constexpr size_t kTurnsSize = 128 * 1024;

// How many configurations find room: old workers, one that fails, and the one that is read.
constexpr size_t kConfigurations = 3;

struct Turns {
    ngx_queue_t queue;  // of Turn
    ngx_uint_t generation;
};

struct Turn {
    ngx_queue_t queue;
    void *memory;
    void *exchange;         // NULL: there was no room for one
    ngx_uint_t generation;  // of the last configuration that named it
    size_t len;
    u_char name[1];
};

// The master's: with which configuration its children began. Theirs is what was in force when they were first seen,
// because each new one comes through here before the first child of its time is made.
struct Child {
    ngx_pid_t pid;
    ngx_uint_t generation;
};
Child children[NGX_MAX_PROCESSES];

// The oldest configuration that a process may still use; `active` is the one in force.
ngx_uint_t oldest_generation(ngx_uint_t active) {
    ngx_uint_t oldest = active;
    for (ngx_int_t i = 0; i < ngx_last_process; i++) {
        ngx_pid_t pid = ngx_processes[i].pid;
        if (pid == -1 || ngx_processes[i].detached) {
            continue;
        }
        if (children[i].pid != pid) {
            children[i] = {pid, active};
        }
        oldest = ngx_min(oldest, children[i].generation);
    }
    return oldest;
}

void forget_turns(ngx_slab_pool_t *pool, Turns *turns, ngx_uint_t oldest) {
    ngx_queue_t *next;
    for (ngx_queue_t *q = ngx_queue_head(&turns->queue); q != ngx_queue_sentinel(&turns->queue); q = next) {
        next = ngx_queue_next(q);
        auto *turn = ngx_queue_data(q, Turn, queue);
        if (turn->generation < oldest) {
            ngx_queue_remove(q);
            ngx_slab_free(pool, turn->memory);
            if (turn->exchange) {
                ngx_slab_free(pool, turn->exchange);
            }
            ngx_slab_free(pool, turn);
        }
    }
}

// Finds the turn of a store or makes it. A turn is never initialised again: workers of the last configuration use it.
Turn *find_turn(ngx_slab_pool_t *pool, Turns *turns, const ngx_str_t &name, ngx_log_t *log) {
    ngx_queue_t *head = &turns->queue;
    for (ngx_queue_t *q = ngx_queue_head(head); q != ngx_queue_sentinel(head); q = ngx_queue_next(q)) {
        auto *turn = ngx_queue_data(q, Turn, queue);
        if (turn->len == name.len && ngx_memcmp(turn->name, name.data, name.len) == 0) {
            turn->generation = turns->generation;
            return turn;
        }
    }

    // The slab hands out powers of two, aligned to their size.
    auto *turn = static_cast<Turn *>(ngx_slab_alloc(pool, sizeof(Turn) + name.len));
    void *memory = ngx_slab_alloc(pool, AC_TURN_SIZE);
    if (turn == nullptr || memory == nullptr || ac_turn_init(memory) != AC_OK) {
        if (memory) {
            ngx_slab_free(pool, memory);
        }
        if (turn) {
            ngx_slab_free(pool, turn);
        }
        // Fairness is lost, nothing else.
        ngx_log_error(NGX_LOG_WARN, log, 0, "no shared turn to write for app_create_store \"%V\"", &name);
        return nullptr;
    }
    turn->memory = memory;
    turn->exchange = ngx_slab_alloc(pool, AC_EXCHANGE_SIZE);
    if (turn->exchange && ac_exchange_init(turn->exchange) != AC_OK) {
        ngx_slab_free(pool, turn->exchange);
        turn->exchange = nullptr;
    }
    if (turn->exchange == nullptr) {
        ngx_log_error(NGX_LOG_WARN, log, 0, "no shared memory for common commits of app_create_store \"%V\"", &name);
    }
    turn->generation = turns->generation;
    turn->len = name.len;
    ngx_memcpy(turn->name, name.data, name.len);
    ngx_queue_insert_tail(head, &turn->queue);
    return turn;
}

void warn_of_single_process(ngx_log_t *log, const ngx_core_conf_t *core) {
    if (core->master == 0) {
        ngx_log_error(NGX_LOG_WARN, log, 0,
                      "\"app_create\" needs worker processes: with \"master_process off\" it opens no store, "
                      "and every create gets 503");
    }
}

// A zone that changes its size is another one, so it grows in large steps.
size_t size_of_turns(const MainConf *conf) {
    size_t needed = 0;
    auto **backend = static_cast<Backend **>(conf->backends.elts);
    for (ngx_uint_t i = 0; i < conf->backends.nelts; i++) {
        // The slab hands out powers of two.
        needed += AC_TURN_SIZE + 2 * (sizeof(Turn) + backend[i]->name.len);
        if (ac_uri_kind(backend[i]->uri) == AC_STORE_SQLITE) {
            needed += AC_EXCHANGE_SIZE;
        }
    }
    size_t size = kTurnsSize;
    while (size < kConfigurations * needed) {
        size *= 2;
    }
    return size;
}

// Runs when all of the configuration is known, the workers' user included: store files are checked here too.
ngx_int_t init_turns(ngx_shm_zone_t *zone, void *old) {
    auto *conf = static_cast<MainConf *>(zone->data);
    auto *pool = reinterpret_cast<ngx_slab_pool_t *>(zone->shm.addr);

    if (old == nullptr && !zone->shm.exists) {
        auto *made = static_cast<Turns *>(ngx_slab_calloc(pool, sizeof(Turns)));
        if (made == nullptr) {
            return NGX_ERROR;
        }
        ngx_queue_init(&made->queue);
        pool->log_nomem = 0;  // find_turn says it better
        pool->data = made;
    }

    auto *turns = static_cast<Turns *>(pool->data);
    if (old) {
        // The configuration that this one follows. One that failed in between counts too: it named what it named.
        forget_turns(pool, turns, oldest_generation(static_cast<MainConf *>(old)->generation));
    }
    conf->generation = ++turns->generation;

    say_what_starts(zone->shm.log, conf);
    warn_of_single_process(zone->shm.log, conf->core);
    check_store_files(zone->shm.log, conf);

    auto **backend = static_cast<Backend **>(conf->backends.elts);
    for (ngx_uint_t i = 0; i < conf->backends.nelts; i++) {
        if (ac_uri_kind(backend[i]->uri) != AC_STORE_SQLITE) {
            continue;
        }
        const Turn *turn = find_turn(pool, turns, backend[i]->name, zone->shm.log);
        backend[i]->turn = turn ? turn->memory : nullptr;
        backend[i]->exchange = turn ? turn->exchange : nullptr;
    }
    return NGX_OK;
}

ngx_str_t name_of(const char *text) { return {ngx_strlen(text), reinterpret_cast<u_char *>(const_cast<char *>(text))}; }

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
    ngx_str_t keys = name_of(defaults::kKeyZoneName);
    if (conf->keys == nullptr && add_key_zone(cf, conf, &keys, defaults::kKeyZoneSize) != NGX_OK) {
        return NGX_ERROR;
    }

    // The other tag: a key cache of the same name is refused.
    ngx_str_t turns = ngx_string("app_create_turns");
    ngx_shm_zone_t *zone = ngx_shared_memory_add(cf, &turns, size_of_turns(conf), &ngx_http_app_create_filter_module);
    if (zone == nullptr) {
        return NGX_ERROR;
    }
    zone->init = init_turns;
    zone->data = conf;
    return NGX_OK;
}

}  // namespace appcreate::nginx
