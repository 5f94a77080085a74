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
#include "base/entities.h"
#include "base/failure.h"
#include "base/values.h"
#include "request/create.h"
#include "request/read.h"
#include "store/uri.h"

namespace appcreate {

class CopyEnd;

// Nanoseconds of CLOCK_MONOTONIC.
using Deadline = std::int64_t;

inline constexpr std::size_t kBatchCreates = 256;
inline constexpr std::size_t kBatchBytes = 1 << 20;

class Store;

// ac_store_read: the read has its answer afterwards, whatever is thrown.
void answer(Store &store, Read &read, Deadline deadline);

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
    // Nothing more comes.
    [[nodiscard]] bool is_ending() const;

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

// What is given changes.
struct ProviderChange {
    std::optional<std::string> name;
    std::optional<std::string> provider;
    std::optional<std::string> region;
    std::optional<std::string> config;  // compact JSON text
    std::optional<bool> is_default;     // false: the organization has none, if it is this one
};

struct KeySpec {
    std::string org;
    std::string name = {};  // empty: none
    ObjectId owner;
    std::uint8_t role = 8;
    std::vector<std::string> permissions;
    std::int64_t expires_at = 0;
    std::string token;  // made or given; only its SHA-256 is stored
};

struct KeyRotation {
    std::string token;                       // of the new key
    std::int64_t overlap_ms = 0;             // so long the old one goes on
    std::optional<std::int64_t> expires_at;  // of the new one; nullopt: it lasts as long as the old one was made to
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

// ac_batch_fn, in C++.
struct BatchReport {
    ac_batch_fn function = nullptr;
    void *context = nullptr;
    void operator()(std::size_t creates) const noexcept {
        if (function != nullptr) function(context, creates);
    }
};

struct StoreOptions {
    StoreUri uri;
    std::int64_t timeout_ms = 3000;
    void *turn = nullptr;
    ac_log_fn log = nullptr;
    void *log_ctx = nullptr;
    unsigned threads = 1;
    bool maintain = false;
    void *exchange = nullptr;
    // How long what is posted there may wait for the process that is at it. Then that one may be stopped, or slower
    // than is good, and each waits for the turn by itself.
    std::int64_t exchange_patience_ms = 250;
    BatchReport batch = {};
};

struct StoreStats {
    std::uint64_t log_bytes = 0;
    std::int64_t last_checkpoint = 0;  // milliseconds since 1970
    Freeze frozen = 0;                 // of the whole store, as it was last seen
};

// Every function throws Failure, but write(), which throws only AC_ETIMEOUT's. Thread-safe. Specs were checked by the
// boundary (admin/specs.h); a store checks only what needs its data.
class Store {
  public:
    Store() = default;
    Store(const Store &) = delete;
    Store &operator=(const Store &) = delete;
    virtual ~Store() = default;

    virtual void warm() = 0;
    virtual void find_keys(std::span<ac_lookup> lookups, Deadline deadline) = 0;
    // ac_store_key_changes.
    [[nodiscard]] virtual std::uint32_t key_changes() noexcept = 0;
    virtual void write(const Source &source, Deadline deadline) = 0;
    // ac_store_notify.
    virtual void notify() noexcept {}
    // The record of an organization's application; nullopt: it has no such one.
    virtual std::optional<std::string> find_record(const ObjectId &organization,
                                                   const std::variant<ObjectId, std::string> &name,
                                                   Deadline deadline) = 0;
    // Those before `before`, or the newest.
    virtual RecordPage list_records(const ObjectId &organization, const std::optional<ObjectId> &before,
                                    std::size_t limit, Deadline deadline) = 0;

    // For whoever watches it.
    [[nodiscard]] virtual StoreStats stats() { return {}; }

    virtual void init() = 0;
    // Distributes applications over the shards of a cluster; stores that cannot refuse.
    virtual void shard() { throw Failure(AC_EINVAL, "only a MongoDB store can be sharded"); }
    virtual void org_create(const OrganizationSpec &spec, const RowSink &row) = 0;
    virtual void org_set(std::string_view org, const OrganizationSpec &spec, const RowSink &row) = 0;
    virtual void org_show(std::string_view org, const RowSink &row) = 0;
    virtual void org_list(const RowSink &row) = 0;
    // With its keys and storage providers. Returns how many applications went with it; where there are any and they may
    // not go: Failure(AC_EEXISTS).
    virtual std::uint64_t org_delete(std::string_view org, bool with_applications) = 0;
    // Of the organization with this id or slug, or, where it is empty, of the whole store. Once freeze() has returned,
    // no create is acknowledged that a copy which begins then might miss. Both return what it was before.
    virtual Freeze freeze(std::string_view org, Freeze seconds) = 0;
    virtual Freeze thaw(std::string_view org) = 0;
    // Of the whole store, asked now.
    virtual Freeze frozen() = 0;
    virtual void provider_create(const ProviderSpec &spec, const RowSink &row) = 0;
    virtual void provider_list(std::string_view org, const RowSink &row) = 0;
    virtual void provider_set(std::string_view org, const ObjectId &id, const ProviderChange &change,
                              const RowSink &row) = 0;
    virtual void provider_delete(std::string_view org, const ObjectId &id) = 0;
    virtual void key_create(const KeySpec &spec, const RowSink &row) = 0;  // the row without "token"
    virtual void key_list(std::string_view org, const RowSink &row) = 0;
    virtual void key_show(const ObjectId &id, const RowSink &row) = 0;
    virtual void key_rename(const ObjectId &id, std::string_view name, const RowSink &row) = 0;
    virtual void key_rotate(const ObjectId &id, const KeyRotation &rotation, const RowSink &row) = 0;  // as key_create
    virtual void key_revoke(const ObjectId &id) = 0;
    virtual void app_list(std::string_view org, std::optional<ObjectId> after, std::size_t max, const RowSink &row) = 0;
    virtual void app_show(std::string_view org, std::string_view app, const RowSink &row) = 0;
    virtual std::uint64_t app_count(std::string_view org) = 0;
    // Hands out the record that went.
    virtual void app_delete(std::string_view org, std::string_view app, const RowSink &row) = 0;
    // Returns whether every promise holds afterwards.
    virtual bool check(bool repair, const RowSink &row) = 0;
    // ac_store_backup and ac_store_restore, for a store that is one file. nullopt: `progress` stopped it.
    virtual std::optional<Contents> backup(const std::string &file, bool replace, const Progress &progress);
    virtual std::optional<Contents> restore(const std::string &file, bool replace, const Progress &progress);
    // One end of a copy (copy.h); must not outlive the store.
    virtual std::unique_ptr<CopyEnd> copy_end() = 0;
};

}  // namespace appcreate
