// Can a store be reached? Asked once a second by a thread of its own for each store and worker, so that no request
// waits for the answer: a request reads what the threads of all workers have found.

#include "metrics.h"
#include "threads.h"

namespace appcreate::nginx {
namespace {

constexpr ngx_msec_t kPause = 1000;
// How long a refused create keeps a store from being ready. Then others may come and find out: nobody else would.
constexpr uint64_t kRefusalCounts = 10 * 1000;

}  // namespace

struct Watch {
    const Backend *backend;
    ac_store *store;
    StoreMetrics *metrics;
    pthread_t thread;

    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool ending;
    bool ended;
};

namespace {

// A key that nobody has: what it costs is one look-up.
void ask(Watch *watch) {
    ac_lookup nobody = {};
    ac_status status = ac_store_find_keys(watch->store, &nobody, 1, deadline_in(watch->backend->timeout), nullptr);
    watch->metrics->reached.set(status == AC_OK);
    watch->metrics->asked.set(monotonic_ms());

    ac_store_stats stats = {};
    stats.size = sizeof(stats);
    if (ac_store_get_stats(watch->store, &stats) == AC_OK) {
        watch->metrics->log_bytes.set(stats.log_bytes);
        watch->metrics->frozen.set(stats.frozen != 0);
        if (stats.last_checkpoint) {
            watch->metrics->last_checkpoint.set(static_cast<uint64_t>(stats.last_checkpoint));
        }
    }
}

// False when the worker ends.
bool wait_for_next(Watch *watch) {
    MutexLock lock(&watch->mutex);
    int64_t next = deadline_in(kPause);
    while (!watch->ending && wait_until(&watch->changed, &watch->mutex, next)) {
    }
    return !watch->ending;
}

void *run(void *data) {
    auto *watch = static_cast<Watch *>(data);
    do {
        ask(watch);
    } while (wait_for_next(watch));
    MutexLock lock(&watch->mutex);
    watch->ended = true;
    pthread_cond_broadcast(&watch->changed);
    return nullptr;
}

void free_watch(Watch *watch) {
    pthread_cond_destroy(&watch->changed);
    pthread_mutex_destroy(&watch->mutex);
    ngx_free(watch);
}

}  // namespace

Watch *start_watch(const Backend *backend, ac_store *store) {
    auto *watch = static_cast<Watch *>(ngx_calloc(sizeof(Watch), ngx_cycle->log));
    if (watch == nullptr) {
        return nullptr;
    }
    watch->backend = backend;
    watch->store = store;
    watch->metrics = metrics_of(backend);
    pthread_mutex_init(&watch->mutex, nullptr);
    init_condition(&watch->changed);
    if (!start_thread(&watch->thread, backend, run, watch)) {
        free_watch(watch);
        return nullptr;
    }
    return watch;
}

void stop_watch(Watch *watch) {
    MutexLock lock(&watch->mutex);
    watch->ending = true;
    pthread_cond_broadcast(&watch->changed);
}

bool end_watch(Watch *watch, int64_t deadline) {
    {
        MutexLock lock(&watch->mutex);
        while (!watch->ended && wait_until(&watch->changed, &watch->mutex, deadline)) {
        }
        if (!watch->ended) {
            return false;
        }
    }
    pthread_join(watch->thread, nullptr);
    free_watch(watch);
    return true;
}

ngx_uint_t count_workers(const MainConf *conf) {
    ngx_uint_t workers = 0;
    each_worker(conf, [&](const WorkerMetrics &worker) { workers += is_alive(worker); });
    return workers;
}

StoreHealth store_health(const MainConf *conf, const Backend *backend) {
    StoreHealth health = {};
    health.reachable = true;
    health.writable = true;
    // Others write meanwhile: what they say may be later.
    uint64_t now = monotonic_ms();
    ngx_uint_t workers = 0;
    // A thread that has no answer for so long waits for a disk.
    uint64_t latest = kPause + backend->timeout + 2000;
    each_worker(conf, [&](const WorkerMetrics &worker) {
        const StoreMetrics &store = worker.stores[backend->metrics];
        health.last_commit = ngx_max(health.last_commit, store.last_commit.get());
        health.last_checkpoint = ngx_max(health.last_checkpoint, store.last_checkpoint.get());
        if (!is_alive(worker)) {
            return;
        }
        workers++;
        health.queue_creates += store.queue_creates.get();
        health.queue_bytes += store.queue_bytes.get();
        health.log_bytes = ngx_max(health.log_bytes, store.log_bytes.get());
        health.frozen = ngx_max(health.frozen, store.frozen.get());
        uint64_t failed = store.write_failed.get();
        health.writable = health.writable && (failed == 0 || now - ngx_min(failed, now) > kRefusalCounts);
        uint64_t asked = store.asked.get();
        if (asked) {
            health.known = true;
            health.reachable = health.reachable && store.reached.get() && now - ngx_min(asked, now) <= latest;
        }
    });

    auto **queue = static_cast<Queue **>(conf->queues.elts);
    for (ngx_uint_t i = 0; i < conf->queues.nelts; i++) {
        if (queue[i]->backend->metrics == backend->metrics) {
            health.limit_creates += queue[i]->number * workers;
            health.limit_bytes += queue[i]->bytes * workers;
        }
    }
    return health;
}

}  // namespace appcreate::nginx
