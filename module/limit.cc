// Limits for a request: counted when its key is known and before its body is read, told on every answer.

#include "limit.h"

namespace appcreate::nginx {
namespace {

// A key that is one variable, as most are, needs no memory.
ngx_int_t value_of(ngx_http_request_t *r, Limit *limit, ngx_str_t *value) {
    if (limit->variable == NGX_DECLINED) {
        return ngx_http_complex_value(r, &limit->key, value);
    }
    const ngx_http_variable_value_t *found = ngx_http_get_flushed_variable(r, static_cast<ngx_uint_t>(limit->variable));
    *value = ngx_null_string;
    if (found && !found->not_found) {
        *value = {found->len, found->data};
    }
    return NGX_OK;
}

// Those whose key has a value.
ngx_int_t evaluate(Context *ctx, LimitState *state) {
    auto **limit = static_cast<Limit **>(ctx->conf->limits->list.elts);
    for (ngx_uint_t i = 0; i < ctx->conf->limits->list.nelts; i++) {
        ngx_str_t value;
        if (value_of(ctx->request, limit[i], &value) != NGX_OK) {
            return NGX_ERROR;
        }
        if (value.len == 0) {
            continue;
        }
        CountedLimit *counted = &state->list[state->count++];
        counted->limit = limit[i];
        counted->began = false;
        counted->ended = 0;
        counted->forgot = false;
        make_limit_key(limit[i]->zone, value, &counted->key);
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

ngx_int_t count(Context *ctx) {
    ngx_http_request_t *r = ctx->request;
    const ngx_uint_t most = ctx->conf->limits->list.nelts;
    auto *state = static_cast<LimitState *>(ngx_pcalloc(r->pool, sizeof(LimitState)));
    auto *list = static_cast<CountedLimit *>(ngx_palloc(r->pool, most * sizeof(CountedLimit)));
    auto *by_name = static_cast<CountedLimit **>(ngx_palloc(r->pool, most * sizeof(CountedLimit *)));
    if (state == nullptr || list == nullptr || by_name == nullptr) {
        return NGX_ERROR;
    }
    state->set = ctx->conf->limits;
    state->list = list;
    if (evaluate(ctx, state) != NGX_OK) {
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

// ngx_sprintf takes several times as long, and these are on every answer.
u_char *write(u_char *p, const ngx_str_t &text) { return ngx_cpymem(p, text.data, text.len); }

u_char *write(u_char *p, uint64_t number) {
    u_char digits[NGX_INT64_LEN];
    u_char *first = digits + sizeof(digits);
    do {
        *--first = static_cast<u_char>('0' + number % 10);
        number /= 10;
    } while (number);
    return ngx_cpymem(p, first, digits + sizeof(digits) - first);
}

// Some limits may have an empty key.
ngx_int_t find_policies(ngx_http_request_t *r, const LimitState *state, ngx_str_t *out) {
    const LimitSet *set = state->set;
    if (state->count == set->list.nelts) {
        *out = set->policies;
        return NGX_OK;
    }
    out->data = static_cast<u_char *>(ngx_pnalloc(r->pool, set->policies.len));
    if (out->data == nullptr) {
        return NGX_ERROR;
    }
    u_char *end = out->data;
    for (ngx_uint_t i = 0; i < state->count; i++) {
        if (i) {
            end = write(end, ngx_string(", "));
        }
        end = write(end, state->list[i].limit->policy);
    }
    out->len = static_cast<size_t>(end - out->data);
    return NGX_OK;
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
        ngx_int_t rc = count(ctx);
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
    size_t size = 0;
    for (ngx_uint_t i = 0; i < state->count; i++) {
        size += state->list[i].limit->zone->name.len + sizeof(", \"\";r=;t=") + 2 * NGX_INT64_LEN;
    }
    ngx_str_t policies;
    auto *limits = static_cast<u_char *>(ngx_pnalloc(r->pool, size));
    if (limits == nullptr || find_policies(r, state, &policies) != NGX_OK) {
        return NGX_ERROR;
    }
    u_char *end = limits;
    for (ngx_uint_t i = 0; i < state->count; i++) {
        const CountedLimit &counted = state->list[i];
        // A window that ends after Retry-After would contradict it, and any shorter one is as true.
        uint64_t seconds = counted.seconds;
        if (ctx->retry_after && ctx->retry_after < seconds) {
            seconds = ctx->retry_after;
        }
        if (i) {
            end = write(end, ngx_string(", "));
        }
        end = write(end, ngx_string("\""));
        end = write(end, counted.limit->zone->name);
        end = write(end, ngx_string("\";r="));
        end = write(end, counted.room);
        end = write(end, ngx_string(";t="));
        end = write(end, seconds);
    }
    return add_header(r, ngx_string("RateLimit-Policy"), policies) &&
                   add_header(r, ngx_string("RateLimit"), {static_cast<size_t>(end - limits), limits})
               ? NGX_OK
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
