// Answers: status, headers, bytes. The bytes are the core's; they live until the request's pool goes.

#include "module.h"

namespace app_create {
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

ngx_int_t add_retry_after(ngx_http_request_t *r, unsigned seconds) {
    auto *value = static_cast<u_char *>(ngx_pnalloc(r->pool, NGX_INT32_LEN));
    if (value == nullptr) {
        return NGX_ERROR;
    }
    ngx_str_t text = {static_cast<size_t>(ngx_sprintf(value, "%ui", static_cast<ngx_uint_t>(seconds)) - value), value};
    return add_header(r, ngx_string("Retry-After"), text) ? NGX_OK : NGX_ERROR;
}

ngx_int_t add_answer_headers(Context *ctx, const ac_answer *answer) {
    ngx_http_request_t *r = ctx->request;

    if (answer->retry_after && add_retry_after(r, answer->retry_after) != NGX_OK) {
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
    if (answer->code == AC_CODE_METHOD && !add_header(r, ngx_string("Allow"), ngx_string("POST"))) {
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
    r->headers_out.content_length_n = static_cast<off_t>(answer->body.len);
    ngx_str_set(&r->headers_out.content_type, "application/json; charset=utf-8");
    r->headers_out.content_type_len = sizeof("application/json") - 1;
    r->headers_out.content_type_lowcase = nullptr;
    if (add_answer_headers(ctx, answer) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_int_t rc = ngx_http_send_header(r);
    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    auto *buf = static_cast<ngx_buf_t *>(ngx_calloc_buf(r->pool));
    if (buf == nullptr) {
        return NGX_ERROR;
    }
    buf->pos = buf->start = reinterpret_cast<u_char *>(const_cast<char *>(answer->body.data));
    buf->last = buf->end = buf->pos + answer->body.len;
    buf->memory = 1;
    buf->last_buf = r == r->main;
    buf->last_in_chain = 1;
    ngx_chain_t out = {buf, nullptr};
    return ngx_http_output_filter(r, &out);
}

void finish(Context *ctx, const ac_answer *answer) {
    ngx_http_request_t *r = ctx->request;
    ngx_connection_t *c = r->connection;
    ngx_http_set_log_request(c->log, r);
    ngx_http_finalize_request(r, send_answer(ctx, answer));
    ngx_http_run_posted_requests(c);
}

void finish_code(Context *ctx, int code) { finish(ctx, ac_code_answer(code)); }

}  // namespace app_create
