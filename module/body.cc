// The body as nginx has it: in memory, in a file, or read by another location before the request came here.

#include "module.h"

namespace appcreate::nginx {
namespace {

off_t length_of(const ngx_chain_t *chain) {
    off_t length = 0;
    for (; chain; chain = chain->next) {
        // nginx moves all of a body to the file once it starts one.
        if (chain->buf->in_file) {
            return chain->buf->file_last;
        }
        length += ngx_buf_size(chain->buf);
    }
    return length;
}

ngx_int_t refuse_missing(ngx_http_request_t *r) {
    ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                  "a mirrored create has no body to validate, remove \"mirror_request_body off\"");
    return NGX_HTTP_INTERNAL_SERVER_ERROR;
}

// As the client has declared it; -1: it has not. nginx itself counts content_length_n down while it throws a body away.
off_t declared_length(const ngx_http_request_t *r) {
    const ngx_table_elt_t *declared = r->headers_in.content_length;
    return declared ? ngx_atoof(declared->value.data, declared->value.len) : -1;
}

// Has nginx read to the end of the body? What it throws away (HTTP/2) it does not even begin to read.
bool has_ended(const ngx_http_request_t *r) {
    bool has_body = r->headers_in.chunked || declared_length(r) >= 0;
    return !r->reading_body && r->request_body->rest == (has_body ? 0 : -1);
}

// All that was received: another location may have passed some of it on.
off_t received_length(const ngx_http_request_t *r) {
    off_t declared = declared_length(r);
    // HTTP/2 and HTTP/3 count what comes; HTTP/1.1 adds chunks up in the place of a declared length.
    return declared >= 0 ? declared : ngx_max(r->request_body->received, ngx_max(r->headers_in.content_length_n, 0));
}

ngx_int_t refuse_part(ngx_http_request_t *r) {
    ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                  "another location has read the request before \"app_create\" and has not kept its body, "
                  "remove \"proxy_request_buffering off\" or the like there");
    return NGX_HTTP_INTERNAL_SERVER_ERROR;
}

ngx_int_t refuse_large(ngx_http_request_t *r, off_t length) {
    ngx_log_error(NGX_LOG_ERR, r->connection->log, 0, "client intended to send too large body: %O bytes", length);
    return NGX_HTTP_REQUEST_ENTITY_TOO_LARGE;
}

off_t max_length(ngx_http_request_t *r) {
    // Never 0 here, see directives.cc.
    return static_cast<ngx_http_core_loc_conf_t *>(ngx_http_get_module_loc_conf(r, ngx_http_core_module))
        ->client_max_body_size;
}

// The bytes of a chain in memory, in one piece. False: out of memory.
bool join(ngx_pool_t *pool, const ngx_chain_t *first, size_t length, ac_str *out) {
    if (first->next == nullptr) {
        *out = {reinterpret_cast<const char *>(first->buf->pos), length};
        return true;
    }
    auto *joined = static_cast<u_char *>(ngx_pnalloc(pool, length ? length : 1));
    if (joined == nullptr) {
        return false;
    }
    *out = {reinterpret_cast<const char *>(joined), length};
    for (const ngx_chain_t *cl = first; cl; cl = cl->next) {
        // The last one may be empty and point nowhere.
        if (ngx_buf_size(cl->buf)) {
            joined = ngx_cpymem(joined, cl->buf->pos, cl->buf->last - cl->buf->pos);
        }
    }
    return true;
}

}  // namespace

ngx_int_t expect_body(Context *ctx) {
    ngx_http_request_t *r = ctx->request;
    ctx->body_was_read = r->request_body != nullptr;
    if (ctx->body_was_read) {
        // Not even when it could be read on (ngx_http_read_unbuffered_request_body): an upstream takes buffers out of
        // `bufs` when it begins to send them, and HTTP/1.1 counts the chunks that have begun, not the bytes that came.
        // Whether something is missing in front of what is there cannot be known in any nginx from 1.22 on.
        return r->request_body_no_buffering ? refuse_part(r) : NGX_OK;
    }
    // Only the original reads a body, and has done so before it was mirrored, or never does for its shadow.
    if (ctx->shadow) {
        return refuse_missing(r);
    }
    if (r->discard_body || r->headers_in.content_length_n != declared_length(r)) {
        return refuse_part(r);
    }
    // nginx has compared them where the URI has led to the location, not where a name has.
    return declared_length(r) > max_length(r) ? refuse_large(r, declared_length(r)) : NGX_OK;
}

ngx_int_t find_body(Context *ctx, BodySource *body) {
    ngx_http_request_t *r = ctx->request;
    const ngx_chain_t *first = r->request_body->bufs;
    off_t length = length_of(first);
    *body = {{nullptr, 0}, NGX_INVALID_FILE, length};

    ngx_log_debug2(NGX_LOG_DEBUG_HTTP, r->connection->log, 0, "app_create body: %O bytes, read before: %ui", length,
                   static_cast<ngx_uint_t>(ctx->body_was_read));
    if (!has_ended(r) || (ctx->body_was_read && length != received_length(r))) {
        return refuse_part(r);
    }
    if (length > max_length(r)) {
        return refuse_large(r, length);
    }

    for (const ngx_chain_t *cl = first; cl; cl = cl->next) {
        if (cl->buf->in_file) {
            body->file = cl->buf->file->fd;
            return NGX_OK;
        }
    }
    if (first && !join(r->pool, first, static_cast<size_t>(length), &body->memory)) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }
    return NGX_OK;
}

}  // namespace appcreate::nginx
