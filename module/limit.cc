// Limits for a request: counted when its key is known and before its body is read, told on every answer.

#include "limit.h"

namespace appcreate::nginx {
namespace {

// More digits than a number has.
constexpr size_t kItem = NGX_INT64_LEN * 2 + sizeof("\"\";r=;t=, ");

// Those whose key has a value.
ngx_int_t evaluate(Context *ctx, LimitState *state) {
    ngx_http_request_t *r = ctx->request;
    auto **limit = static_cast<Limit **>(ctx->conf->limits->list.elts);
    for (ngx_uint_t i = 0; i < ctx->conf->limits->list.nelts; i++) {
        ngx_str_t value;
        if (ngx_http_complex_value(r, &limit[i]->key, &value) != NGX_OK) {
            return NGX_ERROR;
        }
        if (value.len == 0) {
            continue;
        }
        CountedLimit *counted = &state->list[state->count++];
        counted->limit = limit[i];
        counted->key = make_limit_key(limit[i]->zone, value);
    }
    return NGX_OK;
}

// In the order of their names.
void sort(const LimitSet *set, const LimitState *state, CountedLimit **by_name) {
    auto **limit = static_cast<Limit **>(set->by_name.elts);
    for (ngx_uint_t i = 0; i < set->by_name.nelts; i++) {
        for (ngx_uint_t k = 0; k < state->count; k++) {
            if (state->list[k].limit == limit[i]) {
                *by_name++ = &state->list[k];
            }
        }
    }
}

// One line for each change of state, over all workers. The key is not shown: somebody may count by tokens.
void tell(const ngx_http_request_t *r, const LimitState *state) {
    for (ngx_uint_t i = 0; i < state->count; i++) {
        const CountedLimit &counted = state->list[i];
        LimitZone *zone = counted.limit->zone;
        if (counted.began) {
            ngx_log_error(NGX_LOG_WARN, r->connection->log, 0,
                          "app_create_limit \"%V\" is reached, creates that come too often get 429", &zone->name);
        }
        if (counted.ended) {
            ngx_log_error(NGX_LOG_WARN, r->connection->log, 0,
                          "app_create_limit \"%V\" has refused none for a minute, %ui got 429", &zone->name,
                          counted.ended);
        }
        if (counted.forgot) {
            ngx_log_error(NGX_LOG_WARN, r->connection->log, 0,
                          "app_create_limit \"%V\" has more keys than there is room for, and forgets what it has "
                          "counted of some: give its zone more than %uzk",
                          &zone->name, zone->size / 1024);
        }
    }
}

ngx_int_t count_request(Context *ctx) {
    ngx_http_request_t *r = ctx->request;
    const ngx_uint_t most = ctx->conf->limits->list.nelts;
    auto *state = static_cast<LimitState *>(ngx_pcalloc(r->pool, sizeof(LimitState)));
    auto *by_name = static_cast<CountedLimit **>(ngx_palloc(r->pool, most * sizeof(CountedLimit *)));
    if (state == nullptr || by_name == nullptr) {
        return NGX_ERROR;
    }
    state->list = static_cast<CountedLimit *>(ngx_pcalloc(r->pool, most * sizeof(CountedLimit)));
    if (state->list == nullptr || evaluate(ctx, state) != NGX_OK) {
        return NGX_ERROR;
    }
    if (state->count == 0) {
        return NGX_OK;
    }
    sort(ctx->conf->limits, state, by_name);
    if (!count_in_all(by_name, state->count)) {
        return NGX_BUSY;
    }
    for (ngx_uint_t i = 0; i < state->count; i++) {
        state->refused = state->refused || state->list[i].refuses;
    }
    tell(r, state);
    ctx->limits = state;
    ngx_log_debug2(NGX_LOG_DEBUG_HTTP, r->connection->log, 0, "app_create limits: %ui, refused: %ui", state->count,
                   static_cast<ngx_uint_t>(state->refused));
    return NGX_OK;
}

ngx_int_t add_field(ngx_http_request_t *r, const ngx_str_t &name, u_char *start, const u_char *end) {
    return add_header(r, name, {static_cast<size_t>(end - start), start}) ? NGX_OK : NGX_ERROR;
}

}  // namespace

const ac_answer *ask_limits(Context *ctx) {
    // What nobody is answered costs nobody anything.
    if (ctx->shadow) {
        return nullptr;
    }
    const Context *earlier = find_limited(ctx->request);
    if (earlier) {
        ctx->limits = earlier->limits;
    } else if (ctx->conf->limits) {
        ngx_int_t rc = count_request(ctx);
        if (rc != NGX_OK) {
            return ac_code_answer(rc == NGX_BUSY ? AC_CODE_BUSY : AC_CODE_INTERNAL);
        }
    }
    return ctx->limits && ctx->limits->refused ? ac_code_answer(AC_CODE_TOO_MANY) : nullptr;
}

ngx_int_t add_limit_headers(ngx_http_request_t *r) {
    const Context *ctx = r == r->main ? find_limited(r) : nullptr;
    if (ctx == nullptr) {
        return NGX_OK;
    }
    const LimitState *state = ctx->limits;
    size_t policy_len = 0;
    size_t limit_len = 0;
    for (ngx_uint_t i = 0; i < state->count; i++) {
        policy_len += state->list[i].limit->policy.len + 2;
        limit_len += state->list[i].limit->zone->name.len + kItem;
    }
    auto *policy = static_cast<u_char *>(ngx_pnalloc(r->pool, policy_len + limit_len));
    if (policy == nullptr) {
        return NGX_ERROR;
    }
    u_char *limit = policy + policy_len;
    u_char *policy_end = policy;
    u_char *limit_end = limit;
    for (ngx_uint_t i = 0; i < state->count; i++) {
        const CountedLimit &counted = state->list[i];
        const char *comma = i ? ", " : "";
        // A window that ends after Retry-After would contradict it, and any shorter one is as true.
        uint64_t seconds = counted.seconds;
        if (ctx->retry_after && ctx->retry_after < seconds) {
            seconds = ctx->retry_after;
        }
        policy_end = ngx_sprintf(policy_end, "%s%V", comma, &counted.limit->policy);
        limit_end =
            ngx_sprintf(limit_end, "%s\"%V\";r=%uL;t=%uL", comma, &counted.limit->zone->name, counted.room, seconds);
    }
    return add_field(r, ngx_string("RateLimit-Policy"), policy, policy_end) == NGX_OK
               ? add_field(r, ngx_string("RateLimit"), limit, limit_end)
               : NGX_ERROR;
}

unsigned retry_after_limits(const Context *ctx, unsigned seconds) {
    for (ngx_uint_t i = 0; ctx->limits && i < ctx->limits->count; i++) {
        const CountedLimit &counted = ctx->limits->list[i];
        if (counted.room == 0 && counted.seconds > seconds) {
            seconds = static_cast<unsigned>(ngx_min(counted.seconds, static_cast<uint64_t>(NGX_MAX_INT32_VALUE)));
        }
    }
    return seconds;
}

}  // namespace appcreate::nginx
