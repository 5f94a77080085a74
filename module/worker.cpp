// What a worker starts and stops.

#include "module.h"

namespace app_create {
namespace {

MainConf *cycle_conf(ngx_cycle_t *cycle) {
    // A configuration without http{} has none.
    return static_cast<MainConf *>(ngx_http_cycle_get_module_main_conf(cycle, ngx_http_app_create_module));
}

// The first requests would wait for the store's file and for ICU's rules, some 100 ms.
void warm(void *data, ngx_log_t *) { (void)ac_store_warm(static_cast<ac_store *>(data), nullptr); }

void warmed(void *) {}

}  // namespace

ngx_int_t init_worker(ngx_cycle_t *cycle) {
    MainConf *conf = cycle_conf(cycle);
    if (conf == nullptr || conf->backends.nelts == 0) {
        return NGX_OK;
    }
    if (is_single_process()) {
        // A reload gives this process another configuration in place of the one that holds the stores, without a word
        // to modules; nothing could ever be closed in an order.
        ngx_log_error(NGX_LOG_ERR, cycle->log, 0,
                      "app_create opens no store with \"master_process off\", every create gets 503");
    }
    // Nor do the processes of nginx's cache.
    if (ngx_process != NGX_PROCESS_WORKER) {
        return NGX_OK;
    }
    if (open_mailbox(cycle) != NGX_OK) {
        return NGX_ERROR;
    }
    auto **backend = static_cast<Backend **>(conf->backends.elts);
    for (ngx_uint_t i = 0; i < conf->backends.nelts; i++) {
        Dispatch *dispatch = get_dispatch(backend[i]);
        if (dispatch == nullptr || run_on_thread(backend[i]->pool, dispatch->store, warm, warmed) != NGX_OK) {
            ngx_log_error(NGX_LOG_ERR, cycle->log, 0, "app_create_store \"%V\" not warmed", &backend[i]->name);
        }
    }
    return NGX_OK;
}

void exit_worker(ngx_cycle_t *cycle) {
    MainConf *conf = cycle_conf(cycle);
    if (ngx_process != NGX_PROCESS_WORKER || conf == nullptr) {
        return;
    }
    end_dispatching();
    auto **backend = static_cast<Backend **>(conf->backends.elts);
    // A store ends what it is at within its timeout. All of them do so at the same time.
    ngx_msec_t limit = 0;
    for (ngx_uint_t i = 0; i < conf->backends.nelts; i++) {
        limit = ngx_max(limit, backend[i]->timeout + 1000);
        stop_dispatch(backend[i]);
    }
    int64_t deadline = deadline_in(limit);
    bool ended = end_tasks(deadline);
    // A fast shutdown may have left news undelivered.
    deliver_all();
    // Look-ups that are out may be of any store.
    bool all = ended;
    for (ngx_uint_t i = 0; i < conf->backends.nelts && ended; i++) {
        all = close_dispatch(backend[i], deadline) && all;
    }
    if (!all) {
        // What it uses stays for as long as the process does.
        ngx_log_error(NGX_LOG_ALERT, cycle->log, 0, "a thread of app_create is at work still, its store stays open");
        return;
    }
    // Last: closing a store may have had something to say.
    close_mailbox();
}

}  // namespace app_create
