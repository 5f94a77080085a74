// What the configuration says, and every mistake in it that can be found without contacting a store.

#include "module.h"

namespace app_create {
namespace {

char *taken() { return static_cast<char *>(NGX_CONF_OK); }

char *failed() { return static_cast<char *>(NGX_CONF_ERROR); }

char *fail(ngx_conf_t *cf, const char *what) {
    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "%s", what);
    return failed();
}

char *duplicate() { return const_cast<char *>("is duplicate"); }

Place place_of(ngx_conf_t *cf) { return {cf->conf_file->file.name.data, cf->conf_file->line}; }

void free_uri(void *data) { ac_uri_free(static_cast<ac_uri *>(data)); }

ngx_str_t *args(ngx_conf_t *cf) { return static_cast<ngx_str_t *>(cf->args->elts); }

// An argument of nothing but blanks: what a template leaves where its value is missing.
bool has_blank(ngx_conf_t *cf) {
    for (ngx_uint_t i = 1; i < cf->args->nelts; i++) {
        const ngx_str_t &arg = args(cf)[i];
        size_t blanks = 0;
        while (blanks < arg.len &&
               (arg.data[blanks] == ' ' || (arg.data[blanks] >= '\t' && arg.data[blanks] <= '\r'))) {
            blanks++;
        }
        if (blanks == arg.len) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "empty parameter of \"%V\"", &args(cf)[0]);
            return true;
        }
    }
    return false;
}

// ---- app_create $organization_id;

// What no request can name is a slip of the configuration.
bool is_id_or_slug(const ngx_str_t &s) {
    for (size_t i = 0; i < s.len; i++) {
        u_char c = static_cast<u_char>(s.data[i] | 0x20);
        if (!(c >= 'a' && c <= 'z') && !(s.data[i] >= '0' && s.data[i] <= '9') && s.data[i] != '-') {
            return false;
        }
    }
    return s.len >= 3;
}

char *set_app_create(ngx_conf_t *cf, ngx_command_t *, void *data) {
    auto *conf = static_cast<LocConf *>(data);
    if (conf->organization) {
        return duplicate();
    }
    if (has_blank(cf)) {
        return failed();
    }
    conf->organization = static_cast<ngx_http_complex_value_t *>(ngx_palloc(cf->pool, sizeof(*conf->organization)));
    if (conf->organization == nullptr) {
        return failed();
    }
    ngx_http_compile_complex_value_t compile = {};
    compile.cf = cf;
    compile.value = &args(cf)[1];
    compile.complex_value = conf->organization;
    if (ngx_http_compile_complex_value(&compile) != NGX_OK) {
        return failed();
    }
    if (conf->organization->lengths == nullptr && !is_id_or_slug(args(cf)[1])) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" in \"app_create\" is neither an organization's id nor its slug, take it from "
                           "the location as in \"app_create $organization_id\"",
                           &args(cf)[1]);
        return failed();
    }

    conf->place = place_of(cf);
    conf->core = static_cast<ngx_http_core_loc_conf_t *>(ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module));
    conf->server = static_cast<ngx_http_core_srv_conf_t *>(ngx_http_conf_get_module_srv_conf(cf, ngx_http_core_module));
    // The one that comes later would win without a word.
    if (conf->core->handler) {
        return fail(cf, shared_location);
    }
    conf->core->handler = content_handler;

    // Pages of outer levels do not apply here. In every nginx a location inherits a list only while it has none
    // (ngx_http_core_merge_loc_conf), "error_page" adds to the one that is there, and an empty one names no page
    // (ngx_http_special_response_handler, ngx_http_upstream_intercept_errors).
    if (conf->core->error_pages == nullptr) {
        conf->core->error_pages = ngx_array_create(cf->pool, 1, sizeof(ngx_http_err_page_t));
        if (conf->core->error_pages == nullptr) {
            return failed();
        }
    }
    return taken();
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

// "nginx -T", a support request, a repository of configurations: all of them show what stands here.
bool has_password(const ngx_str_t &uri) {
    const u_char *end = uri.data + uri.len;
    const u_char *at = uri.data;
    while (at < end && *at != '@') {
        at++;
    }
    if (at == end || uri.len <= 7 || ngx_strncmp(uri.data, "mongodb", 7) != 0) {
        return false;
    }
    // The scheme has a colon of its own.
    ngx_uint_t colons = 0;
    for (const u_char *p = uri.data; p < at; p++) {
        colons += *p == ':';
    }
    return colons > 1;
}

char *set_store(ngx_conf_t *cf, ngx_command_t *, void *data) {
    auto *conf = static_cast<LocConf *>(data);
    if (conf->store) {
        return duplicate();
    }
    if (has_blank(cf)) {
        return failed();
    }
    ngx_pool_cleanup_t *cln = ngx_pool_cleanup_add(cf->pool, 0);
    auto *store = static_cast<StoreUri *>(ngx_pcalloc(cf->pool, sizeof(StoreUri)));
    if (cln == nullptr || store == nullptr) {
        return failed();
    }

    ac_error error;
    if (ac_uri_parse(to_ac(args(cf)[1]), &store->uri, &error) != AC_OK) {
        return fail(cf, error.message);
    }
    cln->handler = free_uri;
    cln->data = store->uri;
    store->text = args(cf)[1];
    store->place = place_of(cf);
    if (has_password(store->text)) {
        ngx_conf_log_error(
            NGX_LOG_WARN, cf, 0,
            "password in \"app_create_store\", which \"nginx -T\" shows: write the URI into a file that "
            "root alone can read, and name that as in \"app_create_store file:/etc/nginx/app-create.uri\"");
    }
    conf->store = store;
    return keep_environment(cf, args(cf)[1]) == NGX_OK ? taken() : failed();
}

// ---- app_create_key_cache zone=NAME:SIZE [valid=30s] [invalid=5s];

char *set_key_zone(ngx_conf_t *cf, MainConf *conf, ngx_str_t value) {
    u_char *colon = ngx_strlchr(value.data, value.data + value.len, ':');
    if (colon == nullptr || colon == value.data || *value.data == ' ') {
        return fail(cf, "invalid \"zone\" in \"app_create_key_cache\", it must be zone=NAME:SIZE");
    }
    ngx_str_t name = {static_cast<size_t>(colon - value.data), value.data};
    ngx_str_t text = {static_cast<size_t>(value.data + value.len - colon - 1), colon + 1};
    ssize_t size = ngx_parse_size(&text);
    if (size == NGX_ERROR) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "invalid zone size \"%V\" in \"app_create_key_cache\"", &text);
        return failed();
    }
    if (size < static_cast<ssize_t>(8 * ngx_pagesize)) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "zone \"%V\" of \"app_create_key_cache\" is too small, give it a size of %uzk or more",
                           &name, static_cast<size_t>(8 * ngx_pagesize / 1024));
        return failed();
    }
    return add_key_zone(cf, conf, &name, static_cast<size_t>(size)) == NGX_OK ? taken() : failed();
}

constexpr ngx_int_t longest_valid = 24 * 60 * 60 * 1000;

char *set_key_cache(ngx_conf_t *cf, ngx_command_t *, void *data) {
    auto *conf = static_cast<MainConf *>(data);
    if (conf->keys) {
        return duplicate();
    }
    if (has_blank(cf)) {
        return failed();
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
                return failed();
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
                if (*time.time != NGX_CONF_UNSET_MSEC) {
                    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "duplicate parameter \"%V\" in \"app_create_key_cache\"",
                                       &arg);
                    return failed();
                }
                if (ms > longest_valid) {
                    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                                       "\"%V\" in \"app_create_key_cache\" is too long, a revoked key would work as "
                                       "long: give it 1d or less",
                                       &arg);
                    return failed();
                }
                *time.time = static_cast<ngx_msec_t>(ms);
                known = true;
            }
        }
        if (!known) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "invalid parameter \"%V\" in \"app_create_key_cache\"", &arg);
            return failed();
        }
    }
    if (conf->keys == nullptr) {
        return fail(cf, "\"app_create_key_cache\" must have the \"zone\" parameter");
    }
    return taken();
}

// ---- app_create_thread_pool NAME;

char *set_thread_pool(ngx_conf_t *cf, ngx_command_t *, void *data) {
    auto *conf = static_cast<LocConf *>(data);
    if (conf->pool) {
        return duplicate();
    }
    if (has_blank(cf)) {
        return failed();
    }
    // A name that no "thread_pool" declares fails when nginx has read all of the configuration.
    conf->pool = ngx_thread_pool_add(cf, &args(cf)[1]);
    return conf->pool ? taken() : failed();
}

// ---- app_create_queue N [SIZE];

char *set_queue(ngx_conf_t *cf, ngx_command_t *, void *data) {
    auto *conf = static_cast<LocConf *>(data);
    if (conf->queue_number != NGX_CONF_UNSET_UINT) {
        return duplicate();
    }
    if (has_blank(cf)) {
        return failed();
    }
    ngx_int_t number = ngx_atoi(args(cf)[1].data, args(cf)[1].len);
    if (number == NGX_ERROR || number == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "invalid number \"%V\" in \"app_create_queue\", it must be 1 or more",
                           &args(cf)[1]);
        return failed();
    }
    conf->queue_number = static_cast<ngx_uint_t>(number);
    if (cf->args->nelts == 3) {
        ssize_t size = ngx_parse_size(&args(cf)[2]);
        if (size == NGX_ERROR || size == 0) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "invalid size \"%V\" in \"app_create_queue\"", &args(cf)[2]);
            return failed();
        }
        conf->queue_bytes = static_cast<size_t>(size);
    }
    return taken();
}

// ---- app_create_fallback @NAME;

char *set_fallback(ngx_conf_t *cf, ngx_command_t *, void *data) {
    auto *conf = static_cast<LocConf *>(data);
    if (conf->fallback.data) {
        return duplicate();
    }
    if (has_blank(cf)) {
        return failed();
    }
    if (args(cf)[1].len < 2 || args(cf)[1].data[0] != '@') {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" in \"app_create_fallback\" is not a named location, it must start with \"@\"",
                           &args(cf)[1]);
        return failed();
    }
    conf->fallback = args(cf)[1];
    conf->fallback_place = place_of(cf);
    return taken();
}

// ---- app_create_realm STRING;

char *check_realm(ngx_conf_t *cf, void *, void *data) {
    auto *realm = static_cast<ngx_str_t *>(data);
    for (size_t i = 0; i < realm->len; i++) {
        if (realm->data[i] < 0x20 || realm->data[i] == 0x7f) {
            return fail(cf, "control character in \"app_create_realm\"");
        }
    }
    return taken();
}

ngx_conf_post_t realm_post = {check_realm};

char *set_realm(ngx_conf_t *cf, ngx_command_t *cmd, void *data) {
    return has_blank(cf) ? failed() : ngx_conf_set_str_slot(cf, cmd, data);
}

// ---- app_create_timeout TIME;

// A worker that stops or is reloaded stays as long for each request, and no client waits longer: the timeouts of
// proxies and of nginx itself are a minute.
constexpr ngx_msec_t longest_timeout = 60000;

char *check_timeout(ngx_conf_t *cf, void *, void *data) {
    ngx_msec_t timeout = *static_cast<ngx_msec_t *>(data);
    if (timeout == 0 || timeout > longest_timeout) {
        return fail(cf, "\"app_create_timeout\" must be more than 0 and at most 60s");
    }
    return taken();
}

ngx_conf_post_t timeout_post = {check_timeout};

char *set_timeout(ngx_conf_t *cf, ngx_command_t *cmd, void *data) {
    return has_blank(cf) ? failed() : ngx_conf_set_msec_slot(cf, cmd, data);
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
     set_timeout, NGX_HTTP_LOC_CONF_OFFSET, offsetof(LocConf, timeout), &timeout_post},
    {ngx_string("app_create_fallback"), NGX_HTTP_LOC_CONF | NGX_CONF_TAKE1, set_fallback, NGX_HTTP_LOC_CONF_OFFSET, 0,
     nullptr},
    {ngx_string("app_create_realm"), NGX_HTTP_MAIN_CONF | NGX_HTTP_SRV_CONF | NGX_HTTP_LOC_CONF | NGX_CONF_TAKE1,
     set_realm, NGX_HTTP_LOC_CONF_OFFSET, offsetof(LocConf, realm), &realm_post},
    ngx_null_command,
};

}  // namespace app_create
