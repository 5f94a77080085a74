#include "mongo/upkeep.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "mongo/apart.h"
#include "mongo/sweeper.h"

namespace appcreate::mongo {
namespace {

// Twice as often as creates need it.
constexpr std::int64_t kLookNs = kFitNs / 2;
// Not right away: whoever starts a gateway has other things to wait for.
constexpr std::int64_t kIdleNs = 60LL * 1'000'000'000;
// Behind: as long as the last sweep took, so that creates have the server half of the time.
constexpr std::int64_t kLeastPauseNs = 5'000'000;

}  // namespace

Upkeep::Upkeep(std::shared_ptr<Pool> pool, std::shared_ptr<SchemaCheck> schema) : shared_(std::make_shared<Shared>()) {
    shared_->pool = std::move(pool);
    shared_->schema = std::move(schema);
}

Upkeep::~Upkeep() { stop(monotonic_ns()); }

// The thread owns all that it needs: it may hang in the system's resolver for longer than the store is there.
void Upkeep::start() {
    shared_->is_running = true;
    try {
        thread_ = std::thread([shared = shared_] { run(*shared); });
    } catch (...) {
        shared_->is_running = false;
        throw;
    }
}

void Upkeep::stop(std::int64_t latest) {
    if (!thread_.joinable()) return;
    std::unique_lock lock(shared_->mutex);
    shared_->is_stopping = true;
    shared_->changed.notify_all();
    const auto patience = std::chrono::nanoseconds(latest - monotonic_ns());
    const bool has_ended = shared_->changed.wait_for(lock, patience, [this] { return !shared_->is_running; });
    lock.unlock();
    if (has_ended) return thread_.join();
    keep_code_loaded();
    thread_.detach();
}

void Upkeep::run(Shared &shared) {
    SweepLease lease;
    std::int64_t next_sweep = monotonic_ns() + kIdleNs;
    std::unique_lock lock(shared.mutex);
    while (!shared.is_stopping) {
        const auto pause = std::chrono::nanoseconds(std::clamp<std::int64_t>(next_sweep - monotonic_ns(), 0, kLookNs));
        if (shared.changed.wait_for(lock, pause, [&shared] { return shared.is_stopping; })) break;
        lock.unlock();
        const std::int64_t now = monotonic_ns();
        try {
            const bool is_due = now >= next_sweep;
            if (is_due) next_sweep = now + kIdleNs;
            if (is_due || shared.schema->is_in_use()) {
                const Session session = shared.pool->lend();
                shared.schema->refresh(session);
                if (is_due && lease.take(session, now_ms()) && sweep_expired_requests(session, now_ms())) {
                    next_sweep = monotonic_ns() + std::max(monotonic_ns() - now, kLeastPauseNs);
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
