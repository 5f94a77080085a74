// The parts of the module, and what they hand each other. A request meets them in this order:
//
//   directives.cc   what the configuration says: conf.h  (master, nginx -t)
//   store_directive.cc, key_cache_directive.cc
//   defaults.cc       what holds where it says nothing: defaults.h
//   neighbours.cc     what other modules do to answers
//   checks.cc         what is wrong with it as a whole
//   store_file.cc     what is wrong with the files that it names
//   zones.cc        what workers share                   (master, nginx -t)
//   worker.cc       what a worker starts and stops
//   mode.cc         are creates made here, tried, or another's? mode.h
//   access.cc       bearer authentication                access and precontent phase
//   identity.h        or what the gateway knows already: identity_directive.cc, identity.cc
//   key_cache.cc      a key known from before
//   lookup.cc         keys asked of the store            pool thread
//   digest_tree.cc    both find tokens by their digests
//   content.cc      headers, body                        content phase
//   limit.cc          how often may it come? limit.h
//   limit_directive.cc, limit_zone.cc, leaky_bucket.h
//   body.cc           what nginx has read of it
//   pending_create.cc  creates on their way to the store
//   prepare.cc        large bodies                       pool thread
//   show.cc           reads instead of creates: show.h
//   reads.cc          reads on their way to the store     pool thread
//   writer.cc         batches                            threads of its own
//   backend.cc        a worker's store, opened and closed
//   overload.cc       what the log says of a full queue and a slow store
//   threads.cc      nginx's pools, and threads of our own: threads.h
//   mailbox.cc      news from threads to the event loop
//   response.cc     status, headers, bytes
//   filter.cc       what nginx answers by itself         header and body filter
//   shadow.cc       mirrored creates beside their originals
//   request_id.cc     X-Request-ID
//   variables.cc    for logs, limits and headers
//   metrics.h        numbers for operators
//   watching_directives.cc, metrics_zone.cc, count.cc
//   watch.cc          can a store be reached?            threads of its own
//   metrics_text.cc, health.cc   what is told of it
#pragma once

#include "conf.h"

namespace appcreate::nginx {

struct PendingCreate;
struct PendingKey;
struct PendingRead;

enum class CacheStatus : uint8_t { kNone, kHit, kMiss, kExpired, kNegative };
enum class LookupState : uint8_t { kNone, kWaiting, kFound, kUnknown, kFailed };

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
    Mode mode;                // decided before it
    bool shadow;              // is_shadow has found that it is one
    ngx_queue_t waiter;       // linked while `lookup` is waiting
    PendingKey *pending_key;  // the one that it waits for

    const LimitState *limits;  // NULL: none has counted it

    // creation
    ac_create *create;  // owned; while it is on its way, `pending` owns it
    PendingCreate *pending;
    const ac_answer *answer;  // ours; NULL: none yet, or nginx's own
    ac_create_facts facts;
    ac_read *read;  // owned; while it is on its way, `pending_read` owns it
    PendingRead *pending_read;
    bool body_was_read;  // before the request came here, by another location

    ngx_event_t timer;      // app_create_timeout: runs while the store is asked, not while the client sends
    ngx_msec_t store_left;  // of it, when the timer is not set
    bool store_begun;
    const char *action;  // of the log, before the store was asked
    bool asking;
    unsigned retry_after;  // as it was sent; 0: not

    ngx_str_t request_id;
    ngx_uint_t code;  // of the answer, 0 with 200
    ngx_str_t body;   // of an error that nginx made, in our form
    bool replace_body;
};

// ---- context.cc

// The request's context, made at the first call. NULL: out of memory.
Context *get_context(ngx_http_request_t *r);
// The same for the location that the request is in now: a rewrite changes that and keeps contexts.
Context *enter_location(ngx_http_request_t *r);
// False when the request was led elsewhere while it waited (post_action): it is no longer ours to go on with.
bool is_current(Context *ctx);
// Survives internal redirects, which clear nginx's own pointer; NULL when there never was one.
Context *find_context(ngx_http_request_t *r);
// While it lives an event of ours works for a request: log lines name that, and what it has posted runs at the end.
class Resumed {
  public:
    explicit Resumed(ngx_http_request_t *r);
    ~Resumed();
    Resumed(const Resumed &) = delete;
    Resumed &operator=(const Resumed &) = delete;

  private:
    ngx_connection_t *connection_;
};
// Starts (or goes on with) the bound on the request's store work. False when it has run out.
bool start_timer(Context *ctx);
void stop_timer(Context *ctx);
// The log's lines say what is done while the store is asked; ask_ended gives back what they said before.
void ask_begins(Context *ctx, const char *action);
void ask_ended(Context *ctx);
// Reads Authorization once.
void read_bearer(Context *ctx);

// A deadline of the C ABI: nanoseconds of CLOCK_MONOTONIC, `timeout` from now.
inline int64_t deadline_in(ngx_msec_t timeout) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<int64_t>(now.tv_sec) * 1000000000 + now.tv_nsec + static_cast<int64_t>(timeout) * 1000000;
}

// Since 1970, as nginx has it for this turn of its event loop.
inline uint64_t now_ms() {
    ngx_time_t *now = ngx_timeofday();
    return static_cast<uint64_t>(now->sec) * 1000 + now->msec;
}

inline ac_str to_ac(const ngx_str_t &s) { return {reinterpret_cast<const char *>(s.data), s.len}; }

inline ngx_str_t to_ngx(const ac_str &s) { return {s.len, reinterpret_cast<u_char *>(const_cast<char *>(s.data))}; }

inline bool is_equal(const ngx_str_t &a, const ngx_str_t &b) {
    return a.len == b.len && ngx_memcmp(a.data, b.data, a.len) == 0;
}

// A field value without the white space around it (OWS: nginx takes spaces away, tabs stay).
inline ngx_str_t trimmed(ngx_str_t value) {
    while (value.len && (value.data[0] == ' ' || value.data[0] == '\t')) {
        value.data++;
        value.len--;
    }
    while (value.len && (value.data[value.len - 1] == ' ' || value.data[value.len - 1] == '\t')) {
        value.len--;
    }
    return value;
}

inline LocConf *loc_conf(ngx_http_request_t *r) {
    return static_cast<LocConf *>(ngx_http_get_module_loc_conf(r, ngx_http_app_create_module));
}

inline MainConf *main_conf(ngx_http_request_t *r) {
    return static_cast<MainConf *>(ngx_http_get_module_main_conf(r, ngx_http_app_create_module));
}

// ---- zones.cc

ngx_int_t add_key_zone(ngx_conf_t *cf, MainConf *conf, ngx_str_t *name, size_t size);
ngx_int_t add_default_zones(ngx_conf_t *cf, MainConf *conf);

// ---- key_cache.cc

ngx_int_t init_key_zone(ngx_shm_zone_t *zone, void *old);
// What ac_store_key_changes says of a store now: when that is news, its keys that were asked for before are expired.
void note_key_changes(ngx_shm_zone_t *zone, uint64_t store, uint32_t changes);
// hit fills *key; negative: known to be unknown. *refresh: this request has to ask the store for it anew, beside what
// it does with it; no other one is told so for a while.
CacheStatus find_cached_key(ngx_shm_zone_t *zone, uint64_t store, const uint8_t *digest, ac_key *key, bool *refresh);
// `asked` is when the store was asked: a key is used for `valid` from then on. A NULL key is an unknown one.
void cache_key(ngx_shm_zone_t *zone, uint64_t store, const uint8_t *digest, const ac_key *key, ngx_msec_t asked,
               ngx_msec_t valid);

// How many entries there are of each kind.
void count_cached_keys(ngx_shm_zone_t *zone, ngx_uint_t *known, ngx_uint_t *unknown);

// ---- access.cc

ngx_int_t access_handler(ngx_http_request_t *r);
// The same where `satisfy any` let the access phase pass without us.
ngx_int_t precontent_handler(ngx_http_request_t *r);

// ---- lookup.cc

// Asks the store for the context's key, together with others, and runs the request's phases again when ctx->lookup is
// no longer waiting. NGX_BUSY: too many are being asked for. NGX_ERROR: there is no store.
ngx_int_t start_lookup(Context *ctx);
// Lets the cache forget the keys that were changed in the store, as far as this worker knows of it by now. NGX_AGAIN:
// it knows nothing yet; NGX_DECLINED: nothing any more, as it was idle.
ngx_int_t follow_key_changes(const Backend *backend, ngx_shm_zone_t *cache);
// Asks for the context's key though the cache still has it, and nobody waits for the answer.
void refresh_key(Context *ctx);
// The request goes away.
void leave_lookup(Context *ctx);
// Its time is over: ctx->lookup is what is known of the key by now.
void expire_lookup(Context *ctx);

Lookups *create_lookups(Backend *backend, ac_store *store);
void free_lookups(Lookups *lookups);

// ---- body.cc

struct BodySource {
    ac_str memory;
    ngx_fd_t file;  // NGX_INVALID_FILE: in memory
    off_t size;
};

// Before the body is read. Otherwise a status that refuses it: declared too large for the location, or thrown away or
// passed on by the one before.
ngx_int_t expect_body(Context *ctx);
// The whole of the body that nginx has read, wherever it has it. Otherwise a status that refuses it, as above.
ngx_int_t find_body(Context *ctx, BodySource *body);

// ---- content.cc

ngx_int_t content_handler(ngx_http_request_t *r);
// The create is back from a thread, with its answer or ready for the store.
void create_returned(Context *ctx, ac_status status);

// ---- backend.cc

// The backend of a location's store and bounds, made when they are new. NULL: out of memory.
Backend *add_backend(ngx_conf_t *cf, MainConf *main, const LocConf *conf);
Queue *add_queue(ngx_conf_t *cf, MainConf *main, const LocConf *conf);
// The worker's side of a backend, made at first use. NULL: out of memory, or a process that opens no stores.
WorkerStore *get_worker_store(Backend *backend);
// The worker exits: its writer begins nothing more.
void stop_worker_store(Backend *backend);
// False: its writer is at work still at `deadline`, and it stays open.
bool close_worker_store(Backend *backend, int64_t deadline);

// ---- prepare.cc, pending_create.cc

// Each takes ctx->create over and answers through create_returned or finish. Otherwise the create stays: NGX_BUSY,
// refused for now; NGX_DECLINED, larger than the queue; NGX_ERROR, there is no store.
ngx_int_t prepare_on_thread(Context *ctx, const BodySource &body);
ngx_int_t send_to_store(Context *ctx);
// The request goes away: what is pending is dropped, what is at work goes on without it.
void leave_pending(Context *ctx);
// The worker exits: from here on creates that come back are freed, not answered.
void stop_answering();

// ---- overload.cc

// One line in the error log for each change of state, whatever the number of requests.
void queue_refused(Queue *queue);
void queue_shrank(Queue *queue);
void store_timed_out(WorkerStore *opened, ngx_msec_t timeout);
void store_answered(WorkerStore *opened);

// ---- mailbox.cc

struct Message {
    Message *next;
    void (*deliver)(Message *message);
};

ngx_int_t open_mailbox(ngx_cycle_t *cycle);
void deliver_all();
void close_mailbox();
// From any thread. `first` to `last` are linked and owned by the receiver from here on.
void post_messages(Message *first, Message *last);
// An ac_log_fn; `ctx` is the Backend.
void log_from_thread(void *ctx, int level, const char *message, size_t len);

// ---- writer.cc

// A create that waits to be written. Its message comes when it was.
struct WriteRequest {
    Message message;
    ngx_queue_t queue;
    ac_create *create;
    size_t size;
    bool waiting;  // nobody has it yet; under the writer's lock
};

// The creates of one store that wait, and the threads that write them. NULL: out of memory.
Writer *create_writer(const Backend *backend, ac_store *store);
// NGX_ERROR: no thread can be had, and the create is the caller's still.
ngx_int_t write_later(Writer *writer, WriteRequest *pending);
// True: it waited, and is the caller's again. False: it is at work.
bool take_back(Writer *writer, WriteRequest *pending);
// Its threads end as soon as they are through with what they have taken.
void stop_writer(Writer *writer);
// Waits for that, then delivers unwritten what is left. False: one of them is at work still at `deadline`.
bool end_writer(Writer *writer, int64_t deadline);
void free_writer(Writer *writer);

// ---- worker.cc

// "master_process off": nginx serves, and reloads, in the one process that holds its configuration.
inline bool is_single_process() { return ngx_process == NGX_PROCESS_SINGLE; }
ngx_int_t warm_master(ngx_cycle_t *cycle);
ngx_int_t init_worker(ngx_cycle_t *cycle);
void exit_worker(ngx_cycle_t *cycle);

// ---- response.cc

// Sends an answer, or returns its status where the location has an error_page for it. The return value is for
// ngx_http_finalize_request.
ngx_int_t send_answer(Context *ctx, const ac_answer *answer);
// The same for the access phase: notes the answer, which the filter will write, and returns its status.
ngx_int_t note_answer(Context *ctx, const ac_answer *answer);
// Ends a request from an event of ours.
void finish(Context *ctx, const ac_answer *answer);
void finish_code(Context *ctx, int code);
ngx_table_elt_t *add_header(ngx_http_request_t *r, const ngx_str_t &name, const ngx_str_t &value);
inline const ngx_str_t json_type = ngx_string("application/json; charset=utf-8");
// Content-Type and Content-Length, whatever they were before.
void set_body_headers(ngx_http_request_t *r, const ngx_str_t &type, size_t length);
// A whole body that lives as long as the request, given to `filter`.
ngx_int_t send_one_buffer(ngx_http_request_t *r, const ngx_str_t &body, ngx_http_output_body_filter_pt filter);
// A page that is no answer to a create, for GET and HEAD.
ngx_int_t send_page(ngx_http_request_t *r, ngx_uint_t status, const ngx_str_t &type, const ngx_str_t &body);
// The headers that go with an answer (Allow, Retry-After, …).
ngx_int_t add_answer_headers(Context *ctx, const ac_answer *answer);
ngx_int_t add_retry_after(Context *ctx, unsigned seconds);

// ---- filter.cc

ngx_int_t init_filters(ngx_conf_t *cf);
// Once the realm is known.
ngx_int_t init_challenges(ngx_conf_t *cf, LocConf *conf);

// ---- request_id.cc

// Of any request, whatever it has been through. `id` points to what lives as long as the request.
ngx_int_t find_request_id(ngx_http_request_t *r, ngx_str_t *id);

// ---- reason_phrases.cc

// nginx's reason phrase for a status that has no code of its own (docs/api.md, "Codes").
ac_str reason_phrase(ngx_uint_t status);

// ---- variables.cc

ngx_int_t add_variables(ngx_conf_t *cf);

// ---- directives.cc

extern ngx_command_t commands[];
// What is wrong with an app_create location that something else answers too, and what is right.
inline constexpr const char kSharedLocation[] =
    "\"app_create\" shares its location with another content handler such as \"proxy_pass\", put that into a named "
    "location and name it with \"app_create_fallback\"";

// ---- defaults.cc

// The module's configuration of the http block that is being read.
MainConf *main_conf_of(ngx_conf_t *cf);
void *create_main_conf(ngx_conf_t *cf);
char *init_main_conf(ngx_conf_t *cf, void *data);
void *create_loc_conf(ngx_conf_t *cf);
char *merge_loc_conf(ngx_conf_t *cf, void *parent, void *child);

// ---- neighbours.cc

// What "gzip" and "gzip_types" say of this level, or of the one outside of it (NULL: none is).
void read_gzip(ngx_conf_t *cf, LocConf *conf, const LocConf *outer);

// ---- checks.cc

// A line for each store, at the start and at each reload.
void say_what_starts(ngx_log_t *log, const MainConf *conf);
ngx_int_t postconfiguration(ngx_conf_t *cf);

// ---- store_file.cc

// Can workers use the directories and files of SQLite stores? Warns of what is wrong, with the place in the
// configuration and the remedy. Keeps nothing from starting.
void check_store_files(ngx_log_t *log, const MainConf *conf);

}  // namespace appcreate::nginx
