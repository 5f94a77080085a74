// What a worker starts and stops.

#include "module.h"

namespace app_create {
namespace {

bool is_worker() { return ngx_process == NGX_PROCESS_WORKER || ngx_process == NGX_PROCESS_SINGLE; }

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
    if (!is_worker() || conf == nullptr || conf->backends.nelts == 0) {
        return NGX_OK;
    }
    if (open_mailbox(cycle) != NGX_OK) {
        return NGX_ERROR;
    }
    auto **backend = static_cast<Backend **>(conf->backends.elts);
    for (ngx_uint_t i = 0; i < conf->backends.nelts; i++) {
        Dispatch *dispatch = get_dispatch(backend[i]);
        if (dispatch == nullptr || run_on_thread(backend[i]->pool, dispatch_store(dispatch), warm, warmed) != NGX_OK) {
            ngx_log_error(NGX_LOG_ERR, cycle->log, 0, "app_create_store \"%V\" not warmed", &backend[i]->name);
        }
    }
    return NGX_OK;
}

void exit_worker(ngx_cycle_t *cycle) {
    MainConf *conf = cycle_conf(cycle);
    if (!is_worker() || conf == nullptr) {
        return;
    }
    // From here on nothing is at work any more. A fast shutdown may have left news undelivered.
    end_dispatching();
    deliver_all();
    auto **backend = static_cast<Backend **>(conf->backends.elts);
    for (ngx_uint_t i = 0; i < conf->backends.nelts; i++) {
        close_dispatch(backend[i]);
    }
    // Last: closing a store may have had something to say.
    close_mailbox();
}

}  // namespace app_create
