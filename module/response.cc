// Answers: status, headers, bytes. The bytes are the core's; they live until the request's pool goes.

#include "limit.h"
#include "show.h"

namespace appcreate::nginx {
namespace {

// Inherited error pages were taken away when the configuration was read: these are the location's own.
bool has_error_page(ngx_http_request_t *r, ngx_uint_t status) {
    auto *clcf = static_cast<ngx_http_core_loc_conf_t *>(ngx_http_get_module_loc_conf(r, ngx_http_core_module));
    if (clcf->error_pages == nullptr || r->error_page) {
        return false;
    }
    auto *page = static_cast<ngx_http_err_page_t *>(clcf->error_pages->elts);
    for (ngx_uint_t i = 0; i < clcf->error_pages->nelts; i++) {
        if (page[i].status == static_cast<ngx_int_t>(status)) {
            return true;
        }
    }
    return false;
}

void note(Context *ctx, const ac_answer *answer) {
    ngx_log_debug2(NGX_LOG_DEBUG_HTTP, ctx->request->connection->log, 0, "app_create answer: %ui, code: %ui",
                   static_cast<ngx_uint_t>(answer->status), static_cast<ngx_uint_t>(answer->code));
    ctx->answer = answer;
    ctx->code = answer->code;
}

}  // namespace

ngx_table_elt_t *add_header(ngx_http_request_t *r, const ngx_str_t &name, const ngx_str_t &value) {
    auto *header = static_cast<ngx_table_elt_t *>(ngx_list_push(&r->headers_out.headers));
    if (header) {
        header->hash = 1;
        header->key = name;
        header->value = value;
#if (nginx_version >= 1023000)
        header->next = nullptr;
#endif
    }
    return header;
}

void set_body_headers(ngx_http_request_t *r, const ngx_str_t &type, size_t length) {
    const u_char *semicolon = ngx_strlchr(type.data, type.data + type.len, ';');
    r->headers_out.content_type = type;
    // Without the parameters: other modules compare it with their lists of types.
    r->headers_out.content_type_len = semicolon ? static_cast<size_t>(semicolon - type.data) : type.len;
    r->headers_out.content_type_lowcase = nullptr;
    r->headers_out.charset.len = 0;
    r->headers_out.content_length_n = static_cast<off_t>(length);
    if (r->headers_out.content_length) {
        r->headers_out.content_length->hash = 0;
        r->headers_out.content_length = nullptr;
    }
}

ngx_int_t send_one_buffer(ngx_http_request_t *r, const ngx_str_t &body, ngx_http_output_body_filter_pt filter) {
    auto *buf = static_cast<ngx_buf_t *>(ngx_calloc_buf(r->pool));
    if (buf == nullptr) {
        return NGX_ERROR;
    }
    buf->pos = buf->start = body.data;
    buf->last = buf->end = body.data + body.len;
    buf->memory = 1;
    buf->last_buf = r == r->main;
    buf->last_in_chain = 1;
    ngx_chain_t out = {buf, nullptr};
    return filter(r, &out);
}

ngx_int_t add_retry_after(Context *ctx, unsigned seconds) {
    ngx_http_request_t *r = ctx->request;
    ctx->retry_after = retry_after_limits(ctx, seconds);
    auto *value = static_cast<u_char *>(ngx_pnalloc(r->pool, NGX_INT32_LEN));
    if (value == nullptr) {
        return NGX_ERROR;
    }
    ngx_str_t text = {static_cast<size_t>(ngx_sprintf(value, "%ui", static_cast<ngx_uint_t>(ctx->retry_after)) - value),
                      value};
    return add_header(r, ngx_string("Retry-After"), text) ? NGX_OK : NGX_ERROR;
}

ngx_int_t add_answer_headers(Context *ctx, const ac_answer *answer) {
    ngx_http_request_t *r = ctx->request;

    if (answer->retry_after && add_retry_after(ctx, answer->retry_after) != NGX_OK) {
        return NGX_ERROR;
    }
    if ((answer->flags & AC_ANSWER_REPLAYED) &&
        !add_header(r, ngx_string("Idempotency-Replayed"), ngx_string("true"))) {
        return NGX_ERROR;
    }
    if ((answer->flags & AC_ANSWER_ACCEPT_IDENTITY) &&
        !add_header(r, ngx_string("Accept-Encoding"), ngx_string("identity"))) {
        return NGX_ERROR;
    }
    if (answer->code == AC_CODE_METHOD && !add_header(r, ngx_string("Allow"), allowed_methods(r, ctx->conf))) {
        return NGX_ERROR;
    }
    return NGX_OK;
}

ngx_int_t note_answer(Context *ctx, const ac_answer *answer) {
    note(ctx, answer);
    return answer->status;
}

ngx_int_t send_answer(Context *ctx, const ac_answer *answer) {
    ngx_http_request_t *r = ctx->request;
    note(ctx, answer);
    if (answer->code == AC_CODE_INTERNAL) {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0, "app_create failed: out of memory, or a bug");
    }

    if (answer->status >= NGX_HTTP_SPECIAL_RESPONSE && has_error_page(r, answer->status)) {
        return answer->status;
    }

    // A client that waits for "100 Continue" before it sends a body nobody wants must not get it.
    r->expect_tested = 1;
    if (ngx_http_discard_request_body(r) != NGX_OK) {
        r->keepalive = 0;
    }

    // What has led here by an error_page is over; and an application that was made is not "not modified".
    r->err_status = 0;
    r->disable_not_modified = 1;
    r->headers_out.status = answer->status;
    set_body_headers(r, json_type, answer->body.len);
    if (add_answer_headers(ctx, answer) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_int_t rc = ngx_http_send_header(r);
    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    return send_one_buffer(r, to_ngx(answer->body), ngx_http_output_filter);
}

ngx_int_t send_page(ngx_http_request_t *r, ngx_uint_t status, const ngx_str_t &type, const ngx_str_t &body) {
    if (!(r->method & (NGX_HTTP_GET | NGX_HTTP_HEAD))) {
        return NGX_HTTP_NOT_ALLOWED;
    }
    ngx_int_t rc = ngx_http_discard_request_body(r);
    if (rc != NGX_OK) {
        return rc;
    }
    r->headers_out.status = status;
    set_body_headers(r, type, body.len);
    if (!add_header(r, ngx_string("Cache-Control"), ngx_string("no-store"))) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }
    rc = ngx_http_send_header(r);
    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }
    return send_one_buffer(r, body, ngx_http_output_filter);
}

void finish(Context *ctx, const ac_answer *answer) {
    Resumed resumed(ctx->request);
    ngx_http_finalize_request(ctx->request, send_answer(ctx, answer));
}

void finish_code(Context *ctx, int code) { finish(ctx, ac_code_answer(code)); }

}  // namespace appcreate::nginx
