// Stores: one for each URI of the configuration, and in each worker one handle for all locations that name it.

#include "module.h"

namespace app_create {
namespace {

// Two look-ups, two writers of a server, and what warms it.
constexpr uint32_t threads_of_store = 5;

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
    backend->place = conf->store->place;
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

Dispatch *get_dispatch(Backend *backend) {
    if (backend->dispatch || is_single_process()) {
        return backend->dispatch;
    }

    auto *dispatch = static_cast<Dispatch *>(ngx_calloc(sizeof(Dispatch), ngx_cycle->log));
    if (dispatch == nullptr) {
        return nullptr;
    }
    ac_store_options options = {};
    options.size = sizeof(options);
    options.uri = backend->uri;
    options.timeout_ms = static_cast<int64_t>(backend->timeout);
    options.turn = backend->turn;
    options.log = log_from_thread;
    options.threads = threads_of_store;
    options.flags = AC_STORE_MAINTAIN;

    ac_error error;
    ac_status status;
    {
        // The store has threads of its own.
        SignalsBlocked blocked;
        status = ac_store_open(&options, &dispatch->store, &error);
    }
    if (status != AC_OK) {
        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0, "app_create_store \"%V\": %s", &backend->name, error.message);
        ngx_free(dispatch);
        return nullptr;
    }
    dispatch->backend = backend;
    dispatch->lookups = create_lookups(backend, dispatch->store);
    dispatch->writer = create_writer(backend, dispatch->store);
    if (dispatch->lookups == nullptr || dispatch->writer == nullptr) {
        free_lookups(dispatch->lookups);
        ac_store_close(dispatch->store);
        ngx_free(dispatch);
        return nullptr;
    }
    backend->dispatch = dispatch;
    return dispatch;
}

void stop_dispatch(Backend *backend) {
    if (backend->dispatch) {
        stop_writer(backend->dispatch->writer);
    }
}

bool close_dispatch(Backend *backend, int64_t deadline) {
    Dispatch *dispatch = backend->dispatch;
    if (dispatch == nullptr) {
        return true;
    }
    if (!end_writer(dispatch->writer, deadline)) {
        return false;
    }
    // What was written last comes back to be freed.
    deliver_all();
    ac_store_close(dispatch->store);
    free_writer(dispatch->writer);
    free_lookups(dispatch->lookups);
    ngx_free(dispatch);
    backend->dispatch = nullptr;
    return true;
}

}  // namespace app_create
