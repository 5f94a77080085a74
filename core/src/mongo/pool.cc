#include "mongo/pool.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "mongo/uri_check.h"

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

Session::Session(Session &&other) noexcept
    : pool_(std::move(other.pool_)),
      client_(std::exchange(other.client_, nullptr)),
      database_(other.database_),
      name_(other.name_),
      read_ms_(other.read_ms_) {}

Session::~Session() {
    if (client_ == nullptr) return;
    if (pool_ != nullptr) {
        mongoc_client_pool_push(pool_.get(), client_);
    } else {
        mongoc_client_destroy(client_);
    }
}

Owned<mongoc_collection_t> Session::collection(const char *name) const {
    return Owned<mongoc_collection_t>(mongoc_client_get_collection(client_, database_.c_str(), name));
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

Session Pool::lend() {
    init_driver();
    const std::int32_t quarter = quarter_of(timeout_ms_);
    PoolRef pool = connector_.get([&] { return make_uri(quarter, quarter); });
    mongoc_client_t *client = mongoc_client_pool_pop(pool.get());
    if (client == nullptr) fail(name_, "all of its connections are in use; give the store more time");
    return {std::move(pool), client, database_, name_, quarter};
}

Session Pool::lend_patient() {
    init_driver();
    const Owned<mongoc_uri_t> uri = make_uri(quarter_of(timeout_ms_), kPatientMs);
    bson_error_t error;
    mongoc_client_t *client = mongoc_client_new_from_uri_with_error(uri.get(), &error);
    if (client == nullptr) throw failure_of(error, name_);
    mongoc_client_set_error_api(client, MONGOC_ERROR_API_VERSION_2);
    return {nullptr, client, database_, name_, kPatientMs};
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
    // Less than the socket waits, so that the server's word comes and not the end of the connection.
    mongoc_write_concern_set_wmajority(concern.get(), std::max(1, std::min(socket_ms, 8 * quarter_ms) * 3 / 4));
    mongoc_write_concern_set_journal(concern.get(), true);
    mongoc_uri_set_write_concern(uri.get(), concern.get());
    return uri;
}

}  // namespace appcreate::mongo
