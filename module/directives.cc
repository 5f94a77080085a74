// What the configuration says, and every mistake in it that can be found without contacting a store.

#include "directives.h"

#include "defaults.h"
#include "identity.h"

namespace appcreate::nginx {

char *fail(ngx_conf_t *cf, const char *what) {
    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "%s", what);
    return failed();
}

ConfLine conf_line(ngx_conf_t *cf) { return {cf->conf_file->file.name.data, cf->conf_file->line}; }

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

namespace {

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

#if __has_include(<angie.h>)
// Angie from 1.10 on merges levels when the threads of its pools are counted already: a default pool that is asked for
// only then has none. So it is asked for here, unless a level that was read before names another.
bool ask_for_default_pool(ngx_conf_t *cf, const LocConf *conf) {
    const auto *http =
        reinterpret_cast<const ngx_http_conf_ctx_t *>(ngx_get_conf(cf->cycle->conf_ctx, ngx_http_module));
    const auto *outermost = static_cast<LocConf *>(http->loc_conf[ngx_http_app_create_module.ctx_index]);
    const auto *server = static_cast<LocConf *>(conf->server->ctx->loc_conf[ngx_http_app_create_module.ctx_index]);
    return outermost->pool || server->pool || conf->pool || ngx_thread_pool_add(cf, nullptr);
}
#endif

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

    conf->at = conf_line(cf);
    conf->core = static_cast<ngx_http_core_loc_conf_t *>(ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module));
    conf->server = static_cast<ngx_http_core_srv_conf_t *>(ngx_http_conf_get_module_srv_conf(cf, ngx_http_core_module));
    // The one that comes later would win without a word.
    if (conf->core->handler) {
        return fail(cf, kSharedLocation);
    }
    conf->core->handler = content_handler;

#if __has_include(<angie.h>)
    if (!ask_for_default_pool(cf, conf)) {
        return failed();
    }
#endif

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
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid size \"%V\" in \"app_create_queue\", it must be as in 64m", &args(cf)[2]);
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
    conf->fallback_at = conf_line(cf);
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

char *check_timeout(ngx_conf_t *cf, void *, void *data) {
    ngx_msec_t timeout = *static_cast<ngx_msec_t *>(data);
    if (timeout == 0 || timeout > defaults::kLongestTimeout) {
        return fail(cf, "\"app_create_timeout\" must be more than 0 and at most 60s");
    }
    return taken();
}

ngx_conf_post_t timeout_post = {check_timeout};

char *set_timeout(ngx_conf_t *cf, ngx_command_t *cmd, void *data) {
    return has_blank(cf) ? failed() : ngx_conf_set_msec_slot(cf, cmd, data);
}

// ---- app_create_show on | off;

char *set_show(ngx_conf_t *cf, ngx_command_t *cmd, void *data) {
    return has_blank(cf) ? failed() : ngx_conf_set_flag_slot(cf, cmd, data);
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
    {ngx_string("app_create_identity"),
     NGX_HTTP_MAIN_CONF | NGX_HTTP_SRV_CONF | NGX_HTTP_LOC_CONF | NGX_CONF_TAKE123 | NGX_CONF_TAKE4 | NGX_CONF_TAKE5,
     set_identity, NGX_HTTP_LOC_CONF_OFFSET, 0, nullptr},
    {ngx_string("app_create_mode"), NGX_HTTP_MAIN_CONF | NGX_HTTP_SRV_CONF | NGX_HTTP_LOC_CONF | NGX_CONF_TAKE1,
     set_mode, NGX_HTTP_LOC_CONF_OFFSET, 0, nullptr},
    {ngx_string("app_create_limit"),
     NGX_HTTP_MAIN_CONF | NGX_HTTP_SRV_CONF | NGX_HTTP_LOC_CONF | NGX_CONF_TAKE23 | NGX_CONF_TAKE4, set_limit,
     NGX_HTTP_LOC_CONF_OFFSET, 0, nullptr},
    {ngx_string("app_create_show"), NGX_HTTP_MAIN_CONF | NGX_HTTP_SRV_CONF | NGX_HTTP_LOC_CONF | NGX_CONF_TAKE1,
     set_show, NGX_HTTP_LOC_CONF_OFFSET, offsetof(LocConf, show), nullptr},
    {ngx_string("app_create_metrics"), NGX_HTTP_LOC_CONF | NGX_CONF_NOARGS, set_metrics, NGX_HTTP_LOC_CONF_OFFSET, 0,
     nullptr},
    {ngx_string("app_create_health"), NGX_HTTP_LOC_CONF | NGX_CONF_NOARGS | NGX_CONF_TAKE1, set_health,
     NGX_HTTP_LOC_CONF_OFFSET, 0, nullptr},
    ngx_null_command,
};

}  // namespace appcreate::nginx
