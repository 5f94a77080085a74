// Collections, indexes and the schema's version: made by "appctl init", verified again and again by whoever uses the
// store.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <span>
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
MissingIndexes missing_indexes(const Session &session, std::span<const char *const> collections);

// Throws Failure(AC_EVERSION) where this program cannot work with the store; whatever its indexes are.
void require_version(const Session &session);

// How old what was seen of the schema may be.
inline constexpr std::int64_t kFitNs = 1'000'000'000;

// Whether the store is fit to be worked with. Thread-safe.
class SchemaCheck {
  public:
    // `log` is nullable.
    SchemaCheck(ac_log_fn log, void *ctx) : log_(log), ctx_(ctx) {}

    // Costs nothing when it has succeeded a moment ago, here or by refresh(). Throws Failure(AC_EVERSION) that says
    // what to run, and warns once of what makes the store slow. Threads that come at the same time may all look: none
    // waits for a server that another one is waiting for.
    void require(const Session &session);
    // For whoever has missed something: a server that came back empty misses everything. Asks the server in any case.
    // Throws what require() throws.
    void require_still(const Session &session);
    // Looks before require() has to. Throws what require() throws.
    void refresh(const Session &session);
    // Has anybody required it lately?
    [[nodiscard]] bool is_in_use() const noexcept;
    // The server's maxBsonObjectSize. After require().
    [[nodiscard]] std::int64_t max_document() const noexcept { return max_document_; }
    // The host's log is gone.
    void close();

  private:
    void look(const Session &session);
    // What is seen to be unfit is looked at again by the next who requires it.
    template <class Look>
    void guard(const Look &look);
    void warn_of(const Session &session, const std::string &slow);

    std::mutex mutex_;  // of the log
    ac_log_fn log_;
    void *const ctx_;
    bool has_warned_ = false;
    std::atomic<std::int64_t> fit_at_ = 0;    // CLOCK_MONOTONIC; 0: never, or not any more
    std::atomic<std::int64_t> whole_at_ = 0;  // the same of all that there is to look at
    std::atomic<std::int64_t> used_at_ = 0;
    std::atomic<std::int64_t> max_document_ = 16 << 20;
};

}  // namespace appcreate::mongo
