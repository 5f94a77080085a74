// The content phase: what was sent. Headers first, then the body, then the store. Reads go their own way (show.cc).

#include "limit.h"
#include "mode.h"
#include "show.h"

namespace appcreate::nginx {
namespace {

// Field lines of one name. More than these are as wrong as these.
constexpr ngx_uint_t kMaxLines = 8;

struct Lines {
    ngx_str_t name;
    ac_str values[kMaxLines];
    size_t count;
};

void collect(ngx_http_request_t *r, Lines *lines, ngx_uint_t n) {
    ngx_list_part_t *part = &r->headers_in.headers.part;
    for (; part; part = part->next) {
        auto *header = static_cast<ngx_table_elt_t *>(part->elts);
        for (ngx_uint_t i = 0; i < part->nelts; i++) {
            for (ngx_uint_t k = 0; k < n; k++) {
                if (header[i].key.len == lines[k].name.len && lines[k].count < kMaxLines &&
                    ngx_strncmp(header[i].lowcase_key, lines[k].name.data, lines[k].name.len) == 0) {
                    lines[k].values[lines[k].count++] = to_ac(trimmed(header[i].value));
                }
            }
        }
    }
}

// Whoever recorded a first flight can send it again, but cannot finish the handshake: as long as that is not done, this
// may be a repetition. What nginx calls $ssl_early_data, which it has where it was built with TLS.
bool is_early(ngx_http_request_t *r) {
#if (NGX_SSL || NGX_COMPAT)
    if (r->connection->ssl == nullptr) {
        return false;
    }
    ngx_str_t name = ngx_string("ssl_early_data");
    ngx_http_variable_value_t *value = ngx_http_get_variable(r, &name, ngx_hash_key(name.data, name.len));
    return value && !value->not_found && value->len;
#else
    (void)r;
    return false;
#endif
}

// Organization, headers and query. AC_OK: the body is wanted.
ac_status begin(ngx_http_request_t *r, Context *ctx) {
    ngx_str_t organization;
    if (ngx_http_complex_value(r, ctx->conf->organization, &organization) != NGX_OK) {
        return AC_ENOMEM;
    }

    Lines lines[] = {{ngx_string("content-type"), {}, 0},
                     {ngx_string("content-encoding"), {}, 0},
                     {ngx_string("idempotency-key"), {}, 0},
                     {ngx_string("early-data"), {}, 0}};
    collect(r, lines, 4);

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
    ac_status status = ac_create_begin(&head, &ctx->create);

    // A key makes a repeated request harmless (RFC 8470, 5: the field says that it was early to a proxy before us).
    if (status == AC_OK && lines[2].count == 0 && (lines[3].count || is_early(r))) {
        ac_create_refuse(ctx->create, AC_CODE_TOO_EARLY);
        return AC_DONE;
    }
    if (status == AC_OK && ctx->mode == Mode::kValidate) {
        // What the client has asked for is in order, and is not what is done.
        ac_create_free(ctx->create);
        ctx->create = nullptr;
        head.query = to_ac(ngx_string("validateOnly=true"));
        return ac_create_begin(&head, &ctx->create);
    }
    return status;
}

ngx_int_t answer_code(Context *ctx, int code) { return send_answer(ctx, ac_code_answer(code)); }

// The create is on its way, NGX_OK, or was refused. NGX_DONE: create_returned goes on.
ngx_int_t gone(Context *ctx, ngx_int_t rc) {
    if (rc == NGX_OK) {
        ask_begins(ctx, "creating application");
        return NGX_DONE;
    }
    stop_timer(ctx);
    switch (rc) {
        case NGX_BUSY:
            return answer_code(ctx, AC_CODE_BUSY);
        case NGX_DECLINED:
            return NGX_HTTP_REQUEST_ENTITY_TOO_LARGE;
        default:
            return answer_code(ctx, AC_CODE_DATABASE);
    }
}

ngx_int_t write(Context *ctx) {
    return start_timer(ctx) ? gone(ctx, send_to_store(ctx)) : answer_code(ctx, AC_CODE_DATABASE);
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

ngx_int_t parse(Context *ctx) {
    BodySource body;
    ngx_int_t rc = find_body(ctx, &body);
    if (rc != NGX_OK) {
        return rc;
    }

    if (body.file == NGX_INVALID_FILE) {
        ac_status status = ac_create_body(ctx->create, body.memory, AC_BODY_NO_BLOCK);
        if (status != AC_AGAIN) {
            return go_on(ctx, status);
        }
    }
    return start_timer(ctx) ? gone(ctx, prepare_on_thread(ctx, body)) : answer_code(ctx, AC_CODE_DATABASE);
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

    Operation operation = operation_of(r, conf);
    if (conf->fallback.len &&
        (operation == Operation::kOther || (operation == Operation::kCreate && decide_mode(ctx) == Mode::kOff))) {
        ngx_log_debug1(NGX_LOG_DEBUG_HTTP, r->connection->log, 0, "app_create fallback: %V", &conf->fallback);
        return ngx_http_named_location(r, &conf->fallback);
    }
    if (operation == Operation::kOther) {
        return answer_code(ctx, AC_CODE_METHOD);
    }
    if (!ctx->authenticated) {
        return NGX_HTTP_UNAUTHORIZED;  // the precontent phase let nobody pass
    }
    const ac_answer *refusal = ask_limits(ctx);
    if (refusal) {
        return send_answer(ctx, refusal);
    }
    if (operation == Operation::kRead) {
        return show(ctx);
    }

    ac_status status = begin(r, ctx);
    ngx_log_debug1(NGX_LOG_DEBUG_HTTP, r->connection->log, 0, "app_create headers: %i", static_cast<ngx_int_t>(status));
    if (status != AC_OK) {
        return go_on(ctx, status);
    }

    ngx_int_t rc = expect_body(ctx);
    if (rc != NGX_OK) {
        return rc;
    }
    r->request_body_in_single_buf = 1;
    rc = ngx_http_read_client_request_body(r, body_read);
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
    Resumed resumed(r);
    ask_ended(ctx);
    ngx_log_debug1(NGX_LOG_DEBUG_HTTP, r->connection->log, 0, "app_create returned: %i",
                   static_cast<ngx_int_t>(status));

    ngx_int_t rc = go_on(ctx, status);
    if (rc != NGX_DONE) {
        ngx_http_finalize_request(r, rc);
    }
}

}  // namespace appcreate::nginx
