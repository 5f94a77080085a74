// The rooms of the module, and what they hand each other. A request meets them in this order:
//
//   directives.cpp   what the configuration says          (master, nginx -t)
//   defaults.cpp       and where it says nothing
//   checks.cpp         once it is read
//   store_file.cpp     of files that it names
//   zones.cpp        what workers share                   (master, nginx -t)
//   worker.cpp       what a worker starts and stops
//   access.cpp       bearer authentication                access and precontent phase
//   key_cache.cpp      a key known from before
//   lookup.cpp         keys asked of the store            pool thread
//   content.cpp      headers, body                        content phase
//   dispatch.cpp     creates on their way to the store    pool thread
//   mailbox.cpp      news from threads to the event loop
//   response.cpp     status, headers, bytes
//   filter.cpp       what nginx answers by itself         header and body filter
//   request_id.cpp     X-Request-ID
//   variables.cpp    for logs, limits and headers
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

namespace app_create {

struct Dispatch;
struct Lookups;
struct Op;

// Where in the configuration something was said, for errors that are found later than it was parsed.
struct Place {
    u_char *file;
    ngx_uint_t line;
};

// A store as locations use it: one for each combination of URI, pool, timeout and queue bounds. Made while the
// configuration is read; `dispatch` alone belongs to the worker.
struct Backend {
    ac_uri *uri;
    ngx_str_t text;     // as configured: users and options differ where names do not
    ngx_str_t name;     // of the store, without credentials
    uint64_t identity;  // of the store: a key authenticated for one is nothing for another
    ngx_thread_pool_t *pool;
    ngx_msec_t timeout;
    ngx_uint_t queue_number;
    size_t queue_bytes;
    void *turn;  // shared by workers; NULL: a store that needs none
    Place place;
    Dispatch *dispatch;
};

struct StoreUri {
    ac_uri *uri;
    ngx_str_t text;
    Place place;
};

struct MainConf {
    ngx_core_conf_t *core;  // who the workers are, known when all is read
    ngx_array_t backends;   // Backend *
    ngx_array_t locations;  // LocConf * with app_create
    ngx_array_t fallbacks;  // LocConf * with app_create_fallback and without app_create
    ngx_array_t aio_pools;  // ngx_thread_pool_t * that static files use
    ngx_shm_zone_t *keys;
    ngx_msec_t keys_valid;
    ngx_msec_t keys_invalid;
    ngx_int_t request_id_index;
};

struct LocConf {
    ngx_http_complex_value_t *organization;  // NULL: not a location of ours
    StoreUri *store;
    ngx_thread_pool_t *pool;
    ngx_uint_t queue_number;
    size_t queue_bytes;
    ngx_msec_t timeout;
    ngx_str_t fallback;
    Place fallback_place;
    ngx_str_t realm;
    ngx_str_t challenges[AC_ACCESS_SCOPE + 1];  // WWW-Authenticate, by ac_access
    Backend *backend;
    ngx_http_core_loc_conf_t *core;
    ngx_http_core_srv_conf_t *server;
    Place place;
};

enum class CacheStatus : uint8_t { none, hit, miss, expired, negative };
enum class LookupState : uint8_t { none, waiting, found, unknown, failed };

// A request on its way. Belongs to the event loop: no thread ever sees it.
struct Context {
    ngx_http_request_t *request;
    LocConf *conf;

    // authentication
    ac_access bearer_access;
    ac_access access;
    ac_bearer bearer;
    ac_key key;
    bool bearer_read;
    bool authenticated;
    bool refused;  // `access` says why: the answer carries WWW-Authenticate
    CacheStatus cache;
    LookupState lookup;
    ngx_queue_t waiter;  // linked while `lookup` is waiting

    // creation
    ac_create *create;  // owned; while it is on its way, `op` owns it
    Op *op;
    const ac_answer *answer;  // ours; NULL: none yet, or nginx's own
    ac_create_facts facts;

    ngx_event_t timer;      // app_create_timeout: runs while the store is asked, not while the client sends
    ngx_msec_t store_left;  // of it, when the timer is not set
    bool store_begun;

    ngx_str_t request_id;
    ngx_uint_t code;  // of the answer, 0 with 200
    ngx_str_t body;   // of an error that nginx made, in our form
    bool replace_body;
};

// ---- context.cpp

// The request's context, made at the first call. NULL: out of memory.
Context *get_context(ngx_http_request_t *r);
// The same for the location that the request is in now: a rewrite changes that and keeps contexts.
Context *enter_location(ngx_http_request_t *r);
// False when the request was led elsewhere while it waited (post_action): it is no longer ours to go on with.
bool is_current(Context *ctx);
// Survives internal redirects, which clear nginx's own pointer; NULL when there never was one.
Context *find_context(ngx_http_request_t *r);
// Starts (or goes on with) the bound on the request's store work. False when it has run out.
bool start_timer(Context *ctx);
void stop_timer(Context *ctx);
// Reads Authorization once.
void read_bearer(Context *ctx);

// A deadline of the C ABI: nanoseconds of CLOCK_MONOTONIC, `timeout` from now.
inline int64_t deadline_in(ngx_msec_t timeout) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<int64_t>(now.tv_sec) * 1000000000 + now.tv_nsec + static_cast<int64_t>(timeout) * 1000000;
}

inline ac_str to_ac(const ngx_str_t &s) { return {reinterpret_cast<const char *>(s.data), s.len}; }

inline LocConf *loc_conf(ngx_http_request_t *r) {
    return static_cast<LocConf *>(ngx_http_get_module_loc_conf(r, ngx_http_app_create_module));
}

inline MainConf *main_conf(ngx_http_request_t *r) {
    return static_cast<MainConf *>(ngx_http_get_module_main_conf(r, ngx_http_app_create_module));
}

// ---- zones.cpp

ngx_int_t add_key_zone(ngx_conf_t *cf, MainConf *conf, ngx_str_t *name, size_t size);
ngx_int_t add_default_zones(ngx_conf_t *cf, MainConf *conf);

// ---- key_cache.cpp

ngx_int_t init_key_zone(ngx_shm_zone_t *zone, void *old);
// hit fills *key; negative: known to be unknown.
CacheStatus find_cached_key(ngx_shm_zone_t *zone, uint64_t store, const uint8_t *digest, ac_key *key);
// `asked` is when the store was asked: a key is used for `valid` from then on. A NULL key is an unknown one.
void cache_key(ngx_shm_zone_t *zone, uint64_t store, const uint8_t *digest, const ac_key *key, ngx_msec_t asked,
               ngx_msec_t valid);

// ---- access.cpp

ngx_int_t access_handler(ngx_http_request_t *r);
// The same where `satisfy any` let the access phase pass without us.
ngx_int_t precontent_handler(ngx_http_request_t *r);

// ---- lookup.cpp

// Asks the store for the context's key, together with others, and runs the request's phases again when ctx->lookup is
// no longer waiting. NGX_BUSY: too many are being asked for.
ngx_int_t start_lookup(Context *ctx);
// The request goes away, or its time is over.
void leave_lookup(Context *ctx, LookupState state);

Lookups *create_lookups(Backend *backend, ac_store *store);
void free_lookups(Lookups *lookups);

// ---- content.cpp

ngx_int_t content_handler(ngx_http_request_t *r);
// The create is back from a thread, with its answer or ready for the store.
void create_returned(Context *ctx, ac_status status);

// ---- dispatch.cpp

// The worker's side of a backend, made at first use. NULL: out of memory.
Dispatch *get_dispatch(Backend *backend);
Lookups *dispatch_lookups(Dispatch *dispatch);
ac_store *dispatch_store(Dispatch *dispatch);
// The worker exits: waits for what threads are at; from here on creates that come back are freed, not answered.
void end_dispatching();
void close_dispatch(Backend *backend);

struct BodySource {
    ac_str memory;
    ngx_fd_t file;  // NGX_INVALID_FILE: in memory
    off_t size;
};

// Each takes ctx->create over and answers through create_returned or finish; NGX_BUSY: refused, the create stays.
ngx_int_t prepare_on_thread(Context *ctx, const BodySource &body);
ngx_int_t send_to_store(Context *ctx);
// The request goes away: what is pending is dropped, what is at work goes on without it.
void leave_op(Context *ctx);

// Does `run` on a thread of the pool, then `done` on the event loop. NGX_ERROR: the pool's queue is full.
ngx_int_t run_on_thread(ngx_thread_pool_t *pool, void *data, void (*run)(void *data, ngx_log_t *log),
                        void (*done)(void *data));

// ---- mailbox.cpp

struct Message {
    Message *next;
    void (*deliver)(Message *message);
};

ngx_int_t open_mailbox(ngx_cycle_t *cycle);
void deliver_all();
void close_mailbox();
// From any thread. `first` to `last` are linked and owned by the receiver from here on.
void post_messages(Message *first, Message *last);
// An ac_log_fn.
void log_from_thread(void *ctx, int level, const char *message, size_t len);

// ---- worker.cpp

ngx_int_t init_worker(ngx_cycle_t *cycle);
void exit_worker(ngx_cycle_t *cycle);

// ---- response.cpp

// Sends an answer, or returns its status where the location has an error_page for it. The return value is for
// ngx_http_finalize_request.
ngx_int_t send_answer(Context *ctx, const ac_answer *answer);
// The same for the access phase: notes the answer, which the filter will write, and returns its status.
ngx_int_t note_answer(Context *ctx, const ac_answer *answer);
// Ends a request from an event of ours.
void finish(Context *ctx, const ac_answer *answer);
void finish_code(Context *ctx, int code);
ngx_table_elt_t *add_header(ngx_http_request_t *r, const ngx_str_t &name, const ngx_str_t &value);
// The headers that go with an answer (Allow, Retry-After, …).
ngx_int_t add_answer_headers(Context *ctx, const ac_answer *answer);
ngx_int_t add_retry_after(ngx_http_request_t *r, unsigned seconds);

// ---- filter.cpp

ngx_int_t init_filters(ngx_conf_t *cf);
// Once the realm is known.
ngx_int_t init_challenges(ngx_conf_t *cf, LocConf *conf);

// ---- request_id.cpp

// Of any request, whatever it has been through. `id` points to what lives as long as the request.
ngx_int_t find_request_id(ngx_http_request_t *r, ngx_str_t *id);

// ---- reasons.cpp

// nginx's reason phrase for a status that the contract does not list.
ac_str reason_phrase(ngx_uint_t status);

// ---- variables.cpp

ngx_int_t add_variables(ngx_conf_t *cf);

// ---- directives.cpp

extern ngx_command_t commands[];
// What is wrong with an app_create location that something else answers too, and what is right.
inline constexpr const char shared_location[] =
    "\"app_create\" shares its location with another content handler such as \"proxy_pass\", put that into a named "
    "location and name it with \"app_create_fallback\"";

// ---- defaults.cpp

// The module's configuration of the http block that is being read.
MainConf *main_conf_of(ngx_conf_t *cf);
void *create_main_conf(ngx_conf_t *cf);
char *init_main_conf(ngx_conf_t *cf, void *data);
void *create_loc_conf(ngx_conf_t *cf);
char *merge_loc_conf(ngx_conf_t *cf, void *parent, void *child);

// ---- checks.cpp

// A line for each store, at the start and at each reload.
void say_what_starts(ngx_log_t *log, const MainConf *conf);
ngx_int_t postconfiguration(ngx_conf_t *cf);

// ---- store_file.cpp

// Can workers use the directories and files of SQLite stores? Warns of what is wrong, with the place in the
// configuration and the remedy. Keeps nothing from starting.
void check_store_files(ngx_log_t *log, const MainConf *conf);

}  // namespace app_create
