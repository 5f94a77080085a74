// The access phase: who asks? Bearer authentication (RFC 6750), by the cache or by a look-up.

#include "identity.h"
#include "metrics.h"
#include "mode.h"
#include "show.h"

namespace appcreate::nginx {
namespace {

ngx_int_t refuse(Context *ctx, ac_access access) {
    ngx_log_debug1(NGX_LOG_DEBUG_HTTP, ctx->request->connection->log, 0, "app_create access refused: %ui",
                   static_cast<ngx_uint_t>(access));
    ctx->access = access;
    ctx->refused = true;
    return note_answer(ctx, ac_code_answer(access == AC_ACCESS_NO_TOKEN ? AC_CODE_NO_TOKEN : AC_CODE_UNAUTHORIZED));
}

ngx_int_t check_key(Context *ctx) {
    auto now = static_cast<int64_t>(now_ms());
    ac_access access = operation_of(ctx->request, ctx->conf) == Operation::kRead ? ac_key_check_list(&ctx->key, now)
                                                                                 : ac_key_check(&ctx->key, now);
    if (access != AC_ACCESS_OK) {
        return refuse(ctx, access);
    }
    ctx->access = AC_ACCESS_OK;
    ctx->refused = false;
    ctx->authenticated = true;
    ngx_log_debug1(NGX_LOG_DEBUG_HTTP, ctx->request->connection->log, 0, "app_create access granted, key: %s",
                   ctx->key.id);
    return NGX_OK;
}

ngx_int_t authenticate(Context *ctx) {
    ngx_http_request_t *r = ctx->request;
    if (ctx->authenticated) {
        return NGX_OK;
    }
    if (ctx->refused) {
        return refuse(ctx, ctx->access);
    }

    if (ctx->conf->identity) {
        ac_access access = read_identity(ctx);
        return access == AC_ACCESS_OK ? check_key(ctx) : refuse(ctx, access);
    }

    // The phase engine may come again while the key is looked up, and does when it is known.
    switch (ctx->lookup) {
        case LookupState::kNone:
            break;
        case LookupState::kWaiting:
            return NGX_AGAIN;
        case LookupState::kFound:
            return check_key(ctx);
        case LookupState::kUnknown:
            return refuse(ctx, AC_ACCESS_INVALID);
        case LookupState::kFailed:
            return note_answer(ctx, ac_code_answer(AC_CODE_DATABASE));
    }

    read_bearer(ctx);
    if (ctx->bearer_access != AC_ACCESS_OK) {
        return refuse(ctx, ctx->bearer_access);
    }

    bool refresh;
    ngx_shm_zone_t *keys = main_conf(r)->keys;
    const Backend *backend = ctx->conf->backend;
    ngx_int_t known = follow_key_changes(backend, keys);
    ctx->cache = find_cached_key(keys, backend->identity, ctx->bearer.digest, &ctx->key, &refresh);
    if (ctx->cache == CacheStatus::kHit && known != NGX_OK) {
        // A worker that has just begun asks beside, so that it knows.
        refresh = true;
        ctx->cache = known == NGX_AGAIN ? CacheStatus::kHit : CacheStatus::kExpired;
    }
    ngx_log_debug2(NGX_LOG_DEBUG_HTTP, r->connection->log, 0, "app_create key cache: %ui, refresh: %ui",
                   static_cast<ngx_uint_t>(ctx->cache), static_cast<ngx_uint_t>(refresh));
    count_cache(ctx->cache);
    if (ctx->cache == CacheStatus::kHit) {
        if (refresh) {
            refresh_key(ctx);
        }
        return check_key(ctx);
    }
    if (ctx->cache == CacheStatus::kNegative) {
        return refuse(ctx, AC_ACCESS_INVALID);
    }

    ngx_int_t rc = start_lookup(ctx);
    if (rc != NGX_AGAIN) {
        return note_answer(ctx, ac_code_answer(rc == NGX_BUSY ? AC_CODE_BUSY : AC_CODE_DATABASE));
    }
    start_timer(ctx);
    ask_begins(ctx, "looking up API key");
    r->read_event_handler = ngx_http_test_reading;
    return NGX_AGAIN;
}

}  // namespace

ngx_int_t access_handler(ngx_http_request_t *r) {
    LocConf *conf = loc_conf(r);
    if (conf->organization == nullptr) {
        return NGX_DECLINED;
    }

    Operation operation = operation_of(r, conf);
    if (operation == Operation::kOther) {
        // NGX_OK would let "satisfy any" pass over "deny" in the location that the fallback enters.
        if (conf->fallback.len) {
            return NGX_DECLINED;
        }
        Context *ctx = enter_location(r);
        return ctx ? note_answer(ctx, ac_code_answer(AC_CODE_METHOD)) : NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    Context *ctx = enter_location(r);
    if (ctx == nullptr) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }
    ngx_int_t rc = operation == Operation::kCreate ? check_mode(ctx) : NGX_OK;
    if (rc != NGX_OK) {
        return rc;
    }
    // What sets an identity may come after this, and with "satisfy any" it need not have been asked.
    return conf->identity ? NGX_DECLINED : authenticate(ctx);
}

ngx_int_t precontent_handler(ngx_http_request_t *r) {
    LocConf *conf = loc_conf(r);
    if (conf->organization == nullptr) {
        return NGX_DECLINED;
    }
    Operation operation = operation_of(r, conf);
    if (operation == Operation::kOther && (r == r->main || conf->fallback.len)) {
        return NGX_DECLINED;
    }

    Context *ctx = enter_location(r);
    if (ctx == nullptr) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }
    if (r == r->main) {
        ngx_int_t rc = operation == Operation::kCreate ? check_mode(ctx) : NGX_OK;
        if (rc != NGX_OK) {
            return rc;
        }
    } else if (is_shadow(ctx)) {
        r->header_only = 1;
    } else {
        // A subrequest skips the access phase, and its token would be the parent's: nothing is created or read by one.
        return refuse(ctx, AC_ACCESS_NO_TOKEN);
    }

    ngx_int_t rc = authenticate(ctx);
    return rc == NGX_OK ? NGX_DECLINED : rc;
}

}  // namespace appcreate::nginx
