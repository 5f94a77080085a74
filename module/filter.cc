// What nginx answers by itself in our location (a 413, a 403 of "deny", a 429 of limit_req, a 401 of ours on its way
// through the access phase) becomes JSON here (docs/api.md, "Errors"). Only bodies that nginx made are touched.

#include "limit.h"
#include "mode.h"
#include "show.h"

namespace appcreate::nginx {
namespace {

ngx_http_output_header_filter_pt next_header_filter;
ngx_http_output_body_filter_pt next_body_filter;

const ngx_str_t challenge_name = ngx_string("WWW-Authenticate");

ngx_int_t add_challenge(ngx_http_request_t *r, const ngx_str_t &challenge) {
    ngx_table_elt_t *header = add_header(r, challenge_name, challenge);
    if (header == nullptr) {
        return NGX_ERROR;
    }
    // Where this is a subrequest of auth_request, that module looks here for what to tell its client.
    ngx_table_elt_t **place = &r->headers_out.www_authenticate;
#if (nginx_version >= 1023000)
    while (*place) {
        place = &(*place)->next;
    }
#endif
    *place = header;
    return NGX_OK;
}

bool has_challenge(ngx_http_request_t *r) {
    ngx_list_part_t *part = &r->headers_out.headers.part;
    for (; part; part = part->next) {
        auto *header = static_cast<ngx_table_elt_t *>(part->elts);
        for (ngx_uint_t i = 0; i < part->nelts; i++) {
            if (header[i].hash && header[i].key.len == challenge_name.len &&
                ngx_strncasecmp(header[i].key.data, challenge_name.data, challenge_name.len) == 0) {
                return true;
            }
        }
    }
    return false;
}

// Ours says why (RFC 6750, 3), also where an error_page of the location has led the request elsewhere; another module's
// 401 in our location has one at least (RFC 9110, 15.5.2).
ngx_int_t challenge(ngx_http_request_t *r) {
    Context *ctx = find_context(r);
    if (ctx && ctx->refused) {
        return add_challenge(r, ctx->conf->challenges[ctx->access]);
    }
    LocConf *conf = loc_conf(r);
    if (conf->organization && !has_challenge(r)) {
        return add_challenge(r, conf->challenges[AC_ACCESS_NO_TOKEN]);
    }
    return NGX_OK;
}

// The API's body for the status (docs/api.md, "Codes"), ours when we said what is wrong.
ngx_int_t make_body(ngx_http_request_t *r, Context *ctx) {
    ngx_uint_t status = r->headers_out.status;
    if (ctx->answer && ctx->answer->status == status) {
        ctx->body = to_ngx(ctx->answer->body);
        return add_answer_headers(ctx, ctx->answer);
    }

    ac_str reason = reason_phrase(status);
    int code;
    unsigned retry_after;
    size_t len = ac_status_body(static_cast<int>(status), reason, nullptr, 0, &code, &retry_after);
    auto *data = static_cast<u_char *>(ngx_pnalloc(r->pool, len));
    if (data == nullptr) {
        return NGX_ERROR;
    }
    ac_status_body(static_cast<int>(status), reason, reinterpret_cast<char *>(data), len, nullptr, nullptr);
    ctx->body = {len, data};
    ctx->code = static_cast<ngx_uint_t>(code);
    if (status == NGX_HTTP_NOT_ALLOWED && !add_header(r, ngx_string("Allow"), allowed_methods(r, loc_conf(r)))) {
        return NGX_ERROR;
    }
    return retry_after ? add_retry_after(ctx, retry_after) : NGX_OK;
}

ngx_int_t replace_body(ngx_http_request_t *r, Context *ctx) {
    if (make_body(r, ctx) != NGX_OK) {
        return NGX_ERROR;
    }
    ctx->replace_body = true;
    set_body_headers(r, json_type, ctx->body.len);
    return NGX_OK;
}

ngx_int_t filter_own_location(ngx_http_request_t *r) {
    // Not one that a redirect has left behind: the body filter looks for nginx's own pointer too.
    Context *ctx = get_context(r);
    if (ctx == nullptr) {
        return NGX_ERROR;
    }
    // Also where nginx has refused it before it came to us.
    (void)is_shadow(ctx);

    if ((ctx->request_id.len == 0 && find_request_id(r, &ctx->request_id) != NGX_OK) ||
        !add_header(r, ngx_string("X-Request-ID"), ctx->request_id) ||
        !add_header(r, ngx_string("Cache-Control"), ngx_string("no-store"))) {
        return NGX_ERROR;
    }

    // err_status is set where nginx makes a body of its own; send_answer takes it away.
    if (r->err_status >= NGX_HTTP_BAD_REQUEST && r->headers_out.status >= NGX_HTTP_BAD_REQUEST &&
        replace_body(r, ctx) != NGX_OK) {
        return NGX_ERROR;
    }
    return NGX_OK;
}

ngx_int_t header_filter(ngx_http_request_t *r) {
    if (loc_conf(r)->organization && filter_own_location(r) != NGX_OK) {
        return NGX_ERROR;
    }

    if (r->headers_out.status == NGX_HTTP_UNAUTHORIZED && challenge(r) != NGX_OK) {
        return NGX_ERROR;
    }
    if (add_limit_headers(r) != NGX_OK) {
        return NGX_ERROR;
    }
    expect_original(r);
    return next_header_filter(r);
}

ngx_int_t body_filter(ngx_http_request_t *r, ngx_chain_t *in) {
    read_original(r, in);
    auto *ctx = static_cast<Context *>(ngx_http_get_module_ctx(r, ngx_http_app_create_module));
    if (ctx == nullptr || !ctx->replace_body || in == nullptr) {
        return next_body_filter(r, in);
    }

    // nginx's own text is static: nothing is held by passing over it.
    for (ngx_chain_t *cl = in; cl; cl = cl->next) {
        cl->buf->pos = cl->buf->last;
    }
    if (ctx->body.len == 0) {
        return NGX_OK;
    }

    ngx_str_t body = ctx->body;
    ctx->body.len = 0;
    return send_one_buffer(r, body, next_body_filter);
}

}  // namespace

ngx_int_t init_challenges(ngx_conf_t *cf, LocConf *conf) {
    ac_str realm = to_ac(conf->realm);
    for (int i = AC_ACCESS_NO_TOKEN; i <= AC_ACCESS_SCOPE_LIST; i++) {
        auto access = static_cast<ac_access>(i);
        size_t len = ac_challenge(access, realm, nullptr, 0);
        auto *data = static_cast<u_char *>(ngx_pnalloc(cf->pool, len));
        if (data == nullptr) {
            return NGX_ERROR;
        }
        ac_challenge(access, realm, reinterpret_cast<char *>(data), len);
        conf->challenges[access] = {len, data};
    }
    return NGX_OK;
}

ngx_int_t init_filters(ngx_conf_t *) {
    next_header_filter = ngx_http_top_header_filter;
    ngx_http_top_header_filter = header_filter;
    next_body_filter = ngx_http_top_body_filter;
    ngx_http_top_body_filter = body_filter;
    return NGX_OK;
}

}  // namespace appcreate::nginx
