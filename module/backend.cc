// Stores: one for each URI of the configuration, and in each worker one handle for all locations that name it.

#include <sys/stat.h>

#include "metrics.h"
#include "show.h"
#include "threads.h"

namespace appcreate::nginx {
namespace {

// Two look-ups, two writers of a server, what warms it, and what watches it; reads besides.
constexpr uint32_t kThreadsOfStore = 6;

bool equal(const ac_str &a, const ac_str &b) { return a.len == b.len && ngx_memcmp(a.data, b.data, a.len) == 0; }

// Another spelling of the same path, or a link to it, is the same file. One that is not there has one name only.
bool is_one_file(const ac_uri *a, const ac_uri *b) {
    ac_str one = ac_uri_path(a);
    ac_str other = ac_uri_path(b);
    if (one.len == 0 || other.len == 0 || equal(one, other)) {
        return one.len && other.len;
    }
    struct stat st;
    struct stat st_other;
    return stat(one.data, &st) == 0 && stat(other.data, &st_other) == 0 && st.st_dev == st_other.st_dev &&
           st.st_ino == st_other.st_ino;
}

// The only parameter that a SQLite store has.
bool is_external(const ac_uri *uri) { return ac_uri_name(uri).len != sizeof("sqlite:") - 1 + ac_uri_path(uri).len; }

// Who works on the log must be one for all: the side that was told that nobody else does would take it from under the
// other program.
bool contradicts(const Backend *known, const ConfiguredStore *store) {
    return ac_uri_kind(known->uri) == AC_STORE_SQLITE && ac_uri_kind(store->uri) == AC_STORE_SQLITE &&
           is_external(known->uri) != is_external(store->uri) && is_one_file(known->uri, store->uri);
}

// On a thread that writes.
void count_batch(void *data, size_t creates) {
    metrics_of(static_cast<const Backend *>(data))->batches.observe(batch_buckets, creates);
}

}  // namespace

Backend *add_backend(ngx_conf_t *cf, MainConf *main, const LocConf *conf) {
    const ngx_str_t &text = conf->store->text;
    auto **known = static_cast<Backend **>(main->backends.elts);
    for (ngx_uint_t i = 0; i < main->backends.nelts; i++) {
        if (known[i]->text.len == text.len && ngx_memcmp(known[i]->text.data, text.data, text.len) == 0) {
            known[i]->timeout = ngx_max(known[i]->timeout, conf->timeout);
            return known[i];
        }
    }
    for (ngx_uint_t i = 0; i < main->backends.nelts; i++) {
        if (contradicts(known[i], conf->store)) {
            ac_str path = ac_uri_path(conf->store->uri);
            ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                          "\"app_create_store\" names \"%*s\" with and without \"?checkpoint=external\", say the same "
                          "as in %s:%ui in %s:%ui",
                          path.len, path.data, known[i]->at.file, known[i]->at.line, conf->store->at.file,
                          conf->store->at.line);
            return nullptr;
        }
    }

    auto **slot = static_cast<Backend **>(ngx_array_push(&main->backends));
    auto *backend = static_cast<Backend *>(ngx_pcalloc(cf->pool, sizeof(Backend)));
    if (slot == nullptr || backend == nullptr) {
        return nullptr;
    }
    *slot = backend;
    ac_str of_uri = ac_uri_name(conf->store->uri);
    ngx_str_t name = {of_uri.len, reinterpret_cast<u_char *>(const_cast<char *>(of_uri.data))};
    backend->uri = conf->store->uri;
    backend->text = text;
    backend->name = name;
    backend->identity =
        static_cast<uint64_t>(ngx_murmur_hash2(name.data, name.len)) << 32 | ngx_crc32_long(name.data, name.len);
    backend->pool = conf->pool;
    backend->timeout = conf->timeout;
    backend->at = conf->store->at;
    return backend;
}

Queue *add_queue(ngx_conf_t *cf, MainConf *main, const LocConf *conf) {
    auto **known = static_cast<Queue **>(main->queues.elts);
    for (ngx_uint_t i = 0; i < main->queues.nelts; i++) {
        if (known[i]->backend == conf->backend && known[i]->number == conf->queue_number &&
            known[i]->bytes == conf->queue_bytes) {
            return known[i];
        }
    }

    auto **slot = static_cast<Queue **>(ngx_array_push(&main->queues));
    auto *queue = static_cast<Queue *>(ngx_pcalloc(cf->pool, sizeof(Queue)));
    if (slot == nullptr || queue == nullptr) {
        return nullptr;
    }
    *slot = queue;
    queue->backend = conf->backend;
    queue->number = conf->queue_number;
    queue->bytes = conf->queue_bytes;
    return queue;
}

WorkerStore *get_worker_store(Backend *backend) {
    if (backend->opened || is_single_process()) {
        return backend->opened;
    }

    auto *opened = static_cast<WorkerStore *>(ngx_calloc(sizeof(WorkerStore), ngx_cycle->log));
    if (opened == nullptr) {
        return nullptr;
    }
    ac_store_options options = {};
    options.size = sizeof(options);
    options.uri = backend->uri;
    options.timeout_ms = static_cast<int64_t>(backend->timeout);
    options.turn = backend->turn;
    options.exchange = backend->exchange;
    options.batch = count_batch;
    options.batch_ctx = backend;
    options.log = log_from_thread;
    options.log_ctx = backend;
    options.threads = kThreadsOfStore + (backend->shown ? static_cast<uint32_t>(kMaxReads) : 0);
    options.flags = AC_STORE_MAINTAIN;

    ac_error error;
    ac_status status;
    {
        // The store has threads of its own.
        SignalsBlocked blocked;
        status = ac_store_open(&options, &opened->store, &error);
    }
    if (status != AC_OK) {
        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0, "app_create_store \"%V\": %s", &backend->name, error.message);
        ngx_free(opened);
        return nullptr;
    }
    opened->backend = backend;
    opened->lookups = create_lookups(backend, opened->store);
    opened->writer = create_writer(backend, opened->store);
    opened->reads = create_reads(opened->store);
    if (opened->lookups == nullptr || opened->writer == nullptr || opened->reads == nullptr) {
        free_lookups(opened->lookups);
        free_reads(opened->reads);
        if (opened->writer) {
            free_writer(opened->writer);
        }
        ac_store_close(opened->store);
        ngx_free(opened);
        return nullptr;
    }
    // Without a thread to watch it nobody knows whether it can be reached, and it works all the same.
    opened->watch = backend->watched ? start_watch(backend, opened->store) : nullptr;
    backend->opened = opened;
    return opened;
}

void stop_worker_store(Backend *backend) {
    if (backend->opened) {
        stop_writer(backend->opened->writer);
        if (backend->opened->watch) {
            stop_watch(backend->opened->watch);
        }
    }
}

bool close_worker_store(Backend *backend, int64_t deadline) {
    WorkerStore *opened = backend->opened;
    if (opened == nullptr) {
        return true;
    }
    if (!end_writer(opened->writer, deadline)) {
        return false;
    }
    if (opened->watch && !end_watch(opened->watch, deadline)) {
        return false;
    }
    opened->watch = nullptr;
    // What was written last comes back to be freed.
    deliver_all();
    ac_store_close(opened->store);
    free_writer(opened->writer);
    free_lookups(opened->lookups);
    free_reads(opened->reads);
    ngx_free(opened);
    backend->opened = nullptr;
    return true;
}

}  // namespace appcreate::nginx
