// What is counted of requests and creates.

#include "metrics.h"

namespace appcreate::nginx {
namespace {

constexpr Bucket kRequestEnds[] = {{1, "0.001"},  {2, "0.002"},  {5, "0.005"},   {10, "0.01"}, {25, "0.025"},
                                   {50, "0.05"},  {100, "0.1"},  {250, "0.25"},  {500, "0.5"}, {1000, "1.0"},
                                   {2500, "2.5"}, {5000, "5.0"}, {10000, "10.0"}};
constexpr Bucket kStoreEnds[] = {{100, "0.0001"},  {250, "0.00025"}, {500, "0.0005"},   {1000, "0.001"},
                                 {2500, "0.0025"}, {5000, "0.005"},  {10000, "0.01"},   {25000, "0.025"},
                                 {50000, "0.05"},  {100000, "0.1"},  {250000, "0.25"},  {500000, "0.5"},
                                 {1000000, "1.0"}, {2500000, "2.5"}, {10000000, "10.0"}};
constexpr Bucket kBatchEnds[] = {{1, "1.0"},   {2, "2.0"},   {4, "4.0"},     {8, "8.0"},    {16, "16.0"},
                                 {32, "32.0"}, {64, "64.0"}, {128, "128.0"}, {256, "256.0"}};

template <ngx_uint_t n>
constexpr Buckets all_of(const Bucket (&list)[n]) {
    static_assert(n < kMaxBuckets);
    return {list, n};
}

}  // namespace

const Buckets request_buckets = all_of(kRequestEnds);
const Buckets store_buckets = all_of(kStoreEnds);
const Buckets batch_buckets = all_of(kBatchEnds);

void count_create(const Backend *backend, const ac_create *create) {
    ac_create_facts facts;
    ac_create_get_facts(create, &facts);
    const ac_answer *answer = ac_create_answer(create);
    if (facts.batch == 0) {
        return;
    }
    StoreMetrics *store = metrics_of(backend);
    store->duration.observe(store_buckets, facts.store_us);
    if (answer->flags & AC_ANSWER_REPLAYED) {
        store->replays.add();
    } else if (answer->status == NGX_HTTP_OK && facts.id.len) {
        store->write_failed.set(0);
        store->last_commit.set(now_ms());
    } else if (answer->code == AC_CODE_DATABASE) {
        store->write_failed.set(monotonic_ms());
    }
}

ngx_int_t count_request(ngx_http_request_t *r) {
    count_shadows(r);
    // What the fallback answered is not ours; what an error_page made of our answer is. A shadow has its own count.
    Context *ctx = find_context(r);
    if (ctx && ctx->shadow) {
        return NGX_OK;
    }
    bool answered = ctx && (ctx->answer || ctx->code);
    if (loc_conf(r)->organization == nullptr && !answered) {
        return NGX_OK;
    }
    WorkerMetrics *metrics = own_metrics;
    metrics->answers.add(key_of(status_of(r), answered ? ctx->code : kNoCode));

    // As $request_time.
    ngx_time_t *now = ngx_timeofday();
    auto ms = static_cast<ngx_msec_int_t>((now->sec - r->start_sec) * 1000) +
              (static_cast<ngx_msec_int_t>(now->msec) - static_cast<ngx_msec_int_t>(r->start_msec));
    metrics->duration.observe(request_buckets, static_cast<uint64_t>(ngx_max(ms, 0)));
    return NGX_OK;
}

}  // namespace appcreate::nginx
