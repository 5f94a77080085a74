// Variables for logs, limits and headers.

#include "limit.h"
#include "metrics.h"
#include "mode.h"

namespace appcreate::nginx {
namespace {

ngx_int_t set_value(ngx_http_variable_value_t *v, const void *data, size_t len) {
    v->len = static_cast<unsigned>(len & 0x0fffffff);
    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = 0;
    v->data = static_cast<u_char *>(const_cast<void *>(data));
    return NGX_OK;
}

ngx_int_t set_found(ngx_http_variable_value_t *v, ac_str s) {
    if (s.len == 0) {
        v->not_found = 1;
        return NGX_OK;
    }
    return set_value(v, s.data, s.len);
}

ngx_int_t set_text(ngx_http_variable_value_t *v, const char *text) { return set_found(v, {text, ngx_strlen(text)}); }

ngx_int_t set_number(ngx_http_request_t *r, ngx_http_variable_value_t *v, ngx_uint_t number) {
    auto *p = static_cast<u_char *>(ngx_pnalloc(r->pool, NGX_INT_T_LEN));
    if (p == nullptr) {
        return NGX_ERROR;
    }
    return set_value(v, p, static_cast<size_t>(ngx_sprintf(p, "%ui", number) - p));
}

using Getter = ngx_int_t (*)(Context *ctx, ngx_http_variable_value_t *v);

ngx_int_t get_id(Context *ctx, ngx_http_variable_value_t *v) { return set_found(v, ctx->facts.id); }

ngx_int_t get_slug(Context *ctx, ngx_http_variable_value_t *v) { return set_found(v, ctx->facts.slug); }

ngx_int_t get_organization(Context *ctx, ngx_http_variable_value_t *v) {
    return set_text(v, ctx->authenticated ? ctx->key.organization : "");
}

ngx_int_t get_key(Context *ctx, ngx_http_variable_value_t *v) {
    // A key that was found but may not create is worth a log line too.
    return set_text(v, ctx->key.id);
}

ngx_int_t get_code(Context *ctx, ngx_http_variable_value_t *v) {
    if (ctx->answer == nullptr && ctx->code == 0) {
        v->not_found = 1;
        return NGX_OK;
    }
    return set_number(ctx->request, v, ctx->code);
}

ngx_int_t get_cache(Context *ctx, ngx_http_variable_value_t *v) {
    static const char *const names[] = {"", "HIT", "MISS", "EXPIRED", "NEGATIVE"};
    return set_text(v, names[static_cast<unsigned>(ctx->cache)]);
}

ngx_int_t get_batch(Context *ctx, ngx_http_variable_value_t *v) {
    if (ctx->facts.batch == 0) {
        v->not_found = 1;
        return NGX_OK;
    }
    return set_number(ctx->request, v, ctx->facts.batch);
}

// Seconds, as nginx's own times, with microseconds.
ngx_int_t get_store_time(Context *ctx, ngx_http_variable_value_t *v) {
    if (ctx->facts.batch == 0) {
        v->not_found = 1;
        return NGX_OK;
    }
    auto *p = static_cast<u_char *>(ngx_pnalloc(ctx->request->pool, NGX_INT_T_LEN + 8));
    if (p == nullptr) {
        return NGX_ERROR;
    }
    ngx_uint_t us = ctx->facts.store_us;
    return set_value(v, p, static_cast<size_t>(ngx_sprintf(p, "%ui.%06ui", us / 1000000, us % 1000000) - p));
}

ngx_int_t get_from_context(ngx_http_request_t *r, ngx_http_variable_value_t *v, uintptr_t data) {
    Context *ctx = find_context(r);
    if (ctx == nullptr) {
        v->not_found = 1;
        return NGX_OK;
    }
    v->valid = 1;
    return reinterpret_cast<Getter>(data)(ctx, v);
}

// In any location, and for requests that ended before there was one or before they had an answer.
ngx_int_t get_request_id(ngx_http_request_t *r, ngx_http_variable_value_t *v, uintptr_t) {
    Context *ctx = find_context(r);
    ngx_str_t id = ngx_null_string;
    // The one that the answer has, whatever has happened to the request's headers since.
    if (ctx && ctx->request_id.len) {
        id = ctx->request_id;
    } else if (find_request_id(r, &id) != NGX_OK) {
        return NGX_ERROR;
    }
    v->valid = 1;
    return set_found(v, to_ac(id));
}

// Before authentication, and in any location: for limits by token.
ngx_int_t get_token_hash(ngx_http_request_t *r, ngx_http_variable_value_t *v, uintptr_t) {
    ac_bearer own;
    const ac_bearer *bearer = nullptr;
    if (loc_conf(r)->organization) {
        Context *ctx = get_context(r);
        if (ctx == nullptr) {
            return NGX_ERROR;
        }
        read_bearer(ctx);
        bearer = ctx->bearer_access == AC_ACCESS_OK ? &ctx->bearer : nullptr;
    } else {
        ngx_table_elt_t *header = r->headers_in.authorization;
        bearer = header && ac_bearer_parse(to_ac(header->value), &own) == AC_ACCESS_OK ? &own : nullptr;
    }

    v->valid = 1;
    if (bearer == nullptr) {
        v->not_found = 1;
        return NGX_OK;
    }
    auto *tag = static_cast<u_char *>(ngx_pnalloc(r->pool, AC_TAG_SIZE));
    if (tag == nullptr) {
        return NGX_ERROR;
    }
    ac_bearer_tag(bearer, reinterpret_cast<char *>(tag));
    return set_text(v, reinterpret_cast<char *>(tag));
}

ngx_int_t get_mode(Context *ctx, ngx_http_variable_value_t *v) {
    static const char *const names[] = {"", "create", "validate", "off", ""};
    return set_text(v, names[static_cast<unsigned>(ctx->mode)]);
}

// Of the location that counted it, wherever the request has been led since.
ngx_int_t get_limit_status(ngx_http_request_t *r, ngx_http_variable_value_t *v, uintptr_t) {
    const Context *ctx = find_limited(r->main);
    v->valid = 1;
    return set_text(v, ctx == nullptr ? "" : ctx->limits->refused ? "REJECTED" : "PASSED");
}

// Of the first shadow of the original that is logged: `data` says what.
enum class ShadowFact : uint8_t { kResult, kStatus, kCode };

ngx_int_t get_of_shadow(ngx_http_request_t *r, ngx_http_variable_value_t *v, uintptr_t data) {
    const Context *shadow = main_conf(r)->has_modes ? find_shadow(r->main, nullptr) : nullptr;
    Comparison comparison;
    v->valid = 1;
    if (shadow == nullptr || !compare_shadow(shadow, &comparison)) {
        v->not_found = 1;
        return NGX_OK;
    }
    switch (static_cast<ShadowFact>(data)) {
        case ShadowFact::kStatus:
            return set_number(r, v, comparison.status);
        case ShadowFact::kCode:
            return set_number(r, v, comparison.code);
        default:
            return set_text(v, kShadowResults[static_cast<ngx_uint_t>(comparison.result)]);
    }
}

struct Variable {
    ngx_str_t name;
    Getter get;
};

// A request goes on while they are asked for: none may be cached before its time.
const Variable variables[] = {
    {ngx_string("app_create_id"), get_id},
    {ngx_string("app_create_slug"), get_slug},
    {ngx_string("app_create_organization"), get_organization},
    {ngx_string("app_create_key"), get_key},
    {ngx_string("app_create_code"), get_code},
    {ngx_string("app_create_cache"), get_cache},
    {ngx_string("app_create_batch"), get_batch},
    {ngx_string("app_create_store_time"), get_store_time},
    {ngx_string("app_create_mode"), get_mode},
};

const struct {
    ngx_str_t name;
    ShadowFact fact;
} shadow_variables[] = {
    {ngx_string("app_create_shadow_result"), ShadowFact::kResult},
    {ngx_string("app_create_shadow_status"), ShadowFact::kStatus},
    {ngx_string("app_create_shadow_code"), ShadowFact::kCode},
};

ngx_int_t add_variable(ngx_conf_t *cf, const ngx_str_t &name, ngx_http_get_variable_pt get, uintptr_t data) {
    ngx_str_t copy = name;
    ngx_http_variable_t *var = ngx_http_add_variable(cf, &copy, NGX_HTTP_VAR_NOCACHEABLE);
    if (var == nullptr) {
        return NGX_ERROR;
    }
    var->get_handler = get;
    var->data = data;
    return NGX_OK;
}

}  // namespace

ngx_int_t add_variables(ngx_conf_t *cf) {
    for (const Variable &variable : variables) {
        if (add_variable(cf, variable.name, get_from_context, reinterpret_cast<uintptr_t>(variable.get)) != NGX_OK) {
            return NGX_ERROR;
        }
    }
    for (const auto &variable : shadow_variables) {
        if (add_variable(cf, variable.name, get_of_shadow, static_cast<uintptr_t>(variable.fact)) != NGX_OK) {
            return NGX_ERROR;
        }
    }
    const struct {
        ngx_str_t name;
        ngx_http_get_variable_pt get;
    } others[] = {
        {ngx_string("app_create_limit_status"), get_limit_status},
        {ngx_string("app_create_request_id"), get_request_id},
        {ngx_string("app_create_token_hash"), get_token_hash},
    };
    for (const auto &variable : others) {
        if (add_variable(cf, variable.name, variable.get, 0) != NGX_OK) {
            return NGX_ERROR;
        }
    }
    return NGX_OK;
}

}  // namespace appcreate::nginx
