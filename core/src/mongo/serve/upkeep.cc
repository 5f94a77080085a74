#include "mongo/serve/upkeep.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "mongo/driver/apart.h"

namespace appcreate::mongo {
namespace {

// Twice as often as creates need it.
constexpr std::int64_t kLookNs = kFitNs / 2;

}  // namespace

Upkeep::Upkeep(std::shared_ptr<Pool> pool, std::shared_ptr<SchemaCheck> schema, std::shared_ptr<KeyUse> key_use)
    : shared_(std::make_shared<Shared>()) {
    shared_->pool = std::move(pool);
    shared_->schema = std::move(schema);
    shared_->key_use = std::move(key_use);
}

Upkeep::~Upkeep() { stop(monotonic_ns()); }

// The thread owns all that it needs: it may hang in the system's resolver for longer than the store is there.
void Upkeep::start(const SweepPace &pace) {
    const MutexLock lock(shared_->mutex);
    shared_->is_running = true;
    try {
        thread_ = std::thread([shared = shared_, pace] { run(*shared, pace); });
    } catch (...) {
        shared_->is_running = false;
        throw;
    }
}

void Upkeep::stop(std::int64_t latest) {
    if (!thread_.joinable()) return;
    MutexLock lock(shared_->mutex);
    shared_->is_stopping = true;
    shared_->changed.notify_all();
    const auto patience = std::chrono::nanoseconds(latest - monotonic_ns());
    const bool has_ended = shared_->changed.wait_for(
        lock.native(), patience, [this]() REQUIRES(shared_->mutex) { return !shared_->is_running; });
    lock.unlock();
    if (has_ended) return thread_.join();
    keep_code_loaded();
    thread_.detach();
}

void Upkeep::run(Shared &shared, SweepPace pace) {
    SweepLease lease;
    MutexLock lock(shared.mutex);
    while (!shared.is_stopping) {
        const auto pause = std::chrono::nanoseconds(std::clamp<std::int64_t>(pace.next() - monotonic_ns(), 0, kLookNs));
        if (shared.changed.wait_for(lock.native(), pause,
                                    [&shared]() REQUIRES(shared.mutex) { return shared.is_stopping; })) {
            break;
        }
        lock.unlock();
        const std::int64_t now = monotonic_ns();
        try {
            const bool is_due = now >= pace.next();
            if (is_due) pace.begin(now);
            if (is_due || shared.schema->is_in_use()) {
                const Client client = shared.pool->lend();
                shared.schema->refresh(client);
                if (shared.key_use->is_any()) shared.key_use->write(client);
                if (is_due && lease.take(client, now_ms()) && sweep_expired_requests(client, now_ms())) {
                    pace.more(now, monotonic_ns());
                }
            }
        } catch (const std::exception &) {
            // The next round tries again; those who serve report what is wrong with the store.
        }
        lock.lock();
    }
    shared.is_running = false;
    shared.changed.notify_all();
}

}  // namespace appcreate::mongo
