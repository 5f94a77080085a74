// The store interface. Both kinds keep the promises of docs/stores.md; each lives in a folder of its own.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "app_create.h"
#include "create.h"
#include "errors.h"
#include "uri.h"
#include "values.h"

namespace appcreate {

class Transfer;

// Nanoseconds of CLOCK_MONOTONIC.
using Deadline = std::int64_t;

inline constexpr std::size_t kBatchCreates = 256;
inline constexpr std::size_t kBatchBytes = 1 << 20;

// ac_source, in C++. take() and done() as documented there.
class Source {
  public:
    explicit Source(const ac_source &source) noexcept : source_(source) {}
    // Fills `out`, which has room for at most kBatchCreates, from its start; returns how many. All are ready for the
    // store: what else a host hands over is given back from here.
    std::size_t take(std::span<Create *> out, std::size_t max_bytes) const;
    void done(std::span<Create *const> creates) const;
    // True where the host does not say.
    [[nodiscard]] bool is_pending() const;

  private:
    ac_source source_;
};

// Rows of administration: JSON texts. Returns false to stop.
using RowSink = std::function<bool(std::string_view json)>;

struct OrganizationSpec {
    std::optional<std::string> name;
    std::optional<std::string> slug;  // lower case
    std::optional<ObjectId> id;
    std::optional<std::optional<std::int64_t>> limit;  // set to nullopt: unlimited
    std::optional<std::int64_t> build_retention_days;
    std::optional<std::int64_t> builds_per_publication;
    std::optional<bool> enabled;
};

struct ProviderSpec {
    std::string org;
    std::string name;
    std::string provider;
    std::string region;
    std::string config = "{}";  // compact JSON text
    std::optional<ObjectId> id;
    bool is_default = false;
};

struct KeySpec {
    std::string org;
    ObjectId owner;
    std::uint8_t role = 8;
    std::vector<std::string> permissions;
    std::int64_t expires_at = 0;
    std::string token;  // made or given; only its SHA-256 is stored
};

// How many rows of each kind.
struct Contents {
    std::uint64_t organizations = 0;
    std::uint64_t providers = 0;
    std::uint64_t keys = 0;
    std::uint64_t applications = 0;
};

// So much of about so much is done. Returns false to stop.
using Progress = std::function<bool(std::uint64_t done, std::uint64_t total)>;

struct StoreOptions {
    StoreUri uri;
    std::int64_t timeout_ms = 3000;
    void *turn = nullptr;
    ac_log_fn log = nullptr;
    void *log_ctx = nullptr;
    unsigned threads = 1;
    bool maintain = false;
};

// Every function throws Failure, but write(), which throws only AC_ETIMEOUT's. Thread-safe. Specs were checked by the
// boundary (spec.h); a store checks only what needs its data.
class Store {
  public:
    Store() = default;
    Store(const Store &) = delete;
    Store &operator=(const Store &) = delete;
    virtual ~Store() = default;

    virtual void warm() = 0;
    virtual void find_keys(std::span<ac_lookup> lookups, Deadline deadline) = 0;
    virtual void write(const Source &source, Deadline deadline) = 0;

    virtual void init() = 0;
    // Distributes applications over the shards of a cluster; stores that cannot refuse.
    virtual void shard() { throw Failure(AC_EINVAL, "only a MongoDB store can be sharded"); }
    virtual void org_create(const OrganizationSpec &spec, const RowSink &row) = 0;
    virtual void org_set(std::string_view org, const OrganizationSpec &spec, const RowSink &row) = 0;
    virtual void org_show(std::string_view org, const RowSink &row) = 0;
    virtual void org_list(const RowSink &row) = 0;
    virtual void provider_create(const ProviderSpec &spec, const RowSink &row) = 0;
    virtual void provider_list(std::string_view org, const RowSink &row) = 0;
    virtual void provider_delete(std::string_view org, const ObjectId &id) = 0;
    virtual void key_create(const KeySpec &spec, const RowSink &row) = 0;  // the row without "token"
    virtual void key_list(std::string_view org, const RowSink &row) = 0;
    virtual void key_revoke(const ObjectId &id) = 0;
    virtual void app_list(std::string_view org, std::optional<ObjectId> after, std::size_t max, const RowSink &row) = 0;
    virtual void app_show(std::string_view org, std::string_view app, const RowSink &row) = 0;
    virtual std::uint64_t app_count(std::string_view org) = 0;
    // Returns whether every promise holds afterwards.
    virtual bool check(bool repair, const RowSink &row) = 0;
    // ac_store_backup and ac_store_restore, for a store that is one file. nullopt: `progress` stopped it.
    virtual std::optional<Contents> backup(const std::string &file, bool replace, const Progress &progress);
    virtual std::optional<Contents> restore(const std::string &file, bool replace, const Progress &progress);
    // One end of a copy (copy.h); must not outlive the store.
    virtual std::unique_ptr<Transfer> transfer() = 0;
};

std::unique_ptr<Store> open_store(const StoreOptions &options);

}  // namespace appcreate
