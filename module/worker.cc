// What the master loads, and what a worker starts and stops.

#include "metrics.h"
#include "threads.h"

namespace appcreate::nginx {
namespace {

MainConf *cycle_conf(ngx_cycle_t *cycle) {
    // A configuration without http{} has none.
    return static_cast<MainConf *>(ngx_http_cycle_get_module_main_conf(cycle, ngx_http_app_create_module));
}

// The first requests would wait for the store's file.
void warm(void *data, ngx_log_t *) { (void)ac_store_warm(static_cast<ac_store *>(data), nullptr); }

void warmed(void *) {}

}  // namespace

// Before the first fork, so that workers share what is loaded here: each would spend some 200 ms on it at every reload.
ngx_int_t warm_master(ngx_cycle_t *cycle) {
    MainConf *conf = cycle_conf(cycle);
    if (conf != nullptr && conf->backends.nelts != 0 && ngx_test_config == 0) {
        // a failure shows, and is tried again, where a name needs it
        (void)ac_warm(nullptr);
    }
    return NGX_OK;
}

ngx_int_t init_worker(ngx_cycle_t *cycle) {
    MainConf *conf = cycle_conf(cycle);
    if (conf && (ngx_process == NGX_PROCESS_WORKER || is_single_process())) {
        take_metrics(cycle, conf);
    }
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
        WorkerStore *opened = get_worker_store(backend[i]);
        if (opened == nullptr || run_on_thread(backend[i]->pool, opened->store, warm, warmed) != NGX_OK) {
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
    stop_answering();
    auto **backend = static_cast<Backend **>(conf->backends.elts);
    // A store ends what it is at within its timeout. All of them do so at the same time.
    ngx_msec_t limit = 0;
    for (ngx_uint_t i = 0; i < conf->backends.nelts; i++) {
        limit = ngx_max(limit, backend[i]->timeout + 1000);
        stop_worker_store(backend[i]);
    }
    int64_t deadline = deadline_in(limit);
    bool ended = end_tasks(deadline);
    // A fast shutdown may have left news undelivered.
    deliver_all();
    // Look-ups that are out may be of any store.
    bool all = ended;
    for (ngx_uint_t i = 0; i < conf->backends.nelts && ended; i++) {
        all = close_worker_store(backend[i], deadline) && all;
    }
    if (!all) {
        // What it uses stays for as long as the process does.
        ngx_log_error(NGX_LOG_ALERT, cycle->log, 0, "a thread of app_create is at work still, its store stays open");
        return;
    }
    // Closing a store may have had something to say, and that is counted.
    close_mailbox();
    leave_metrics();
}

}  // namespace appcreate::nginx
