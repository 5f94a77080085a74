#include "mongo/connector.h"

#include <algorithm>
#include <chrono>
#include <system_error>
#include <utility>

#include "mongo/apart.h"

namespace appcreate::mongo {
namespace {

constexpr std::int64_t kFirstPauseNs = 1'000'000'000;
constexpr std::int64_t kLastPauseNs = 30LL * 1'000'000'000;

Owned<mongoc_client_pool_t> make_pool(const mongoc_uri_t *uri, const std::string &name) {
    bson_error_t error;
    Owned<mongoc_client_pool_t> pool(mongoc_client_pool_new_with_error(uri, &error));
    if (pool == nullptr) {
        const ServerFailure failure = failure_of(error, name);
        throw ServerFailure(failure.status(), failure.what(), failure.detail(), ServerFailure::Kind::kNotSent);
    }
    mongoc_client_pool_set_error_api(pool.get(), MONGOC_ERROR_API_VERSION_2);
    return pool;
}

PoolRef shared(Owned<mongoc_client_pool_t> pool) { return {pool.release(), Destroy()}; }

}  // namespace

Connector::Connector(std::string name, bool looks_up, std::int64_t patience_ns)
    : name_(std::move(name)), looks_up_(looks_up), patience_ns_(patience_ns), shared_(std::make_shared<Shared>()) {}

Connector::~Connector() { close(monotonic_ns()); }

PoolRef Connector::get(const std::function<Owned<mongoc_uri_t>()> &make_uri) {
    std::unique_lock lock(shared_->mutex);
    Shared &now = *shared_;
    if (now.pool) return now.pool;
    if (now.is_closed) {
        throw ServerFailure(AC_EUNAVAILABLE, about(name_, "it is closed"), 0, ServerFailure::Kind::kNotSent);
    }
    if (!looks_up_) {
        now.pool = shared(make_pool(make_uri().get(), name_));
        return now.pool;
    }
    if (!now.is_looking && monotonic_ns() >= now.next_at) start(make_uri);
    if (!now.failure) {
        const auto left = std::chrono::nanoseconds(now.started_at + patience_ns_ - monotonic_ns());
        now.ended.wait_for(lock, left, [&now] { return !now.is_looking; });
    }
    if (now.pool) return now.pool;
    if (now.failure) throw ServerFailure(*now.failure);
    throw ServerFailure(AC_EUNAVAILABLE,
                        about(name_, "its name server does not answer; check the resolver; this is tried again"), 0,
                        ServerFailure::Kind::kNotSent);
}

// With the lock.
void Connector::start(const std::function<Owned<mongoc_uri_t>()> &make_uri) {
    shared_->is_looking = true;
    shared_->started_at = monotonic_ns();
    if (thread_.joinable()) thread_.join();
    try {
        // It may hang for longer than the store is there, and owns all that it needs.
        thread_ = std::thread(
            [shared = shared_, uri = make_uri(), name = name_]() mutable { look_up(shared, std::move(uri), name); });
    } catch (const std::system_error &) {
        shared_->is_looking = false;
        throw ServerFailure(AC_EUNAVAILABLE, about(name_, "there is no thread to be had; allow more of them"), 0,
                            ServerFailure::Kind::kNotSent);
    }
}

void Connector::look_up(const std::shared_ptr<Shared> &shared, Owned<mongoc_uri_t> uri, const std::string &name) {
    Owned<mongoc_client_pool_t> pool;
    std::optional<ServerFailure> failure;
    try {
        pool = make_pool(uri.get(), name);
    } catch (const ServerFailure &caught) {
        failure = caught;
    } catch (const std::exception &caught) {
        failure.emplace(AC_ENOMEM, about(name, caught.what()), 0, ServerFailure::Kind::kNotSent);
    }
    const std::lock_guard lock(shared->mutex);
    shared->is_looking = false;
    shared->failure = failure;
    shared->pause_ns = failure ? std::clamp(2 * shared->pause_ns, kFirstPauseNs, kLastPauseNs) : 0;
    shared->next_at = monotonic_ns() + shared->pause_ns;
    if (pool != nullptr && !shared->is_closed) shared->pool = PoolRef(pool.release(), Destroy());
    shared->ended.notify_all();
}

void Connector::close(std::int64_t latest) {
    PoolRef pool;
    {
        const std::lock_guard lock(shared_->mutex);
        shared_->is_closed = true;
        pool = std::exchange(shared_->pool, nullptr);
        if (shared_->is_looking && thread_.joinable()) {
            keep_code_loaded();
            thread_.detach();
        }
    }
    if (thread_.joinable()) thread_.join();
    if (pool) run_apart([last = std::move(pool)]() mutable { last.reset(); }, latest);
}

}  // namespace appcreate::mongo
