// Collections, indexes and the schema's version: made by "appctl init", verified again and again by whoever uses the
// store.
#pragma once

#include <atomic>
#include <cstdint>
#include <span>
#include <string>

#include "app_create.h"
#include "base/entities.h"
#include "base/mutex.h"
#include "mongo/driver/pool.h"
#include "mongo/schema/freeze.h"

namespace appcreate::mongo {

inline constexpr const char *kOrganizations = "organizations";
inline constexpr const char *kProviders = "storageProviders";
inline constexpr const char *kKeys = "apiKeys";
inline constexpr const char *kApplications = "applications";
inline constexpr const char *kSlugs = "slugs";
inline constexpr const char *kSchema = "schema";

// The unique indexes that decide who gets a slug, a place, an Idempotency-Key; error messages name them.
inline constexpr const char *kSlugIndex = "organization_slug";
inline constexpr const char *kPlaceIndex = "organization_place";
inline constexpr const char *kRequestIndex = "organization_request";

// What this library writes, and the oldest library that can work with it. An upgrade only adds; one that an older
// library cannot work with raises kReadableFrom.
inline constexpr std::int64_t kSchemaVersion = 1;
inline constexpr std::int64_t kReadableFrom = 1;

void install_schema(const Client &client);

// Distributes applications over the shards of a cluster, by organization. Safe to repeat.
void shard_collections(const Client &client);

// Indexes that are missing, in words; empty: none.
struct MissingIndexes {
    std::string unique;  // they decide
    std::string others;  // they save time
};
MissingIndexes missing_indexes(const Client &client);
MissingIndexes missing_indexes(const Client &client, std::span<const char *const> collections);

// Throws Failure(AC_EVERSION) where this program cannot work with the store; whatever its indexes are.
void require_version(const Client &client);

// After keys, or organizations as keys show them, were changed: gateways look every second (SchemaCheck::key_changes).
void note_key_change(const Client &client);

// Whether creates of the whole store are frozen, asked now. Throws what require_version() throws.
Freeze read_store_freeze(const Client &client);

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
    void require(const Client &client);
    // The same for what was seen later than `since` only (CLOCK_MONOTONIC).
    void require(const Client &client, std::int64_t since);
    // For whoever has missed something: a server that came back empty misses everything. Asks the server in any case.
    // Throws what require() throws.
    void require_still(const Client &client);
    // Looks before require() has to. Throws what require() throws.
    void refresh(const Client &client);
    // Has anybody required it lately?
    [[nodiscard]] bool is_in_use() const noexcept;
    // Another number after keys were changed, as it was last seen; 0: nobody has required the store for a while.
    [[nodiscard]] std::uint32_t key_changes() noexcept;
    // Of the whole store, as it was last seen.
    [[nodiscard]] SeenFreeze freeze();
    // The server's maxBsonObjectSize. After require().
    [[nodiscard]] std::int64_t max_document() const noexcept { return max_document_; }
    // The host's log is gone.
    void close();

  private:
    void look(const Client &client);
    // What is seen to be unfit is looked at again by the next who requires it.
    template <class Look>
    void guard(const Look &look);
    void warn_of(const Client &client, const std::string &slow);
    void note_freeze(const SeenFreeze &seen);

    Mutex mutex_;  // held while the host's log is called
    ac_log_fn log_ GUARDED_BY(mutex_);
    void *const ctx_;
    bool has_warned_ GUARDED_BY(mutex_) = false;
    SeenFreeze freeze_ GUARDED_BY(mutex_);
    std::atomic<std::int64_t> fit_at_ = 0;    // CLOCK_MONOTONIC; 0: never, or not any more
    std::atomic<std::int64_t> whole_at_ = 0;  // the same of all that there is to look at
    std::atomic<std::int64_t> used_at_ = 0;
    std::atomic<std::int64_t> max_document_ = 16 << 20;
    std::atomic<std::uint32_t> key_changes_ = 0;
};

}  // namespace appcreate::mongo
