// What the configuration says of the main level and of a location, and what is made of it while it is read.
#pragma once

extern "C" {
#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>
#include <ngx_http.h>
#include <ngx_thread_pool.h>

// nginx's loader takes modules by these names.
extern ngx_module_t ngx_http_app_create_module;
extern ngx_module_t ngx_http_app_create_filter_module;
}

#include "app_create.h"

#if !(NGX_THREADS)
#error "nginx-app-create needs an nginx built with --with-threads"
#endif

namespace appcreate::nginx {

struct LimitSet;
struct LimitState;
struct IdentitySetting;
struct Lookups;
struct Reads;
struct Watch;
struct Writer;

// A line of the configuration, for mistakes that are found later than it was parsed.
struct ConfLine {
    u_char *file;
    ngx_uint_t line;
};

struct Backend;

// A worker's side of a backend.
struct WorkerStore {
    Backend *backend;
    ac_store *store;
    Lookups *lookups;
    Writer *writer;
    Reads *reads;
    Watch *watch;  // NULL: nobody is to know

    // What overload.cc has told of requests whose time ran out.
    bool slow;
    ngx_msec_t calm;  // from then on one that answers ends it
    ngx_uint_t timeouts;
};

// A store: one for each URI, whatever else its locations say. Made while the configuration is read; `opened` alone
// belongs to the worker.
struct Backend {
    ac_uri *uri;
    ngx_str_t text;           // as configured: users and options differ where names do not
    ngx_str_t name;           // of the store, without credentials
    uint64_t identity;        // of the store: a key authenticated for one is nothing for another
    ngx_thread_pool_t *pool;  // of its first location: opens the store
    ngx_msec_t timeout;       // the longest of its locations
    void *turn;               // shared by workers; NULL: a store that needs none
    void *exchange;           // the same
    ngx_uint_t metrics;       // its place in metrics.h
    bool watched;             // somebody may ask whether it can be reached
    bool shown;               // a location of it has app_create_show
    ConfLine at;
    WorkerStore *opened;
};

// app_create_queue of the locations that give one store the same bounds. Made while the configuration is read; what is
// held belongs to the worker.
struct Queue {
    Backend *backend;
    ngx_uint_t number;
    size_t bytes;

    ngx_uint_t held;  // waits or is at work
    size_t held_bytes;
    bool full;  // as overload.cc has told
    ngx_uint_t refused;
};

enum class Mode : uint8_t { kUndecided, kCreate, kValidate, kOff, kUnknown };

// app_create_mode. Made while the configuration is read; what was told belongs to the worker.
struct ModeSetting {
    ngx_http_complex_value_t value;
    Mode literal;  // kUndecided: it has variables
    bool told;     // of an unknown value
    ngx_msec_t last_unknown;
};

struct ConfiguredStore {
    ac_uri *uri;
    ngx_str_t text;
    ConfLine at;
};

struct MainConf {
    ngx_core_conf_t *core;  // who the workers are, known when all is read
    ngx_array_t backends;   // Backend *
    ngx_array_t queues;     // Queue *
    ngx_array_t locations;  // LocConf * with app_create
    ngx_array_t fallbacks;  // LocConf * with app_create_fallback and without app_create
    ngx_array_t watching;   // LocConf * with app_create_metrics or app_create_health
    ngx_array_t aio_pools;  // ngx_thread_pool_t * that static files use
    ngx_array_t limits;     // LimitZone *
    ngx_shm_zone_t *keys;
    ngx_shm_zone_t *metrics;
    ngx_msec_t keys_valid;
    ngx_msec_t keys_invalid;
    ngx_int_t request_id_index;
    ngx_uint_t generation;  // counts configurations that named stores: zones.cc
    bool has_modes;         // app_create_mode stands somewhere: only then there are shadows
};

struct LocConf {
    ngx_http_complex_value_t *organization;  // NULL: not a location of ours
    ConfiguredStore *store;
    ModeSetting *mode;          // NULL: create
    LimitSet *limits;           // NULL: none
    IdentitySetting *identity;  // NULL: who asks shows an API key
    ngx_thread_pool_t *pool;
    ngx_uint_t queue_number;
    size_t queue_bytes;
    ngx_msec_t timeout;
    ngx_str_t fallback;
    ConfLine fallback_at;
    ngx_str_t realm;
    ngx_flag_t show;
    ngx_str_t challenges[AC_ACCESS_SCOPE_LIST + 1];  // WWW-Authenticate, by ac_access
    bool gzip;                                       // is on here
    bool gzip_json;                                  // and would compress our answers
    ngx_http_handler_pt watching;                    // of app_create_metrics or app_create_health
    Backend *backend;
    Queue *queue;
    ngx_http_core_loc_conf_t *core;
    ngx_http_core_srv_conf_t *server;
    ConfLine at;
};

}  // namespace appcreate::nginx
