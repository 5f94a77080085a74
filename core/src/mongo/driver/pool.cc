#include "mongo/driver/pool.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "mongo/driver/uri_check.h"

namespace appcreate::mongo {
namespace {

constexpr std::int32_t kPatientMs = 30 * 60 * 1000;
constexpr const char *kAppName = "nginx-app-create";

// Never cleaned up: what a library does at exit would meet threads that still run.
void init_driver() {
    static std::once_flag once;
    std::call_once(once, [] {
        mongoc_log_set_handler(nullptr, nullptr);  // failures come back as errors; nginx's standard error is its log
        mongoc_init();
    });
}

std::int32_t quarter_of(std::int64_t ms) {
    return static_cast<std::int32_t>(std::clamp<std::int64_t>(ms / 4, 1, std::numeric_limits<std::int32_t>::max() / 4));
}

[[noreturn]] void fail(std::string_view name, const char *text) {
    throw ServerFailure(AC_EUNAVAILABLE, about(name, text), 0, ServerFailure::Kind::kNotSent);
}

}  // namespace

Client::Client(Client &&other) noexcept
    : pool_(std::move(other.pool_)),
      raw_(std::exchange(other.raw_, nullptr)),
      dialer_(other.dialer_),
      database_(other.database_),
      name_(other.name_),
      read_ms_(other.read_ms_) {}

Client::~Client() {
    if (raw_ == nullptr) return;
    if (pool_ != nullptr) {
        // What this thread wrote into the dialer is ordered before whoever lends the client next, by a lock of our own.
        { const MutexLock lock(pool_->mutex); }
        mongoc_client_pool_push(pool_->pool.get(), raw_);
    } else {
        mongoc_client_destroy(raw_);
    }
}

Owned<mongoc_collection_t> Client::collection(const char *name) const {
    return Owned<mongoc_collection_t>(mongoc_client_get_collection(raw_, database_.c_str(), name));
}

Connection Client::connect() const {
    bson_error_t error{};
    const Owned<mongoc_server_description_t> chosen(mongoc_client_select_server(raw_, true, nullptr, &error));
    if (chosen == nullptr) throw failure_of(error, name_);
    Connection out;
    out.id = mongoc_server_description_id(chosen.get());
    out.server.reset(mongoc_client_get_handshake_description(raw_, out.id, nullptr, &error));
    if (out.server == nullptr) {
        const ServerFailure failure = failure_of(error, name_);
        if (failure.kind() != ServerFailure::Kind::kLost) throw ServerFailure(failure);
        throw ServerFailure(failure.status(), failure.what(), failure.detail(), ServerFailure::Kind::kNoServer);
    }
    if (dialer_ != nullptr) out.since = dialer_->since(mongoc_server_description_host(out.server.get())->host_and_port);
    return out;
}

Pool::Pool(const StoreUri &uri, std::int64_t timeout_ms, unsigned threads)
    : text_(uri.text),
      name_(uri.name),
      timeout_ms_(timeout_ms),
      threads_(threads),
      connector_(uri.name, uri.text.starts_with("mongodb+srv:"), timeout_ms * 1'000'000 / 4) {
    const Owned<mongoc_uri_t> parsed(mongoc_uri_new(text_.c_str()));
    const char *database = parsed == nullptr ? nullptr : mongoc_uri_get_database(parsed.get());
    database_ = database != nullptr ? database : kDefaultDatabase;
}

Client Pool::lend() {
    init_driver();
    const std::int32_t quarter = quarter_of(timeout_ms_);
    PoolRef pool = connector_.get([&] { return make_uri(quarter, quarter); });
    mongoc_client_t *client = mongoc_client_pool_pop(pool->pool.get());
    if (client == nullptr) fail(name_, "all of its connections are in use; give the store more time");
    Dialer *dialer = nullptr;
    try {
        const MutexLock lock(pool->mutex);
        dialer = &pool->dialers[client];
    } catch (...) {
        mongoc_client_pool_push(pool->pool.get(), client);
        throw;
    }
    dialer->serve(client);
    return {std::move(pool), client, dialer, database_, name_, quarter};
}

Client Pool::lend_patient() {
    init_driver();
    const Owned<mongoc_uri_t> uri = make_uri(quarter_of(timeout_ms_), kPatientMs);
    bson_error_t error;
    mongoc_client_t *client = mongoc_client_new_from_uri_with_error(uri.get(), &error);
    if (client == nullptr) throw failure_of(error, name_);
    mongoc_client_set_error_api(client, MONGOC_ERROR_API_VERSION_2);
    return {nullptr, client, nullptr, database_, name_, kPatientMs};
}

// Everything that the URI leaves open, and what it may not decide: app_create_timeout bounds the time.
Owned<mongoc_uri_t> Pool::make_uri(std::int32_t quarter_ms, std::int32_t socket_ms) const {
    Owned<mongoc_uri_t> uri(mongoc_uri_new(text_.c_str()));
    if (uri == nullptr) fail(name_, "its URI is not understood");
    // libmongoc would go on without the file, and keep what it made so.
    if (const std::string file = unreadable_file(text_); !file.empty()) fail(name_, file.c_str());
    mongoc_uri_set_option_as_int32(uri.get(), MONGOC_URI_SERVERSELECTIONTIMEOUTMS, quarter_ms);
    mongoc_uri_set_option_as_int32(uri.get(), MONGOC_URI_CONNECTTIMEOUTMS, quarter_ms);
    mongoc_uri_set_option_as_int32(uri.get(), MONGOC_URI_SOCKETTIMEOUTMS, socket_ms);
    mongoc_uri_set_option_as_int32(uri.get(), MONGOC_URI_WAITQUEUETIMEOUTMS, quarter_ms);
    mongoc_uri_set_option_as_bool(uri.get(), MONGOC_URI_SERVERSELECTIONTRYONCE, false);
    mongoc_uri_set_option_as_int32(uri.get(), MONGOC_URI_MAXPOOLSIZE, static_cast<std::int32_t>(threads_) + 2);
    // What failed is repeated here, until the deadline and not once.
    mongoc_uri_set_option_as_bool(uri.get(), MONGOC_URI_RETRYWRITES, false);
    mongoc_uri_set_option_as_bool(uri.get(), MONGOC_URI_RETRYREADS, false);
    if (!mongoc_uri_has_option(uri.get(), MONGOC_URI_APPNAME)) mongoc_uri_set_appname(uri.get(), kAppName);

    const Owned<mongoc_write_concern_t> concern(mongoc_write_concern_new());
    // wtimeout stays below the socket timeout, so that the server reports first.
    mongoc_write_concern_set_wmajority(concern.get(), std::max(1, std::min(socket_ms, 8 * quarter_ms) * 3 / 4));
    mongoc_write_concern_set_journal(concern.get(), true);
    mongoc_uri_set_write_concern(uri.get(), concern.get());
    return uri;
}

}  // namespace appcreate::mongo
