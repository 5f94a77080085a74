// app_create_limit: how often a create may come, counted by a key over all workers (docs/directives.md,
// "app_create_limit"). limit_directive.cc reads it, limit_zone.cc counts, limit.cc asks it for a request.
#pragma once

#include "leaky_bucket.h"
#include "module.h"

namespace appcreate::nginx {

// Of all limits with one name: these have the same key and rate. Made while the configuration is read.
struct LimitZone {
    ngx_str_t name;   // of the memory, of the policy that clients are told, of the metrics' label
    ngx_str_t key;    // as configured
    uint32_t source;  // of the key: what another key has counted under this name, before a reload, is not looked at
    uint64_t per_minute;
    size_t size;
    ngx_shm_zone_t *memory;
    ConfLine at;
};

struct Limit {
    LimitZone *zone;
    LimitRate rate;
    ngx_http_complex_value_t key;
    ngx_int_t variable;  // its index, where the key is one variable and nothing else; otherwise NGX_DECLINED
    ngx_str_t policy;    // for RateLimit-Policy
};

// Those of a location.
struct LimitSet {
    ngx_array_t list;     // Limit *, as configured
    ngx_array_t by_name;  // the same: zones are locked in this order, also by workers of another configuration
    ngx_str_t policies;   // all of theirs
};

// A key's value as a zone keeps it.
struct LimitKey {
    // With the rest of a node 128 bytes. A longer value is kept as its SHA-1.
    static constexpr size_t kBytes = 48;

    uint32_t hash;
    uint32_t source;
    u_char len;  // kHashed: of a longer one
    u_char bytes[kBytes];
};

// A limit and a request that it has counted or refused.
struct CountedLimit {
    Limit *limit;
    LimitKey key;
    bool refuses;
    uint64_t room;     // afterwards
    uint64_t seconds;  // until there is more

    // What there is to be told, by changes of state that all workers share.
    bool began;        // to refuse
    ngx_uint_t ended;  // how many were refused until there were none for a while; 0: no end
    bool forgot;       // a key that still counted, for the first time or after a while
};

// What limits have said of a request: counted once, whatever redirects it goes through.
struct LimitState {
    const LimitSet *set;
    CountedLimit *list;  // without those whose key is empty
    ngx_uint_t count;
    bool refused;
};

// ---- limit_zone.cc

ngx_int_t init_limit_zone(ngx_shm_zone_t *memory, void *old);
void make_limit_key(const LimitZone *zone, const ngx_str_t &value, LimitKey *out);
// Counts a request in all of them, or in none when one refuses. `by_name` is in the order of the zones' names. False:
// some zone has no memory left; nothing was counted.
bool count_in_all(CountedLimit *const *by_name, ngx_uint_t count);

struct LimitCounts {
    uint64_t refusals;
    uint64_t evictions;
    uint64_t keys;
};
LimitCounts limit_counts(const LimitZone *zone);

// ---- limit.cc

// NULL: it may go on; otherwise the answer that refuses it.
const ac_answer *ask_limits(Context *ctx);
// RateLimit-Policy and RateLimit, of a request that limits have counted.
ngx_int_t add_limit_headers(ngx_http_request_t *r);
// `seconds`, or longer when limits would refuse it until then.
unsigned retry_after_limits(const Context *ctx, unsigned seconds);

// ---- context.cc

// The context whose limits have counted the request, also where a redirect has left it behind. NULL: there is none.
Context *find_limited(ngx_http_request_t *r);

}  // namespace appcreate::nginx
