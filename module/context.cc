// A request's context: made once, found again after redirects, let go when the request ends.

#include "limit.h"
#include "mode.h"
#include "show.h"

namespace appcreate::nginx {
namespace {

// Runs at the request's termination or end, before its pool goes: nothing that is still on its way may find it.
void leave_everything(void *data) {
    auto *ctx = static_cast<Context *>(data);
    stop_timer(ctx);
    ask_ended(ctx);
    leave_lookup(ctx);
    leave_pending(ctx);
    leave_read(ctx);
}

// Runs with the pool, after the response was sent and the request logged: both use the bytes of create and
// read.
void free_context(void *data) {
    auto *ctx = static_cast<Context *>(data);
    ac_create_free(ctx->create);
    ac_read_free(ctx->read);
}

// The time for the store is over: the answer goes out, the work is left to itself.
void timed_out(ngx_event_t *event) {
    auto *ctx = ngx_queue_data(event, Context, timer);
    ctx->store_left = 0;

    if (!is_current(ctx)) {
        leave_everything(ctx);
        return;
    }

    ngx_log_debug0(NGX_LOG_DEBUG_HTTP, ctx->request->connection->log, 0, "app_create timed out");
    ask_ended(ctx);
    if (ctx->pending || ctx->pending_read) {
        store_timed_out(ctx->conf->backend->opened, ctx->conf->timeout);
        leave_pending(ctx);
        leave_read(ctx);
        finish_code(ctx, AC_CODE_DATABASE);
        return;
    }

    if (ctx->lookup == LookupState::kWaiting) {
        expire_lookup(ctx);
        ngx_http_request_t *r = ctx->request;
        Resumed resumed(r);
        r->write_event_handler(r);
    }
}

}  // namespace

Context *get_context(ngx_http_request_t *r) {
    auto *ctx = static_cast<Context *>(ngx_http_get_module_ctx(r, ngx_http_app_create_module));
    if (ctx) {
        return ctx;
    }

    ctx = static_cast<Context *>(ngx_pcalloc(r->pool, sizeof(Context)));
    ngx_pool_cleanup_t *last = ngx_pool_cleanup_add(r->pool, 0);
    ngx_http_cleanup_t *leave = ngx_http_cleanup_add(r, 0);
    if (ctx == nullptr || last == nullptr || leave == nullptr) {
        return nullptr;
    }

    ctx->request = r;
    ctx->conf = loc_conf(r);
    ctx->timer.handler = timed_out;
    // Debug builds read it as a connection.
    ctx->timer.data = r->connection;
    ctx->timer.log = r->connection->log;
    last->handler = free_context;
    last->data = ctx;
    leave->handler = leave_everything;
    leave->data = ctx;

    ngx_http_set_ctx(r, ctx, ngx_http_app_create_module);
    return ctx;
}

Context *enter_location(ngx_http_request_t *r) {
    Context *ctx = get_context(r);
    if (ctx) {
        ctx->conf = loc_conf(r);
    }
    return ctx;
}

bool is_current(Context *ctx) { return ngx_http_get_module_ctx(ctx->request, ngx_http_app_create_module) == ctx; }

Context *find_context(ngx_http_request_t *r) {
    auto *ctx = static_cast<Context *>(ngx_http_get_module_ctx(r, ngx_http_app_create_module));
    if (ctx) {
        return ctx;
    }
    // Only a redirect clears contexts; without one there is nothing to look for.
    if (!r->internal) {
        return nullptr;
    }
    for (ngx_pool_cleanup_t *cln = r->pool->cleanup; cln; cln = cln->next) {
        if (cln->handler == free_context) {
            ctx = static_cast<Context *>(cln->data);
            if (ctx->request == r) {
                return ctx;
            }
        }
    }
    return nullptr;
}

Context *find_limited(ngx_http_request_t *r) {
    if (main_conf(r)->limits.nelts == 0) {
        return nullptr;
    }
    auto *ctx = static_cast<Context *>(ngx_http_get_module_ctx(r, ngx_http_app_create_module));
    if (ctx && ctx->limits) {
        return ctx;
    }
    if (!r->internal) {
        return nullptr;
    }
    for (ngx_pool_cleanup_t *cln = r->pool->cleanup; cln; cln = cln->next) {
        if (cln->handler == free_context) {
            ctx = static_cast<Context *>(cln->data);
            if (ctx->request == r && ctx->limits) {
                return ctx;
            }
        }
    }
    return nullptr;
}

Context *find_shadow(const ngx_http_request_t *r, const Context *last) {
    bool passed = last == nullptr;
    for (ngx_pool_cleanup_t *cln = r->pool->cleanup; cln; cln = cln->next) {
        if (cln->handler != free_context) {
            continue;
        }
        auto *ctx = static_cast<Context *>(cln->data);
        if (passed && ctx->shadow) {
            return ctx;
        }
        passed = passed || ctx == last;
    }
    return nullptr;
}

Resumed::Resumed(ngx_http_request_t *r) : connection_(r->connection) { ngx_http_set_log_request(connection_->log, r); }

Resumed::~Resumed() { ngx_http_run_posted_requests(connection_); }

bool start_timer(Context *ctx) {
    if (!ctx->store_begun) {
        ctx->store_begun = true;
        ctx->store_left = ctx->conf->timeout;
    }
    if (ctx->store_left == 0) {
        return false;
    }
    // Not cancelable: a worker that drains must not exit before the answer is out.
    ngx_add_timer(&ctx->timer, ctx->store_left);
    return true;
}

void stop_timer(Context *ctx) {
    if (ctx->timer.timer_set) {
        auto left = static_cast<ngx_msec_int_t>(ctx->timer.timer.key - ngx_current_msec);
        ctx->store_left = left > 0 ? static_cast<ngx_msec_t>(left) : 0;
        ngx_del_timer(&ctx->timer);
    }
}

void ask_begins(Context *ctx, const char *action) {
    // What its connection does is what the original does.
    if (ctx->shadow) {
        return;
    }
    ngx_log_t *log = ctx->request->connection->log;
    if (!ctx->asking) {
        ctx->action = log->action;
        ctx->asking = true;
    }
    // nginx has it without const, and never writes to it.
    log->action = const_cast<char *>(action);
    ngx_log_debug1(NGX_LOG_DEBUG_HTTP, log, 0, "app_create begins %s", action);
}

void ask_ended(Context *ctx) {
    if (ctx->asking) {
        ctx->request->connection->log->action = const_cast<char *>(ctx->action);
        ctx->asking = false;
    }
}

void read_bearer(Context *ctx) {
    if (ctx->bearer_read) {
        return;
    }
    ngx_table_elt_t *header = ctx->request->headers_in.authorization;
    ctx->bearer_access = header ? ac_bearer_parse(to_ac(header->value), &ctx->bearer) : AC_ACCESS_NO_TOKEN;
    ctx->bearer_read = true;
}

}  // namespace appcreate::nginx
