// app_create_metrics; and app_create_health [live|ready];

#include "directives.h"
#include "metrics.h"

namespace appcreate::nginx {
namespace {

char *take_location(ngx_conf_t *cf, LocConf *conf, ngx_http_handler_pt handler) {
    auto *clcf = static_cast<ngx_http_core_loc_conf_t *>(ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module));
    if (conf->watching) {
        return duplicate();
    }
    if (clcf->handler) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" shares its location with another content handler, give it a location of its own",
                           &args(cf)[0]);
        return failed();
    }
    MainConf *main = main_conf_of(cf);
    auto **watching = static_cast<LocConf **>(ngx_array_push(&main->watching));
    if (watching == nullptr) {
        return failed();
    }
    *watching = conf;
    conf->watching = handler;
    conf->core = clcf;
    conf->at = conf_line(cf);
    clcf->handler = handler;
    return taken();
}

}  // namespace

char *set_metrics(ngx_conf_t *cf, ngx_command_t *, void *data) {
    return take_location(cf, static_cast<LocConf *>(data), metrics_handler);
}

char *set_health(ngx_conf_t *cf, ngx_command_t *, void *data) {
    bool live = false;
    if (cf->args->nelts == 2) {
        const ngx_str_t &what = args(cf)[1];
        live = what.len == 4 && ngx_strncmp(what.data, "live", 4) == 0;
        if (!live && (what.len != 5 || ngx_strncmp(what.data, "ready", 5) != 0)) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid parameter \"%V\" in \"app_create_health\", it must be \"live\" or \"ready\"",
                               &what);
            return failed();
        }
    }
    return take_location(cf, static_cast<LocConf *>(data), live ? live_handler : ready_handler);
}

}  // namespace appcreate::nginx
