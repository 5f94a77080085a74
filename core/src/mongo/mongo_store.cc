#include "mongo/mongo_store.h"

#include <algorithm>
#include <system_error>

#include "mongo/admin/applications.h"
#include "mongo/admin/check.h"
#include "mongo/admin/freeze.h"
#include "mongo/admin/keys.h"
#include "mongo/admin/organizations.h"
#include "mongo/admin/providers.h"
#include "mongo/admin/removal.h"
#include "mongo/auth/key_lookup.h"
#include "mongo/copy/copy_end.h"
#include "mongo/read/records.h"
#include "slug/slug.h"

namespace appcreate::mongo {
namespace {

// MongoDB's codes for what only a cluster's administrator can do, and only on a cluster.
constexpr int kUnauthorized = 13;
constexpr int kCommandNotFound = 59;

// How long whoever closes the store waits for threads that hang in the driver or the resolver: they write no creates,
// and a worker that ends has waited for those for as long as the store's timeout already.
constexpr std::int64_t kClosingNs = 1'000'000'000;

}  // namespace

MongoStore::MongoStore(const StoreOptions &options)
    : timeout_ns_(options.timeout_ms * 1'000'000),
      pool_(std::make_shared<Pool>(options.uri, options.timeout_ms, options.threads + (options.maintain ? 1 : 0))),
      schema_(std::make_shared<SchemaCheck>(options.log, options.log_ctx)),
      health_(options.log, options.log_ctx, options.uri.name),
      key_use_(std::make_shared<KeyUse>()),
      write_loop_(*pool_, *schema_, health_, options.maintain ? key_use_.get() : nullptr, options.timeout_ms,
                  options.batch),
      upkeep_(pool_, schema_, key_use_) {
    if (!options.maintain) return;
    try {
        upkeep_.start(SweepPace(monotonic_ns()));
    } catch (const std::system_error &) {
        // Expired requests go when a create meets them, and creates look at the schema themselves.
    }
}

MongoStore::~MongoStore() {
    const std::int64_t latest = monotonic_ns() + std::min(timeout_ns_, kClosingNs);
    upkeep_.stop(latest);
    schema_->close();
    pool_->close(latest);
}

Client MongoStore::fit_client() {
    Client client = pool_->lend();
    schema_->require(client);
    return client;
}

Client MongoStore::patient_client() {
    Client client = pool_->lend_patient();
    schema_->require(client);
    return client;
}

// ---- serving

void MongoStore::warm() {
    warm_slugs();
    fit_client();
}

void MongoStore::find_keys(std::span<ac_lookup> lookups, Deadline deadline) {
    try {
        repeat_lost({deadline, !health_.is_down()}, [&] {
            const Client client = fit_client();
            // Seen before the keys are read: what changes in between is noticed afterwards.
            const std::uint32_t changes = schema_->key_changes();
            mongo::find_keys(client, lookups);
            for (ac_lookup &lookup : lookups) lookup.changes = changes;
            const bool is_any_missing =
                std::any_of(lookups.begin(), lookups.end(), [](const ac_lookup &one) { return one.found == 0; });
            if (is_any_missing) schema_->require_still(client);
        });
        health_.worked(Health::Work::kLookingUp);
    } catch (const Failure &failure) {
        health_.failed(Health::Work::kLookingUp, failure);
        throw;
    }
}

std::uint32_t MongoStore::key_changes() noexcept { return schema_->key_changes(); }

void MongoStore::write(const Source &source, Deadline) { write_loop_.run(source); }

// What is not found is missing only where the store is there still.
template <class Function>
auto MongoStore::reading_records(Deadline deadline, const Function &function) {
    try {
        auto result = repeat_lost({deadline, !health_.is_down()}, [&] {
            const Client client = fit_client();
            auto read = function(client);
            if (!read) schema_->require_still(client);
            return read;
        });
        health_.worked(Health::Work::kReading);
        return result;
    } catch (const Failure &failure) {
        health_.failed(Health::Work::kReading, failure);
        throw;
    }
}

std::optional<std::string> MongoStore::find_record(const ObjectId &organization,
                                                   const std::variant<ObjectId, std::string> &name, Deadline deadline) {
    return reading_records(deadline,
                           [&](const Client &client) { return mongo::find_record(client, organization, name); });
}

RecordPage MongoStore::list_records(const ObjectId &organization, const std::optional<ObjectId> &before,
                                    std::size_t limit, Deadline deadline) {
    auto page = reading_records(deadline, [&](const Client &client) {
        RecordPage read = mongo::list_records(client, organization, before, limit);
        return read.records.empty() ? std::optional<RecordPage>() : std::optional(std::move(read));
    });
    return page ? *std::move(page) : RecordPage();
}

// ---- administration

void MongoStore::init() { install_schema(pool_->lend_patient()); }

void MongoStore::shard() {
    try {
        shard_collections(patient_client());
    } catch (const ServerFailure &failure) {
        if (failure.detail() == kCommandNotFound) {
            throw Failure(
                AC_EUNAVAILABLE,
                about(pool_->name(),
                      "its server knows no sharding: it is no mongos; name the mongos of a sharded cluster, or "
                      "leave sharding out"),
                failure.detail());
        }
        if (failure.detail() == kUnauthorized) {
            throw Failure(AC_EUNAVAILABLE,
                          about(pool_->name(),
                                "its user may not shard collections; use one with the role clusterManager for this"),
                          failure.detail());
        }
        throw;
    }
}

void MongoStore::org_create(const OrganizationSpec &spec, const RowSink &row) {
    row(render(create_organization(fit_client(), spec)));
}

void MongoStore::org_set(std::string_view org, const OrganizationSpec &spec, const RowSink &row) {
    row(render(change_organization(fit_client(), org, spec)));
}

void MongoStore::org_show(std::string_view org, const RowSink &row) {
    row(render(find_organization(fit_client(), org, true).row));
}

void MongoStore::org_list(const RowSink &row) { list_organizations(fit_client(), row); }

std::uint64_t MongoStore::org_delete(std::string_view org, bool with_applications) {
    return remove_organization(patient_client(), org, with_applications);
}

Freeze MongoStore::freeze(std::string_view org, Freeze seconds) { return mongo::freeze(fit_client(), org, seconds); }

Freeze MongoStore::thaw(std::string_view org) { return mongo::thaw(fit_client(), org); }

Freeze MongoStore::frozen() { return read_store_freeze(fit_client()); }

StoreStats MongoStore::stats() { return {.frozen = schema_->freeze().seconds}; }

void MongoStore::provider_create(const ProviderSpec &spec, const RowSink &row) {
    row(render(create_provider(fit_client(), spec)));
}

void MongoStore::provider_list(std::string_view org, const RowSink &row) { list_providers(fit_client(), org, row); }

void MongoStore::provider_set(std::string_view org, const ObjectId &id, const ProviderChange &change,
                              const RowSink &row) {
    row(render(change_provider(fit_client(), org, id, change)));
}

void MongoStore::provider_delete(std::string_view org, const ObjectId &id) { delete_provider(fit_client(), org, id); }

void MongoStore::key_create(const KeySpec &spec, const RowSink &row) { row(render(create_key(fit_client(), spec))); }

void MongoStore::key_list(std::string_view org, const RowSink &row) { list_keys(fit_client(), org, row); }

void MongoStore::key_show(const ObjectId &id, const RowSink &row) { row(render(find_key(fit_client(), id))); }

void MongoStore::key_rename(const ObjectId &id, std::string_view name, const RowSink &row) {
    row(render(rename_key(fit_client(), id, name)));
}

void MongoStore::key_rotate(const ObjectId &id, const KeyRotation &rotation, const RowSink &row) {
    row(render(rotate_key(fit_client(), id, rotation)));
}

void MongoStore::key_revoke(const ObjectId &id) { revoke_key(fit_client(), id); }

void MongoStore::app_list(std::string_view org, std::optional<ObjectId> after, std::size_t max, const RowSink &row) {
    list_applications(fit_client(), org, after, max, row);
}

void MongoStore::app_show(std::string_view org, std::string_view app, const RowSink &row) {
    row(find_application(fit_client(), org, app));
}

std::uint64_t MongoStore::app_count(std::string_view org) {
    const Client client = fit_client();
    return static_cast<std::uint64_t>(count_applications(client, find_organization(client, org).row.id));
}

void MongoStore::app_delete(std::string_view org, std::string_view app, const RowSink &row) {
    row(remove_application(fit_client(), org, app));
}

// A store without its indexes is what it is for.
bool MongoStore::check(bool repair, const RowSink &row) {
    const Client client = pool_->lend_patient();
    require_version(client);
    return check_store(client, repair, row);
}

std::unique_ptr<CopyEnd> MongoStore::copy_end() { return std::make_unique<MongoCopyEnd>(*pool_, *schema_); }

}  // namespace appcreate::mongo
