// Numbers for operators, shared by all workers: docs/metrics.md has their meaning.
//
// Each worker has a slot of its own in a zone and is nearly alone in writing to it, so that counting is an addition to
// a cache line that no other processor has. A slot outlives its worker: the next one goes on where that stopped, so
// sums over all slots never go back. What is a state and no count is taken of living workers only.
#pragma once

#include <atomic>

#include "module.h"

namespace appcreate::nginx {

// Relaxed: each number stands for itself.
class Counter {
  public:
    void add(uint64_t n = 1) { value_.fetch_add(n, std::memory_order_relaxed); }
    void subtract(uint64_t n) { value_.fetch_sub(n, std::memory_order_relaxed); }
    void set(uint64_t n) { value_.store(n, std::memory_order_relaxed); }
    uint64_t get() const { return value_.load(std::memory_order_relaxed); }

  private:
    std::atomic<uint64_t> value_;
};
static_assert(std::atomic<uint64_t>::is_always_lock_free);

constexpr ngx_uint_t kMaxBuckets = 16;

// How a histogram's buckets end: in the unit of what is observed, and as it is written.
struct Bucket {
    uint64_t end;
    const char *text;
};
struct Buckets {
    const Bucket *list;
    ngx_uint_t count;
};
extern const Buckets request_buckets;  // milliseconds, written as seconds
extern const Buckets store_buckets;    // microseconds, written as seconds
extern const Buckets batch_buckets;    // creates

struct Histogram {
    Counter buckets[kMaxBuckets];  // each without those before it; the last one in use has no end
    Counter sum;

    void observe(const Buckets &ends, uint64_t value) {
        ngx_uint_t i = 0;
        while (i < ends.count && value > ends.list[i].end) {
            i++;
        }
        buckets[i].add();
        sum.add(value);
    }
};

// Of one store in one worker. Times are milliseconds: of CLOCK_MONOTONIC, which all processes share, or since 1970.
struct alignas(64) StoreMetrics {
    Histogram duration;
    Histogram batches;
    Counter replays;
    Counter refusals;
    Counter timeouts;
    Counter failures;
    Counter recoveries;

    Counter last_commit;      // since 1970; kept when the worker goes
    Counter last_checkpoint;  // since 1970; kept when the worker goes

    // of a living worker
    Counter queue_creates;
    Counter queue_bytes;
    Counter log_bytes;
    Counter frozen;        // 1: creates of the whole store are
    Counter asked;         // monotonic: when the watch last had an answer, whichever
    Counter reached;       // 1: it was a good one
    Counter write_failed;  // monotonic: when the store last refused a create; 0 after one that was stored
};

// How often one status and code were answered. Written by the event loop alone.
struct Answered {
    std::atomic<uint64_t> key;  // 0: free
    Counter count;
};

constexpr ngx_uint_t kMaxAnswered = 128;

struct AnswerTable {
    Answered list[kMaxAnswered];
    Counter besides;  // found no place

    void add(uint64_t key) {
        ngx_uint_t start = key * 0x9e3779b97f4a7c15U >> 57;
        static_assert(kMaxAnswered == 1 << 7);
        for (ngx_uint_t i = 0; i < kMaxAnswered; i++) {
            Answered *answered = &list[(start + i) % kMaxAnswered];
            uint64_t there = answered->key.load(std::memory_order_relaxed);
            if (there == 0) {
                answered->key.store(key, std::memory_order_relaxed);
                there = key;
            }
            if (there == key) {
                answered->count.add();
                return;
            }
        }
        besides.add();
    }
};

// In place of a code: of a request that ended without an answer of ours; of one that the API does not have.
constexpr ngx_uint_t kNoCode = 0xffff;
constexpr ngx_uint_t kOtherCode = 0xfffe;

// How a shadow was answered beside its original.
enum class ShadowResult : uint8_t { kSame, kDifferent, kUnknown };
inline constexpr const char *kShadowResults[] = {"same", "different", "unknown"};
struct Comparison {
    ShadowResult result;
    ngx_uint_t original_status;  // 0: none
    ngx_uint_t original_code;
    ngx_uint_t status;  // 0: none
    ngx_uint_t code;
};

// What stands in for an answer in a table; never 0.
constexpr uint64_t kInUse = uint64_t{1} << 63;
inline uint64_t key_of(uint64_t status, uint64_t code) { return kInUse | (status & 0x3ff) << 16 | (code & 0xffff); }
inline uint64_t key_of(const Comparison &c) {
    return key_of(c.status, c.code) | static_cast<uint64_t>(c.original_code & 0xffff) << 26 |
           static_cast<uint64_t>(c.original_status & 0x3ff) << 42 | static_cast<uint64_t>(c.result) << 52;
}
inline ngx_uint_t status_in(uint64_t key) { return key >> 16 & 0x3ff; }
inline ngx_uint_t code_in(uint64_t key) { return key & 0xffff; }
inline ngx_uint_t original_status_in(uint64_t key) { return key >> 42 & 0x3ff; }
inline ngx_uint_t original_code_in(uint64_t key) { return key >> 26 & 0xffff; }
inline ngx_uint_t result_in(uint64_t key) { return key >> 52 & 3; }
constexpr ngx_uint_t kMaxWatchedStores = 16;

// By CacheStatus, less `kNone`.
constexpr ngx_uint_t kCacheEvents = 4;
// By Mode, less `kUndecided`.
constexpr ngx_uint_t kModes = 4;

struct alignas(64) WorkerMetrics {
    std::atomic<int64_t> worker;  // its pid; 0: nobody's
    AnswerTable answers;
    AnswerTable shadows;
    Counter modes[kModes];
    Histogram duration;
    Counter cache[kCacheEvents];
    Counter evictions;
    StoreMetrics stores[kMaxWatchedStores];
};

// ---- metrics_zone.cc

ngx_int_t add_metrics_zone(ngx_conf_t *cf, MainConf *conf);
// The worker's slot, from its start to its end; before and after it, one that nobody reads.
extern WorkerMetrics *own_metrics;
void take_metrics(ngx_cycle_t *cycle, const MainConf *conf);
void leave_metrics();
inline StoreMetrics *metrics_of(const Backend *backend) { return &own_metrics->stores[backend->metrics]; }

ngx_uint_t count_slots(const MainConf *conf);
const WorkerMetrics *slot_at(const MainConf *conf, ngx_uint_t i);
// A system call: for states alone, counts are of all slots.
bool is_alive(const WorkerMetrics &slot);

// The stores that there ever were in this zone, by their index.
ngx_uint_t count_watched_stores(const MainConf *conf);
ngx_str_t watched_store_name(const MainConf *conf, ngx_uint_t i);

// Calls `visit` with each slot, whether its worker lives or not.
template <class Visit>
void each_worker(const MainConf *conf, const Visit &visit) {
    ngx_uint_t slots = count_slots(conf);
    for (ngx_uint_t i = 0; i < slots; i++) {
        visit(*slot_at(conf, i));
    }
}

// ---- count.cc

// As $status.
inline ngx_uint_t status_of(const ngx_http_request_t *r) {
    return r->err_status ? r->err_status : r->headers_out.status;
}
inline void count_mode(Mode mode) { own_metrics->modes[static_cast<ngx_uint_t>(mode) - 1].add(); }
inline void count_cache(CacheStatus status) { own_metrics->cache[static_cast<ngx_uint_t>(status) - 1].add(); }

// A create is back from its store, whoever waits for it.
void count_create(const Backend *backend, const ac_create *create);
// Once for each request, when it is logged.
ngx_int_t count_request(ngx_http_request_t *r);
// The shadows of a main request, when that is logged.
void count_shadows(ngx_http_request_t *r);
inline uint64_t monotonic_ms() { return static_cast<uint64_t>(deadline_in(0)) / 1000000; }

// ---- shadow.cc

// False: one of the two has no answer, yet or at all.
bool compare_shadow(const Context *shadow, Comparison *out);

// ---- watch.cc

struct Watch;
// Asks a store each second whether it can be reached, on a thread of its own. NULL: no thread can be had.
Watch *start_watch(const Backend *backend, ac_store *store);
void stop_watch(Watch *watch);
// False: the store has it still at `deadline`.
bool end_watch(Watch *watch, int64_t deadline);

// What all workers say of a store.
struct StoreHealth {
    bool known;      // some worker has asked it
    bool reachable;  // none of those that have failed
    bool writable;   // it has not just refused a create
    uint64_t queue_creates;
    uint64_t queue_bytes;
    uint64_t limit_creates;
    uint64_t limit_bytes;
    uint64_t log_bytes;
    uint64_t frozen;           // 1: a worker has seen that creates of the whole store are
    uint64_t last_commit;      // 0: none yet
    uint64_t last_checkpoint;  // 0: none yet
};
StoreHealth store_health(const MainConf *conf, const Backend *backend);
ngx_uint_t count_workers(const MainConf *conf);

// ---- metrics_text.cc, health.cc

ngx_int_t metrics_handler(ngx_http_request_t *r);
ngx_int_t live_handler(ngx_http_request_t *r);
ngx_int_t ready_handler(ngx_http_request_t *r);

}  // namespace appcreate::nginx
