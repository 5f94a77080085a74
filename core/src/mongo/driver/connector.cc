#include "mongo/driver/connector.h"

#include <algorithm>
#include <chrono>
#include <system_error>
#include <utility>

#include "mongo/driver/apart.h"

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

}  // namespace

Connector::Connector(std::string name, bool looks_up, std::int64_t patience_ns)
    : name_(std::move(name)), looks_up_(looks_up), patience_ns_(patience_ns), shared_(std::make_shared<Shared>()) {}

Connector::~Connector() { close(monotonic_ns()); }

PoolRef Connector::get(const std::function<Owned<mongoc_uri_t>()> &make_uri) {
    MutexLock lock(shared_->mutex);
    if (shared_->pool) return shared_->pool;
    if (shared_->is_closed) {
        throw ServerFailure(AC_EUNAVAILABLE, about(name_, "it is closed"), 0, ServerFailure::Kind::kNotSent);
    }
    if (!looks_up_) {
        shared_->pool = std::make_shared<Clients>(make_pool(make_uri().get(), name_));
        return shared_->pool;
    }
    if (!shared_->is_looking && monotonic_ns() >= shared_->next_at) start(make_uri);
    if (!shared_->failure) {
        const auto left = std::chrono::nanoseconds(shared_->started_at + patience_ns_ - monotonic_ns());
        shared_->ended.wait_for(lock.native(), left,
                                [this]() REQUIRES(shared_->mutex) { return !shared_->is_looking; });
    }
    if (shared_->pool) return shared_->pool;
    if (shared_->failure) throw ServerFailure(*shared_->failure);
    throw ServerFailure(AC_EUNAVAILABLE, about(name_, "its name server does not answer; check the resolver"), 0,
                        ServerFailure::Kind::kNotSent);
}

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
    PoolRef pool;
    std::optional<ServerFailure> failure;
    try {
        pool = std::make_shared<Clients>(make_pool(uri.get(), name));
    } catch (const ServerFailure &caught) {
        failure = caught;
    } catch (const std::exception &caught) {
        failure.emplace(AC_ENOMEM, about(name, caught.what()), 0, ServerFailure::Kind::kNotSent);
    }
    const MutexLock lock(shared->mutex);
    shared->is_looking = false;
    shared->failure = failure;
    shared->pause_ns = failure ? std::clamp(2 * shared->pause_ns, kFirstPauseNs, kLastPauseNs) : 0;
    shared->next_at = monotonic_ns() + shared->pause_ns;
    if (pool != nullptr && !shared->is_closed) shared->pool = std::move(pool);
    shared->ended.notify_all();
}

void Connector::close(std::int64_t latest) {
    PoolRef pool;
    std::thread last;
    {
        const MutexLock lock(shared_->mutex);
        shared_->is_closed = true;
        pool = std::exchange(shared_->pool, nullptr);
        if (shared_->is_looking && thread_.joinable()) {
            keep_code_loaded();
            thread_.detach();
        }
        last = std::move(thread_);
    }
    if (last.joinable()) last.join();
    if (pool) run_apart([ended = std::move(pool)]() mutable { ended.reset(); }, latest);
}

}  // namespace appcreate::mongo
