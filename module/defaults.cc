// What holds where the configuration says nothing: defaults, and what inner levels take over from outer ones.

#include "defaults.h"

#include "identity.h"
#include "limit.h"

namespace appcreate::nginx {
namespace {

char *merge_location(ngx_conf_t *cf, LocConf *conf, ngx_http_core_loc_conf_t *clcf) {
    MainConf *main = main_conf_of(cf);
    if (conf->store == nullptr) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0, "\"app_create\" has no store, add \"app_create_store\" in %s:%ui",
                      conf->at.file, conf->at.line);
        return static_cast<char *>(NGX_CONF_ERROR);
    }
    // No limit means defaults::kMaxBody here: a body of any length would have to be kept somewhere. Core looks at its
    // own value wherever a body arrives (HTTP/1, chunked, HTTP/2, HTTP/3), so it is this one that changes. It is final
    // by now and the location's alone: in every nginx the core module, the first one, is merged for all locations,
    // nested ones included, before a module after it is merged for any (ngx_http_block).
    if (clcf->client_max_body_size == 0) {
        clcf->client_max_body_size = defaults::kMaxBody;
    }
    if (clcf->client_max_body_size > static_cast<off_t>(conf->queue_bytes)) {
        ngx_log_error(
            NGX_LOG_WARN, cf->log, 0,
            "\"client_max_body_size\" exceeds the size of \"app_create_queue\", larger bodies will be refused "
            "by the latter in %s:%ui",
            conf->at.file, conf->at.line);
    }
    if (conf->gzip && conf->gzip_json) {
        ngx_log_error(
            NGX_LOG_WARN, cf->log, 0,
            "\"gzip\" compresses \"application/json\" in the location of \"app_create\": the length of an answer "
            "tells of its content to whoever can add to it (BREACH), set \"gzip off\" in %s:%ui",
            conf->at.file, conf->at.line);
    }
    if (conf->identity && conf->identity->off) {
        conf->identity = nullptr;
    }
    conf->backend = add_backend(cf, main, conf);
    conf->queue = conf->backend ? add_queue(cf, main, conf) : nullptr;
    auto **location = static_cast<LocConf **>(ngx_array_push(&main->locations));
    if (conf->queue == nullptr || location == nullptr || init_challenges(cf, conf) != NGX_OK) {
        return static_cast<char *>(NGX_CONF_ERROR);
    }
    conf->backend->shown = conf->backend->shown || conf->show;
    *location = conf;
    return static_cast<char *>(NGX_CONF_OK);
}

}  // namespace

MainConf *main_conf_of(ngx_conf_t *cf) {
    return static_cast<MainConf *>(ngx_http_conf_get_module_main_conf(cf, ngx_http_app_create_module));
}

void *create_main_conf(ngx_conf_t *cf) {
    auto *conf = static_cast<MainConf *>(ngx_pcalloc(cf->pool, sizeof(MainConf)));
    if (conf == nullptr || ngx_array_init(&conf->backends, cf->pool, 1, sizeof(Backend *)) != NGX_OK ||
        ngx_array_init(&conf->queues, cf->pool, 1, sizeof(Queue *)) != NGX_OK ||
        ngx_array_init(&conf->locations, cf->pool, 1, sizeof(LocConf *)) != NGX_OK ||
        ngx_array_init(&conf->fallbacks, cf->pool, 1, sizeof(LocConf *)) != NGX_OK ||
        ngx_array_init(&conf->limits, cf->pool, 1, sizeof(LimitZone *)) != NGX_OK ||
        ngx_array_init(&conf->watching, cf->pool, 1, sizeof(LocConf *)) != NGX_OK ||
        ngx_array_init(&conf->aio_pools, cf->pool, 1, sizeof(ngx_thread_pool_t *)) != NGX_OK) {
        return nullptr;
    }
    conf->core = reinterpret_cast<ngx_core_conf_t *>(ngx_get_conf(cf->cycle->conf_ctx, ngx_core_module));
    conf->keys_valid = NGX_CONF_UNSET_MSEC;
    conf->keys_invalid = NGX_CONF_UNSET_MSEC;
    return conf;
}

char *init_main_conf(ngx_conf_t *cf, void *data) {
    // No level is merged into the outermost one.
    read_gzip(cf, static_cast<LocConf *>(ngx_http_conf_get_module_loc_conf(cf, ngx_http_app_create_module)), nullptr);
    auto *conf = static_cast<MainConf *>(data);
    ngx_conf_init_msec_value(conf->keys_valid, defaults::kKeysValid);
    ngx_conf_init_msec_value(conf->keys_invalid, defaults::kKeysInvalid);
    return static_cast<char *>(NGX_CONF_OK);
}

void *create_loc_conf(ngx_conf_t *cf) {
    auto *conf = static_cast<LocConf *>(ngx_pcalloc(cf->pool, sizeof(LocConf)));
    if (conf) {
        conf->queue_number = NGX_CONF_UNSET_UINT;
        conf->queue_bytes = NGX_CONF_UNSET_SIZE;
        conf->timeout = NGX_CONF_UNSET_MSEC;
        conf->show = NGX_CONF_UNSET;
    }
    return conf;
}

char *merge_loc_conf(ngx_conf_t *cf, void *parent, void *child) {
    auto *prev = static_cast<LocConf *>(parent);
    auto *conf = static_cast<LocConf *>(child);
    auto *clcf = static_cast<ngx_http_core_loc_conf_t *>(ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module));

    if (clcf->thread_pool && clcf->aio == NGX_HTTP_AIO_THREADS) {
        auto **pool = static_cast<ngx_thread_pool_t **>(ngx_array_push(&main_conf_of(cf)->aio_pools));
        if (pool == nullptr) {
            return static_cast<char *>(NGX_CONF_ERROR);
        }
        *pool = clcf->thread_pool;
    }

    read_gzip(cf, conf, prev);
    if (conf->identity == nullptr) {
        conf->identity = prev->identity;
    }

    if (conf->fallback.data && conf->organization == nullptr) {
        auto **alone = static_cast<LocConf **>(ngx_array_push(&main_conf_of(cf)->fallbacks));
        if (alone == nullptr) {
            return static_cast<char *>(NGX_CONF_ERROR);
        }
        *alone = conf;
    }

    if (conf->store == nullptr) {
        conf->store = prev->store;
    }
    if (conf->mode == nullptr) {
        conf->mode = prev->mode;
    }
    if (conf->limits == nullptr) {
        conf->limits = prev->limits;
    }
    if (conf->queue_number == NGX_CONF_UNSET_UINT) {
        conf->queue_bytes = prev->queue_bytes;
    }
    ngx_conf_merge_uint_value(conf->queue_number, prev->queue_number, defaults::kQueueNumber);
    ngx_conf_merge_size_value(conf->queue_bytes, static_cast<size_t>(NGX_CONF_UNSET_SIZE), defaults::kQueueBytes);
    ngx_conf_merge_msec_value(conf->timeout, prev->timeout, defaults::kTimeout);
    ngx_conf_merge_value(conf->show, prev->show, 0);
    ngx_conf_merge_str_value(conf->fallback, prev->fallback, "");
    ngx_conf_merge_str_value(conf->realm, prev->realm, APP_CREATE_DEFAULT_REALM);
    if (conf->pool == nullptr) {
        conf->pool = prev->pool;
    }

    // "if" and "limit_except" are nameless locations inside ours, and serve what ours serves.
    if (conf->organization == nullptr && clcf->noname && prev->organization && clcf->handler == nullptr) {
        conf->organization = prev->organization;
        conf->at = prev->at;
        conf->server = prev->server;
        conf->core = clcf;
        clcf->handler = content_handler;
    }
    if (conf->organization == nullptr) {
        return static_cast<char *>(NGX_CONF_OK);
    }
    if (conf->pool == nullptr) {
        conf->pool = ngx_thread_pool_add(cf, nullptr);
        if (conf->pool == nullptr) {
            return static_cast<char *>(NGX_CONF_ERROR);
        }
    }
    return merge_location(cf, conf, clcf);
}

}  // namespace appcreate::nginx
