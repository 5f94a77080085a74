// What the configuration says, and every mistake in it that can be found without contacting a store.

#include "module.h"

namespace app_create {
namespace {

char *fail(ngx_conf_t *cf, const char *what) {
    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "%s", what);
    return static_cast<char *>(NGX_CONF_ERROR);
}

char *duplicate() { return const_cast<char *>("is duplicate"); }

Place place_of(ngx_conf_t *cf) { return {cf->conf_file->file.name.data, cf->conf_file->line}; }

void free_uri(void *data) { ac_uri_free(static_cast<ac_uri *>(data)); }

ngx_str_t *args(ngx_conf_t *cf) { return static_cast<ngx_str_t *>(cf->args->elts); }

MainConf *main_conf_of(ngx_conf_t *cf) {
    return static_cast<MainConf *>(ngx_http_conf_get_module_main_conf(cf, ngx_http_app_create_module));
}

// ---- app_create $organization_id;

char *set_app_create(ngx_conf_t *cf, ngx_command_t *, void *data) {
    auto *conf = static_cast<LocConf *>(data);
    if (conf->organization) {
        return duplicate();
    }
    conf->organization = static_cast<ngx_http_complex_value_t *>(ngx_palloc(cf->pool, sizeof(*conf->organization)));
    if (conf->organization == nullptr) {
        return static_cast<char *>(NGX_CONF_ERROR);
    }
    ngx_http_compile_complex_value_t compile = {};
    compile.cf = cf;
    compile.value = &args(cf)[1];
    compile.complex_value = conf->organization;
    if (ngx_http_compile_complex_value(&compile) != NGX_OK) {
        return static_cast<char *>(NGX_CONF_ERROR);
    }

    conf->place = place_of(cf);
    conf->core = static_cast<ngx_http_core_loc_conf_t *>(ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module));
    conf->server = static_cast<ngx_http_core_srv_conf_t *>(ngx_http_conf_get_module_srv_conf(cf, ngx_http_core_module));
    // The one that comes later would win without a word.
    if (conf->core->handler) {
        return fail(cf, "\"app_create\" shares its location with another content handler");
    }
    conf->core->handler = content_handler;

    // Pages of outer levels do not apply here: a list of the location's own, to which its error_page adds, stops the
    // inheritance.
    if (conf->core->error_pages == nullptr) {
        conf->core->error_pages = ngx_array_create(cf->pool, 1, sizeof(ngx_http_err_page_t));
        if (conf->core->error_pages == nullptr) {
            return static_cast<char *>(NGX_CONF_ERROR);
        }
    }
    return static_cast<char *>(NGX_CONF_OK);
}

// ---- app_create_store URI;

// "env:NAME" must survive a binary upgrade, which passes on only what the "env" directive lists.
ngx_int_t keep_environment(ngx_conf_t *cf, const ngx_str_t &uri) {
    if (uri.len <= 4 || ngx_strncmp(uri.data, "env:", 4) != 0) {
        return NGX_OK;
    }
    auto *ccf = reinterpret_cast<ngx_core_conf_t *>(ngx_get_conf(cf->cycle->conf_ctx, ngx_core_module));
    auto *name = static_cast<ngx_str_t *>(ngx_array_push(&ccf->env));
    if (name == nullptr) {
        return NGX_ERROR;
    }
    name->len = uri.len - 4;
    name->data = uri.data + 4;
    return NGX_OK;
}

char *set_store(ngx_conf_t *cf, ngx_command_t *, void *data) {
    auto *conf = static_cast<LocConf *>(data);
    if (conf->store) {
        return duplicate();
    }
    ngx_pool_cleanup_t *cln = ngx_pool_cleanup_add(cf->pool, 0);
    auto *store = static_cast<StoreUri *>(ngx_pcalloc(cf->pool, sizeof(StoreUri)));
    if (cln == nullptr || store == nullptr) {
        return static_cast<char *>(NGX_CONF_ERROR);
    }

    ac_error error;
    if (ac_uri_parse(to_ac(args(cf)[1]), &store->uri, &error) != AC_OK) {
        return fail(cf, error.message);
    }
    cln->handler = free_uri;
    cln->data = store->uri;
    store->text = args(cf)[1];
    store->place = place_of(cf);
    conf->store = store;
    return keep_environment(cf, args(cf)[1]) == NGX_OK ? static_cast<char *>(NGX_CONF_OK)
                                                       : static_cast<char *>(NGX_CONF_ERROR);
}

// ---- app_create_key_cache zone=NAME:SIZE [valid=30s] [invalid=5s];

char *set_key_zone(ngx_conf_t *cf, MainConf *conf, ngx_str_t value) {
    u_char *colon = ngx_strlchr(value.data, value.data + value.len, ':');
    if (colon == nullptr || colon == value.data) {
        return fail(cf, "invalid \"zone\" in \"app_create_key_cache\", it must be zone=NAME:SIZE");
    }
    ngx_str_t name = {static_cast<size_t>(colon - value.data), value.data};
    ngx_str_t text = {static_cast<size_t>(value.data + value.len - colon - 1), colon + 1};
    ssize_t size = ngx_parse_size(&text);
    if (size == NGX_ERROR) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "invalid zone size \"%V\" in \"app_create_key_cache\"", &text);
        return static_cast<char *>(NGX_CONF_ERROR);
    }
    if (size < static_cast<ssize_t>(8 * ngx_pagesize)) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "zone \"%V\" of \"app_create_key_cache\" is too small, give it %uz or more", &name,
                           static_cast<size_t>(8 * ngx_pagesize));
        return static_cast<char *>(NGX_CONF_ERROR);
    }
    return add_key_zone(cf, conf, &name, static_cast<size_t>(size)) == NGX_OK ? static_cast<char *>(NGX_CONF_OK)
                                                                              : static_cast<char *>(NGX_CONF_ERROR);
}

char *set_key_cache(ngx_conf_t *cf, ngx_command_t *, void *data) {
    auto *conf = static_cast<MainConf *>(data);
    if (conf->keys) {
        return duplicate();
    }

    for (ngx_uint_t i = 1; i < cf->args->nelts; i++) {
        ngx_str_t arg = args(cf)[i];
        struct {
            ngx_str_t prefix;
            ngx_msec_t *time;
        } times[] = {{ngx_string("valid="), &conf->keys_valid}, {ngx_string("invalid="), &conf->keys_invalid}};

        if (arg.len > 5 && ngx_strncmp(arg.data, "zone=", 5) == 0) {
            if (conf->keys) {
                return fail(cf, "duplicate \"zone\" in \"app_create_key_cache\"");
            }
            if (set_key_zone(cf, conf, {arg.len - 5, arg.data + 5}) != NGX_CONF_OK) {
                return static_cast<char *>(NGX_CONF_ERROR);
            }
            continue;
        }
        bool known = false;
        for (auto &time : times) {
            if (arg.len > time.prefix.len && ngx_strncmp(arg.data, time.prefix.data, time.prefix.len) == 0) {
                ngx_str_t text = {arg.len - time.prefix.len, arg.data + time.prefix.len};
                ngx_int_t ms = ngx_parse_time(&text, 0);
                if (ms == NGX_ERROR) {
                    break;
                }
                *time.time = static_cast<ngx_msec_t>(ms);
                known = true;
            }
        }
        if (!known) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "invalid parameter \"%V\" in \"app_create_key_cache\"", &arg);
            return static_cast<char *>(NGX_CONF_ERROR);
        }
    }
    if (conf->keys == nullptr) {
        return fail(cf, "\"app_create_key_cache\" must have the \"zone\" parameter");
    }
    return static_cast<char *>(NGX_CONF_OK);
}

// ---- app_create_thread_pool NAME;

char *set_thread_pool(ngx_conf_t *cf, ngx_command_t *, void *data) {
    auto *conf = static_cast<LocConf *>(data);
    if (conf->pool) {
        return duplicate();
    }
    // A name that no "thread_pool" declares fails when nginx has read all of the configuration.
    conf->pool = ngx_thread_pool_add(cf, &args(cf)[1]);
    return conf->pool ? static_cast<char *>(NGX_CONF_OK) : static_cast<char *>(NGX_CONF_ERROR);
}

// ---- app_create_queue N [SIZE];

char *set_queue(ngx_conf_t *cf, ngx_command_t *, void *data) {
    auto *conf = static_cast<LocConf *>(data);
    if (conf->queue_number != NGX_CONF_UNSET_UINT) {
        return duplicate();
    }
    ngx_int_t number = ngx_atoi(args(cf)[1].data, args(cf)[1].len);
    if (number == NGX_ERROR || number == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "invalid number \"%V\" in \"app_create_queue\", it must be 1 or more",
                           &args(cf)[1]);
        return static_cast<char *>(NGX_CONF_ERROR);
    }
    conf->queue_number = static_cast<ngx_uint_t>(number);
    if (cf->args->nelts == 3) {
        ssize_t size = ngx_parse_size(&args(cf)[2]);
        if (size == NGX_ERROR || size == 0) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "invalid size \"%V\" in \"app_create_queue\"", &args(cf)[2]);
            return static_cast<char *>(NGX_CONF_ERROR);
        }
        conf->queue_bytes = static_cast<size_t>(size);
    }
    return static_cast<char *>(NGX_CONF_OK);
}

// ---- app_create_fallback @NAME;

char *set_fallback(ngx_conf_t *cf, ngx_command_t *, void *data) {
    auto *conf = static_cast<LocConf *>(data);
    if (conf->fallback.data) {
        return duplicate();
    }
    if (args(cf)[1].len < 2 || args(cf)[1].data[0] != '@') {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" in \"app_create_fallback\" is not a named location, it must start with \"@\"",
                           &args(cf)[1]);
        return static_cast<char *>(NGX_CONF_ERROR);
    }
    conf->fallback = args(cf)[1];
    return static_cast<char *>(NGX_CONF_OK);
}

// ---- app_create_realm STRING;

char *check_realm(ngx_conf_t *cf, void *, void *data) {
    auto *realm = static_cast<ngx_str_t *>(data);
    for (size_t i = 0; i < realm->len; i++) {
        if (realm->data[i] < 0x20 || realm->data[i] == 0x7f) {
            return fail(cf, "control character in \"app_create_realm\"");
        }
    }
    return static_cast<char *>(NGX_CONF_OK);
}

ngx_conf_post_t realm_post = {check_realm};

// ---- app_create_timeout TIME;

char *check_timeout(ngx_conf_t *cf, void *, void *data) {
    if (*static_cast<ngx_msec_t *>(data) == 0) {
        return fail(cf, "\"app_create_timeout\" must be more than 0");
    }
    return static_cast<char *>(NGX_CONF_OK);
}

ngx_conf_post_t timeout_post = {check_timeout};

// ---- merging

bool same_backend(const Backend *a, const LocConf *conf) {
    const ngx_str_t &text = conf->store->text;
    return a->pool == conf->pool && a->timeout == conf->timeout && a->queue_number == conf->queue_number &&
           a->queue_bytes == conf->queue_bytes && a->text.len == text.len &&
           ngx_memcmp(a->text.data, text.data, text.len) == 0;
}

Backend *find_backend(ngx_conf_t *cf, MainConf *main, LocConf *conf) {
    auto **known = static_cast<Backend **>(main->backends.elts);
    for (ngx_uint_t i = 0; i < main->backends.nelts; i++) {
        if (same_backend(known[i], conf)) {
            return known[i];
        }
    }

    auto **slot = static_cast<Backend **>(ngx_array_push(&main->backends));
    auto *backend = static_cast<Backend *>(ngx_pcalloc(cf->pool, sizeof(Backend)));
    if (slot == nullptr || backend == nullptr) {
        return nullptr;
    }
    *slot = backend;
    ac_str text = ac_uri_name(conf->store->uri);
    ngx_str_t name = {text.len, reinterpret_cast<u_char *>(const_cast<char *>(text.data))};
    backend->uri = conf->store->uri;
    backend->text = conf->store->text;
    backend->name = name;
    backend->identity =
        static_cast<uint64_t>(ngx_murmur_hash2(name.data, name.len)) << 32 | ngx_crc32_long(name.data, name.len);
    backend->pool = conf->pool;
    backend->timeout = conf->timeout;
    backend->queue_number = conf->queue_number;
    backend->queue_bytes = conf->queue_bytes;
    backend->place = conf->store->place;
    return backend;
}

ngx_int_t complain(ngx_conf_t *cf, const LocConf *conf, const char *what) {
    ngx_log_error(NGX_LOG_EMERG, cf->log, 0, "\"app_create\" %s in %s:%ui", what, conf->place.file, conf->place.line);
    return NGX_ERROR;
}

char *merge_location(ngx_conf_t *cf, LocConf *conf, ngx_http_core_loc_conf_t *clcf) {
    MainConf *main = main_conf_of(cf);
    if (conf->store == nullptr) {
        complain(cf, conf, "has no store, add \"app_create_store\"");
        return static_cast<char *>(NGX_CONF_ERROR);
    }
    // No limit means 16 MiB here: a body of any length would have to be kept somewhere.
    if (clcf->client_max_body_size == 0) {
        clcf->client_max_body_size = 16 * 1024 * 1024;
    }
    if (clcf->client_max_body_size > static_cast<off_t>(conf->queue_bytes)) {
        ngx_log_error(
            NGX_LOG_WARN, cf->log, 0,
            "\"client_max_body_size\" exceeds the size of \"app_create_queue\", larger bodies will be refused "
            "as if the server were busy in %s:%ui",
            conf->place.file, conf->place.line);
    }
    conf->backend = find_backend(cf, main, conf);
    auto **location = static_cast<LocConf **>(ngx_array_push(&main->locations));
    if (conf->backend == nullptr || location == nullptr || init_challenges(cf, conf) != NGX_OK) {
        return static_cast<char *>(NGX_CONF_ERROR);
    }
    *location = conf;
    return static_cast<char *>(NGX_CONF_OK);
}

// ---- after all is read

bool has_named_location(const LocConf *conf) {
    ngx_http_core_loc_conf_t **named = conf->server->named_locations;
    for (; named && *named; named++) {
        if ((*named)->name.len == conf->fallback.len &&
            ngx_strncmp((*named)->name.data, conf->fallback.data, conf->fallback.len) == 0) {
            return true;
        }
    }
    return false;
}

ngx_int_t check_locations(ngx_conf_t *cf, MainConf *main) {
    auto **location = static_cast<LocConf **>(main->locations.elts);
    for (ngx_uint_t i = 0; i < main->locations.nelts; i++) {
        const LocConf *conf = location[i];
        if (conf->core->handler != content_handler) {
            return complain(cf, conf, "shares its location with another content handler");
        }
        if (conf->fallback.len && !has_named_location(conf)) {
            ngx_log_error(NGX_LOG_EMERG, cf->log, 0, "no named location \"%V\" for \"app_create_fallback\" in %s:%ui",
                          &conf->fallback, conf->place.file, conf->place.line);
            return NGX_ERROR;
        }
    }
    return NGX_OK;
}

// A store that waits for its disk must not keep static files waiting.
void warn_of_shared_pools(ngx_conf_t *cf, MainConf *main) {
    auto **backend = static_cast<Backend **>(main->backends.elts);
    auto **pool = static_cast<ngx_thread_pool_t **>(main->aio_pools.elts);
    for (ngx_uint_t i = 0; i < main->backends.nelts; i++) {
        for (ngx_uint_t k = 0; k < main->aio_pools.nelts; k++) {
            if (backend[i]->pool == pool[k]) {
                ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                              "app_create_store \"%V\" shares its thread pool with \"aio threads\", "
                              "declare one of its own with \"thread_pool\" and \"app_create_thread_pool\"",
                              &backend[i]->name);
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

ngx_command_t commands[] = {
    {ngx_string("app_create"), NGX_HTTP_LOC_CONF | NGX_CONF_TAKE1, set_app_create, NGX_HTTP_LOC_CONF_OFFSET, 0,
     nullptr},
    {ngx_string("app_create_store"), NGX_HTTP_MAIN_CONF | NGX_HTTP_SRV_CONF | NGX_HTTP_LOC_CONF | NGX_CONF_TAKE1,
     set_store, NGX_HTTP_LOC_CONF_OFFSET, 0, nullptr},
    {ngx_string("app_create_key_cache"), NGX_HTTP_MAIN_CONF | NGX_CONF_TAKE123, set_key_cache,
     NGX_HTTP_MAIN_CONF_OFFSET, 0, nullptr},
    {ngx_string("app_create_thread_pool"), NGX_HTTP_MAIN_CONF | NGX_HTTP_SRV_CONF | NGX_HTTP_LOC_CONF | NGX_CONF_TAKE1,
     set_thread_pool, NGX_HTTP_LOC_CONF_OFFSET, 0, nullptr},
    {ngx_string("app_create_queue"), NGX_HTTP_MAIN_CONF | NGX_HTTP_SRV_CONF | NGX_HTTP_LOC_CONF | NGX_CONF_TAKE12,
     set_queue, NGX_HTTP_LOC_CONF_OFFSET, 0, nullptr},
    {ngx_string("app_create_timeout"), NGX_HTTP_MAIN_CONF | NGX_HTTP_SRV_CONF | NGX_HTTP_LOC_CONF | NGX_CONF_TAKE1,
     ngx_conf_set_msec_slot, NGX_HTTP_LOC_CONF_OFFSET, offsetof(LocConf, timeout), &timeout_post},
    {ngx_string("app_create_fallback"), NGX_HTTP_LOC_CONF | NGX_CONF_TAKE1, set_fallback, NGX_HTTP_LOC_CONF_OFFSET, 0,
     nullptr},
    {ngx_string("app_create_realm"), NGX_HTTP_MAIN_CONF | NGX_HTTP_SRV_CONF | NGX_HTTP_LOC_CONF | NGX_CONF_TAKE1,
     ngx_conf_set_str_slot, NGX_HTTP_LOC_CONF_OFFSET, offsetof(LocConf, realm), &realm_post},
    ngx_null_command,
};

void *create_main_conf(ngx_conf_t *cf) {
    auto *conf = static_cast<MainConf *>(ngx_pcalloc(cf->pool, sizeof(MainConf)));
    if (conf == nullptr || ngx_array_init(&conf->backends, cf->pool, 1, sizeof(Backend *)) != NGX_OK ||
        ngx_array_init(&conf->locations, cf->pool, 1, sizeof(LocConf *)) != NGX_OK ||
        ngx_array_init(&conf->aio_pools, cf->pool, 1, sizeof(ngx_thread_pool_t *)) != NGX_OK) {
        return nullptr;
    }
    conf->core = reinterpret_cast<ngx_core_conf_t *>(ngx_get_conf(cf->cycle->conf_ctx, ngx_core_module));
    conf->keys_valid = 30000;
    conf->keys_invalid = 5000;
    return conf;
}

void *create_loc_conf(ngx_conf_t *cf) {
    auto *conf = static_cast<LocConf *>(ngx_pcalloc(cf->pool, sizeof(LocConf)));
    if (conf) {
        conf->queue_number = NGX_CONF_UNSET_UINT;
        conf->queue_bytes = NGX_CONF_UNSET_SIZE;
        conf->timeout = NGX_CONF_UNSET_MSEC;
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

    if (conf->store == nullptr) {
        conf->store = prev->store;
    }
    if (conf->queue_number == NGX_CONF_UNSET_UINT) {
        conf->queue_bytes = prev->queue_bytes;
    }
    ngx_conf_merge_uint_value(conf->queue_number, prev->queue_number, 4096);
    ngx_conf_merge_size_value(conf->queue_bytes, static_cast<size_t>(NGX_CONF_UNSET_SIZE), 64 * 1024 * 1024);
    ngx_conf_merge_msec_value(conf->timeout, prev->timeout, 3000);
    ngx_conf_merge_str_value(conf->fallback, prev->fallback, "");
    ngx_conf_merge_str_value(conf->realm, prev->realm, "applications");
    if (conf->pool == nullptr) {
        conf->pool = prev->pool;
    }

    // "if" and "limit_except" are nameless locations inside ours, and serve what ours serves.
    if (conf->organization == nullptr && clcf->noname && prev->organization && clcf->handler == nullptr) {
        conf->organization = prev->organization;
        conf->place = prev->place;
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

ngx_int_t postconfiguration(ngx_conf_t *cf) {
    MainConf *main = main_conf_of(cf);
    if (main->locations.nelts == 0) {
        return NGX_OK;
    }
    if (check_locations(cf, main) != NGX_OK || add_default_zones(cf, main) != NGX_OK) {
        return NGX_ERROR;
    }
    warn_of_shared_pools(cf, main);

    ngx_str_t request_id = ngx_string("request_id");
    main->request_id_index = ngx_http_get_variable_index(cf, &request_id);
    if (main->request_id_index == NGX_ERROR) {
        return NGX_ERROR;
    }

    auto *cmcf = static_cast<ngx_http_core_main_conf_t *>(ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module));
    if (add_phase_handler(cmcf, NGX_HTTP_ACCESS_PHASE, access_handler) != NGX_OK ||
        add_phase_handler(cmcf, NGX_HTTP_PRECONTENT_PHASE, precontent_handler) != NGX_OK) {
        return NGX_ERROR;
    }
    return NGX_OK;
}

}  // namespace app_create
