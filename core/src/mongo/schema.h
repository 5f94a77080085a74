// Collections, indexes and the schema's version: made by "appctl init", verified once by whoever uses the store.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "app_create.h"
#include "mongo/pool.h"

namespace appcreate::mongo {

inline constexpr const char *kOrganizations = "organizations";
inline constexpr const char *kProviders = "storageProviders";
inline constexpr const char *kKeys = "apiKeys";
inline constexpr const char *kApplications = "applications";
inline constexpr const char *kSlugs = "slugs";
inline constexpr const char *kSchema = "schema";

// The unique indexes that decide who gets what; error messages name them.
inline constexpr const char *kSlugIndex = "organization_slug";
inline constexpr const char *kPlaceIndex = "organization_place";
inline constexpr const char *kRequestIndex = "organization_request";

// What this library writes, and the oldest library that can work with it. An upgrade only adds; one that an older
// library cannot work with raises kReadableFrom.
inline constexpr std::int64_t kSchemaVersion = 1;
inline constexpr std::int64_t kReadableFrom = 1;

void install_schema(const Session &session);

// Distributes applications over the shards of a cluster, by organization. Safe to repeat.
void shard_collections(const Session &session);

// Indexes that are missing, in words; empty: none.
struct MissingIndexes {
    std::string unique;  // they decide
    std::string others;  // they save time
};
MissingIndexes missing_indexes(const Session &session);

// Whether the store is fit to be worked with. Thread-safe.
class SchemaCheck {
  public:
    // `log` is nullable.
    SchemaCheck(ac_log_fn log, void *ctx) : log_(log), ctx_(ctx) {}

    // Costs nothing once it has succeeded. Throws Failure(AC_EVERSION) that says what to run, and warns once of what
    // makes the store slow. Threads that come at the same time may all look: none waits for a server that another one
    // is waiting for.
    void require(const Session &session);
    // The server's maxBsonObjectSize. After require().
    [[nodiscard]] std::int64_t max_document() const noexcept { return max_document_; }

  private:
    const ac_log_fn log_;
    void *const ctx_;
    std::atomic<bool> is_fit_ = false;
    std::atomic<std::int64_t> max_document_ = 16 << 20;
};

}  // namespace appcreate::mongo
