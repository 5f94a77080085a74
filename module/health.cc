// For load balancers: does this nginx live, and can it create?

#include "metrics.h"
#include "text.h"

namespace appcreate::nginx {
namespace {

// What keeps the store from being created in now; NULL: nothing.
const char *obstacle(const StoreHealth &health) {
    if (!health.known) {
        return "not asked yet";
    }
    if (!health.reachable) {
        return "unreachable";
    }
    if (!health.writable) {
        return "refuses creates";
    }
    if (health.queue_creates >= health.limit_creates || health.queue_bytes >= health.limit_bytes) {
        return "queue full";
    }
    return nullptr;
}

void add_store(Text *text, const Backend *backend, const StoreHealth &health, const char *state) {
    text->add("{\"store\":\"");
    text->add_escaped(backend->name);
    text->add(
        "\",\"ready\":%s,\"state\":\"%s\",\"frozen\":%s,\"queue\":{\"creates\":%uL,\"limit\":%uL,\"bytes\":%uL,"
        "\"limitBytes\":%uL},\"secondsSinceCommit\":",
        state ? "false" : "true", state ? state : "ok", health.frozen ? "true" : "false", health.queue_creates,
        health.limit_creates, health.queue_bytes, health.limit_bytes);
    if (health.last_commit) {
        uint64_t since = now_ms() - ngx_min(health.last_commit, now_ms());
        text->add("%uL.%03uL}", since / 1000, since % 1000);
    } else {
        text->add("null}");
    }
}

}  // namespace

ngx_int_t live_handler(ngx_http_request_t *r) {
    return send_page(r, NGX_HTTP_OK, json_type, ngx_string("{\"live\":true}"));
}

ngx_int_t ready_handler(ngx_http_request_t *r) {
    const MainConf *conf = main_conf(r);
    auto **backend = static_cast<Backend **>(conf->backends.elts);
    Text stores(r->pool);
    bool ready = true;
    for (ngx_uint_t i = 0; i < conf->backends.nelts; i++) {
        StoreHealth health = store_health(conf, backend[i]);
        const char *state = obstacle(health);
        ready = ready && state == nullptr;
        stores.add(i ? "," : "");
        add_store(&stores, backend[i], health, state);
    }
    ngx_str_t list;
    if (!stores.end(&list)) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }
    auto *body = static_cast<u_char *>(ngx_pnalloc(r->pool, list.len + 64));
    if (body == nullptr) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }
    u_char *end = ngx_sprintf(body, "{\"ready\":%s,\"stores\":[%V]}", ready ? "true" : "false", &list);
    return send_page(r, ready ? NGX_HTTP_OK : NGX_HTTP_SERVICE_UNAVAILABLE, json_type,
                     {static_cast<size_t>(end - body), body});
}

}  // namespace appcreate::nginx
