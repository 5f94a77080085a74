// Reads: which request is one, what it asks for, and its answer. The store is asked in reads.cc.

#include "show.h"

namespace appcreate::nginx {
namespace {

const ngx_str_t organizations = ngx_string("organizations");
const ngx_str_t apps = ngx_string("apps");

// Takes the last segment from the end of `path`. False: there is none.
bool take_segment(ngx_str_t *path, ngx_str_t *segment) {
    u_char *end = path->data + path->len;
    u_char *p = end;
    while (p > path->data && p[-1] != '/') {
        p--;
    }
    if (p == path->data) {
        return false;
    }
    *segment = {static_cast<size_t>(end - p), p};
    path->len = static_cast<size_t>(p - 1 - path->data);
    return true;
}

// An encoded slash would be a part of a name, and nginx has made a separator of it.
bool has_encoded_slash(const ngx_str_t &unparsed) {
    for (size_t i = 0; i + 2 < unparsed.len && unparsed.data[i] != '?'; i++) {
        if (unparsed.data[i] == '%' && unparsed.data[i + 1] == '2' && (unparsed.data[i + 2] | 0x20) == 'f') {
            return true;
        }
    }
    return false;
}

enum class Path : uint8_t { kNone, kList, kOne };

// How the path ends: "/organizations/{organizationId}/apps" or, with one application's name behind it, that one. An
// organization or an application may be called "apps" or "organizations", so the longer form is looked for first.
Path read_path(const ngx_http_request_t *r, ngx_str_t *name) {
    ngx_str_t path = r->uri;
    ngx_str_t segments[4];
    ngx_uint_t n = 0;
    while (n < 4 && take_segment(&path, &segments[n])) {
        n++;
    }
    if (has_encoded_slash(r->unparsed_uri)) {
        return Path::kNone;
    }
    if (n == 4 && is_equal(segments[3], organizations) && is_equal(segments[1], apps)) {
        *name = segments[0];
        return Path::kOne;
    }
    return n >= 3 && is_equal(segments[2], organizations) && is_equal(segments[0], apps) ? Path::kList : Path::kNone;
}

ngx_int_t answer_read(Context *ctx) {
    ngx_http_request_t *r = ctx->request;
    // Another API may have what this store has not.
    if (ac_read_is_missing(ctx->read) && ctx->conf->fallback.len) {
        ngx_log_debug1(NGX_LOG_DEBUG_HTTP, r->connection->log, 0, "app_create fallback: %V", &ctx->conf->fallback);
        return ngx_http_named_location(r, &ctx->conf->fallback);
    }
    return send_answer(ctx, ac_read_answer(ctx->read));
}

}  // namespace

Operation operation_of(const ngx_http_request_t *r, const LocConf *conf) {
    ngx_str_t name;
    switch (r->method) {
        case NGX_HTTP_POST:
            return conf->show && read_path(r, &name) == Path::kOne ? Operation::kOther : Operation::kCreate;
        case NGX_HTTP_GET:
        case NGX_HTTP_HEAD:
            return conf->show ? Operation::kRead : Operation::kOther;
        default:
            return Operation::kOther;
    }
}

ngx_str_t allowed_methods(const ngx_http_request_t *r, const LocConf *conf) {
    ngx_str_t name;
    if (!conf->show) {
        return ngx_string("POST");
    }
    return read_path(r, &name) == Path::kOne ? ngx_str_t ngx_string("GET, HEAD")
                                             : ngx_str_t ngx_string("GET, HEAD, POST");
}

ngx_int_t show(Context *ctx) {
    ngx_http_request_t *r = ctx->request;
    ngx_str_t organization;
    if (ngx_http_complex_value(r, ctx->conf->organization, &organization) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }
    // Where the path has neither form this is no application's name.
    ngx_str_t name = ngx_null_string;
    bool is_list = read_path(r, &name) == Path::kList;
    ac_str application = to_ac(name);

    ac_read_head head = {};
    head.key = &ctx->key;
    head.organization = to_ac(organization);
    head.application = is_list ? nullptr : &application;
    head.query = to_ac(r->args);
    ac_status status = ac_read_begin(&head, &ctx->read);
    ngx_log_debug1(NGX_LOG_DEBUG_HTTP, r->connection->log, 0, "app_create read: %i", static_cast<ngx_int_t>(status));
    if (status == AC_DONE) {
        return answer_read(ctx);
    }
    if (status != AC_OK) {
        return send_answer(ctx, ac_code_answer(AC_CODE_INTERNAL));
    }

    if (!start_timer(ctx)) {
        return send_answer(ctx, ac_code_answer(AC_CODE_DATABASE));
    }
    ngx_int_t rc = send_read(ctx);
    if (rc != NGX_OK) {
        stop_timer(ctx);
        return send_answer(ctx, ac_code_answer(rc == NGX_BUSY ? AC_CODE_BUSY : AC_CODE_DATABASE));
    }
    ask_begins(ctx, "reading applications");
    // Notices a client that goes away while the store is asked.
    r->read_event_handler = ngx_http_test_reading;
    r->main->count++;
    return NGX_DONE;
}

void read_returned(Context *ctx) {
    if (!is_current(ctx)) {
        return;  // the read goes with the request's pool
    }
    ngx_http_request_t *r = ctx->request;
    Resumed resumed(r);
    ask_ended(ctx);
    ngx_log_debug1(NGX_LOG_DEBUG_HTTP, r->connection->log, 0, "app_create read returned: %ui",
                   static_cast<ngx_uint_t>(ac_read_answer(ctx->read)->status));
    r->read_event_handler = ngx_http_block_reading;
    ngx_http_finalize_request(r, answer_read(ctx));
}

}  // namespace appcreate::nginx
