// The content phase: what was sent. Headers first, then the body, then the store.

#include "module.h"

namespace app_create {
namespace {

// Field lines of one name. More than these are as wrong as these.
constexpr ngx_uint_t max_lines = 8;

struct Lines {
    ngx_str_t name;
    ac_str values[max_lines];
    size_t count;
};

void collect(ngx_http_request_t *r, Lines *lines, ngx_uint_t n) {
    ngx_list_part_t *part = &r->headers_in.headers.part;
    for (; part; part = part->next) {
        auto *header = static_cast<ngx_table_elt_t *>(part->elts);
        for (ngx_uint_t i = 0; i < part->nelts; i++) {
            for (ngx_uint_t k = 0; k < n; k++) {
                if (header[i].key.len == lines[k].name.len && lines[k].count < max_lines &&
                    ngx_strncmp(header[i].lowcase_key, lines[k].name.data, lines[k].name.len) == 0) {
                    lines[k].values[lines[k].count++] = to_ac(header[i].value);
                }
            }
        }
    }
}

// Organization, headers and query. AC_OK: the body is wanted.
ac_status begin(ngx_http_request_t *r, Context *ctx) {
    ngx_str_t organization;
    if (ngx_http_complex_value(r, ctx->conf->organization, &organization) != NGX_OK) {
        return AC_ENOMEM;
    }

    Lines lines[] = {{ngx_string("content-type"), {}, 0},
                     {ngx_string("content-encoding"), {}, 0},
                     {ngx_string("idempotency-key"), {}, 0}};
    collect(r, lines, 3);

    ac_head head = {};
    head.key = &ctx->key;
    head.organization = to_ac(organization);
    head.query = to_ac(r->args);
    head.content_type = lines[0].values;
    head.n_content_type = lines[0].count;
    head.content_encoding = lines[1].values;
    head.n_content_encoding = lines[1].count;
    head.idempotency_key = lines[2].values;
    head.n_idempotency_key = lines[2].count;
    return ac_create_begin(&head, &ctx->create);
}

ngx_int_t answer_code(Context *ctx, int code) { return send_answer(ctx, ac_code_answer(code)); }

// Sends the create to the store. NGX_DONE: create_returned goes on.
ngx_int_t write(Context *ctx) {
    if (!start_timer(ctx)) {
        return answer_code(ctx, AC_CODE_DATABASE);
    }
    if (send_to_store(ctx) != NGX_OK) {
        stop_timer(ctx);
        return answer_code(ctx, AC_CODE_BUSY);
    }
    return NGX_DONE;
}

ngx_int_t go_on(Context *ctx, ac_status status) {
    switch (status) {
        case AC_OK:
            return write(ctx);
        case AC_DONE:
            ac_create_get_facts(ctx->create, &ctx->facts);
            return send_answer(ctx, ac_create_answer(ctx->create));
        default:
            return answer_code(ctx, AC_CODE_INTERNAL);
    }
}

// The body's bytes in one piece: where they are, in a file, or copied together. False: out of memory.
bool find_body(ngx_http_request_t *r, BodySource *body) {
    *body = {{nullptr, 0}, NGX_INVALID_FILE, 0};
    if (r->request_body == nullptr || r->request_body->bufs == nullptr) {
        return true;
    }

    ngx_chain_t *first = r->request_body->bufs;
    off_t size = 0;
    for (ngx_chain_t *cl = first; cl; cl = cl->next) {
        if (cl->buf->in_file) {
            // nginx moves all of a body to the file once it starts one.
            body->file = cl->buf->file->fd;
            body->size = cl->buf->file_last;
            return true;
        }
        size += ngx_buf_size(cl->buf);
    }

    if (first->next == nullptr) {
        body->memory = {reinterpret_cast<const char *>(first->buf->pos), static_cast<size_t>(size)};
        return true;
    }
    auto *joined = static_cast<u_char *>(ngx_pnalloc(r->pool, static_cast<size_t>(size)));
    if (joined == nullptr) {
        return false;
    }
    body->memory = {reinterpret_cast<const char *>(joined), static_cast<size_t>(size)};
    for (ngx_chain_t *cl = first; cl; cl = cl->next) {
        // The last one may be empty and point nowhere.
        if (ngx_buf_size(cl->buf)) {
            joined = ngx_cpymem(joined, cl->buf->pos, cl->buf->last - cl->buf->pos);
        }
    }
    return true;
}

ngx_int_t parse(Context *ctx) {
    BodySource body;
    if (!find_body(ctx->request, &body)) {
        return answer_code(ctx, AC_CODE_INTERNAL);
    }

    ac_status status = AC_AGAIN;
    if (body.file == NGX_INVALID_FILE) {
        status = ac_create_body(ctx->create, body.memory, AC_BODY_NO_BLOCK);
        if (status != AC_AGAIN) {
            return go_on(ctx, status);
        }
    }

    if (!start_timer(ctx)) {
        return answer_code(ctx, AC_CODE_DATABASE);
    }
    if (prepare_on_thread(ctx, body) != NGX_OK) {
        stop_timer(ctx);
        return answer_code(ctx, AC_CODE_BUSY);
    }
    return NGX_DONE;
}

// nginx has read the body, perhaps before ngx_http_read_client_request_body returned.
void body_read(ngx_http_request_t *r) {
    auto *ctx = static_cast<Context *>(ngx_http_get_module_ctx(r, ngx_http_app_create_module));
    // Notices a client that goes away while the store works.
    r->read_event_handler = ngx_http_test_reading;
    ngx_int_t rc = parse(ctx);
    if (rc != NGX_DONE) {
        ngx_http_finalize_request(r, rc);
    }
}

}  // namespace

ngx_int_t content_handler(ngx_http_request_t *r) {
    LocConf *conf = loc_conf(r);
    Context *ctx = get_context(r);
    if (ctx == nullptr) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (r->method != NGX_HTTP_POST) {
        if (conf->fallback.len) {
            return ngx_http_named_location(r, &conf->fallback);
        }
        return answer_code(ctx, AC_CODE_METHOD);
    }
    if (!ctx->authenticated) {
        return NGX_HTTP_UNAUTHORIZED;  // the precontent phase let nobody pass
    }

    ac_status status = begin(r, ctx);
    if (status != AC_OK) {
        return go_on(ctx, status);
    }

    r->request_body_in_single_buf = 1;
    ngx_int_t rc = ngx_http_read_client_request_body(r, body_read);
    if (rc >= NGX_HTTP_SPECIAL_RESPONSE) {
        return rc;
    }
    return NGX_DONE;
}

void create_returned(Context *ctx, ac_status status) {
    if (!is_current(ctx)) {
        return;  // the create goes with the request's pool
    }
    ngx_http_request_t *r = ctx->request;
    ngx_connection_t *c = r->connection;
    ngx_http_set_log_request(c->log, r);

    ngx_int_t rc = go_on(ctx, status);
    if (rc != NGX_DONE) {
        ngx_http_finalize_request(r, rc);
    }
    ngx_http_run_posted_requests(c);
}

}  // namespace app_create
