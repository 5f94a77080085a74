// What can be said of the configuration only when all of it has been read.

#include "identity.h"
#include "metrics.h"

namespace appcreate::nginx {
namespace {

// Angie from 1.3 on keeps beside each named location's name a pointer to the location itself.
const ngx_http_core_loc_conf_t *conf_of(const ngx_http_core_loc_conf_t *named) { return named; }
template <typename Named>
const ngx_http_core_loc_conf_t *conf_of(const Named *named) {
    return named->conf;
}

const ngx_http_core_loc_conf_t *find_named_location(const LocConf *conf) {
    for (auto **named = conf->server->named_locations; named && *named; named++) {
        if ((*named)->name.len == conf->fallback.len &&
            ngx_strncmp((*named)->name.data, conf->fallback.data, conf->fallback.len) == 0) {
            return conf_of(*named);
        }
    }
    return nullptr;
}

bool creates(const ngx_http_core_loc_conf_t *location) {
    return static_cast<LocConf *>(location->loc_conf[ngx_http_app_create_module.ctx_index])->organization;
}

ngx_int_t check_fallback(ngx_conf_t *cf, const LocConf *conf) {
    const ngx_http_core_loc_conf_t *named = find_named_location(conf);
    if (named && !creates(named)) {
        return NGX_OK;
    }
    ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                  named ? "named location \"%V\" of \"app_create_fallback\" has \"app_create\" itself in %s:%ui"
                        : "no named location \"%V\" for \"app_create_fallback\" in %s:%ui",
                  &conf->fallback, conf->at.file, conf->at.line);
    return NGX_ERROR;
}

ngx_int_t check_locations(ngx_conf_t *cf, MainConf *main) {
    auto **location = static_cast<LocConf **>(main->locations.elts);
    for (ngx_uint_t i = 0; i < main->locations.nelts; i++) {
        const LocConf *conf = location[i];
        if (conf->core->handler != content_handler) {
            ngx_log_error(NGX_LOG_EMERG, cf->log, 0, "%s in %s:%ui", kSharedLocation, conf->at.file, conf->at.line);
            return NGX_ERROR;
        }
        // The state of its organization is with the key.
        if (conf->show && conf->identity) {
            ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                          "\"app_create_show\" needs API keys and has \"app_create_identity\" beside it, set "
                          "\"app_create_show off\" in %s:%ui",
                          conf->at.file, conf->at.line);
            return NGX_ERROR;
        }
        if (conf->fallback.len && check_fallback(cf, conf) != NGX_OK) {
            return NGX_ERROR;
        }
        if (check_identity(cf, conf) != NGX_OK) {
            return NGX_ERROR;
        }
    }
    return NGX_OK;
}

ngx_int_t check_watching(ngx_conf_t *cf, MainConf *main) {
    auto **location = static_cast<LocConf **>(main->watching.elts);
    for (ngx_uint_t i = 0; i < main->watching.nelts; i++) {
        const LocConf *conf = location[i];
        const char *name = conf->watching == metrics_handler ? "app_create_metrics" : "app_create_health";
        if (conf->core->handler != conf->watching) {
            ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                          "\"%s\" shares its location with another content handler, give it a location of its own "
                          "in %s:%ui",
                          name, conf->at.file, conf->at.line);
            return NGX_ERROR;
        }
        if (main->locations.nelts == 0) {
            ngx_log_error(NGX_LOG_WARN, cf->log, 0, "\"%s\" without \"app_create\" has nothing to tell in %s:%ui", name,
                          conf->at.file, conf->at.line);
        }
    }
    auto **backend = static_cast<Backend **>(main->backends.elts);
    for (ngx_uint_t i = 0; i < main->backends.nelts; i++) {
        backend[i]->watched = main->watching.nelts != 0;
    }
    return NGX_OK;
}

// One that neither its location nor a location inside takes does nothing.
void warn_of_lone_fallbacks(ngx_conf_t *cf, MainConf *main) {
    auto **alone = static_cast<LocConf **>(main->fallbacks.elts);
    auto **location = static_cast<LocConf **>(main->locations.elts);
    for (ngx_uint_t i = 0; i < main->fallbacks.nelts; i++) {
        ngx_uint_t k = 0;
        while (k < main->locations.nelts && location[k]->fallback.data != alone[i]->fallback.data) {
            k++;
        }
        if (k == main->locations.nelts) {
            ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                          "\"app_create_fallback\" without \"app_create\" has no effect in %s:%ui",
                          alone[i]->fallback_at.file, alone[i]->fallback_at.line);
        }
    }
}

// A store that waits for its disk must not keep static files waiting.
void warn_of_shared_pools(ngx_conf_t *cf, MainConf *main) {
    auto **location = static_cast<LocConf **>(main->locations.elts);
    auto **pool = static_cast<ngx_thread_pool_t **>(main->aio_pools.elts);
    const ngx_thread_pool_t *warned = nullptr;
    for (ngx_uint_t i = 0; i < main->locations.nelts; i++) {
        for (ngx_uint_t k = 0; k < main->aio_pools.nelts; k++) {
            if (location[i]->pool == pool[k] && pool[k] != warned) {
                warned = pool[k];
                ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                              "app_create_store \"%V\" shares its thread pool with \"aio threads\", "
                              "declare one of its own with \"thread_pool\" and \"app_create_thread_pool\"",
                              &location[i]->backend->name);
                break;
            }
        }
    }
}

ngx_int_t add_phase_handler(ngx_http_core_main_conf_t *cmcf, ngx_http_phases phase, ngx_http_handler_pt handler) {
    auto *slot = static_cast<ngx_http_handler_pt *>(ngx_array_push(&cmcf->phases[phase].handlers));
    if (slot == nullptr) {
        return NGX_ERROR;
    }
    *slot = handler;
    return NGX_OK;
}

}  // namespace

void say_what_starts(ngx_log_t *log, const MainConf *conf) {
    if (ngx_test_config) {
        return;
    }
    auto **backend = static_cast<Backend **>(conf->backends.elts);
    for (ngx_uint_t i = 0; i < conf->backends.nelts; i++) {
        ngx_log_error(NGX_LOG_NOTICE, log, 0, "nginx-app-create %s for " NGINX_VER " uses app_create_store \"%V\"",
                      ac_version(), &backend[i]->name);
    }
}

ngx_int_t postconfiguration(ngx_conf_t *cf) {
    MainConf *main = main_conf_of(cf);
    warn_of_lone_fallbacks(cf, main);
    // Before the rest: a log may ask for our variable where no location is ours.
    ngx_str_t request_id = ngx_string("request_id");
    main->request_id_index = ngx_http_get_variable_index(cf, &request_id);
    if (main->request_id_index == NGX_ERROR) {
        return NGX_ERROR;
    }
    if (check_watching(cf, main) != NGX_OK) {
        return NGX_ERROR;
    }
    if (main->locations.nelts == 0) {
        return main->watching.nelts ? add_metrics_zone(cf, main) : NGX_OK;
    }
    if (check_locations(cf, main) != NGX_OK || add_default_zones(cf, main) != NGX_OK ||
        add_metrics_zone(cf, main) != NGX_OK) {
        return NGX_ERROR;
    }
    warn_of_shared_pools(cf, main);

    auto *cmcf = static_cast<ngx_http_core_main_conf_t *>(ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module));
    if (add_phase_handler(cmcf, NGX_HTTP_ACCESS_PHASE, access_handler) != NGX_OK ||
        add_phase_handler(cmcf, NGX_HTTP_PRECONTENT_PHASE, precontent_handler) != NGX_OK ||
        add_phase_handler(cmcf, NGX_HTTP_LOG_PHASE, count_request) != NGX_OK) {
        return NGX_ERROR;
    }
    return NGX_OK;
}

}  // namespace appcreate::nginx
