#include "mongo/mongo_store.h"

#include <algorithm>
#include <system_error>

#include "mongo/applications.h"
#include "mongo/check.h"
#include "mongo/key_lookup.h"
#include "mongo/keys.h"
#include "mongo/organizations.h"
#include "mongo/providers.h"
#include "mongo/transfer.h"
#include "slug.h"

namespace appcreate::mongo {
namespace {

// MongoDB's codes for what only a cluster's administrator can do, and only on a cluster.
constexpr int kUnauthorized = 13;
constexpr int kCommandNotFound = 59;

}  // namespace

MongoStore::MongoStore(const StoreOptions &options)
    : timeout_ns_(options.timeout_ms * 1'000'000),
      pool_(std::make_shared<Pool>(options.uri, options.timeout_ms, options.threads + (options.maintain ? 1 : 0))),
      schema_(std::make_shared<SchemaCheck>(options.log, options.log_ctx)),
      health_(options.log, options.log_ctx, options.uri.name),
      write_loop_(*pool_, *schema_, health_, options.timeout_ms),
      upkeep_(pool_, schema_) {
    if (!options.maintain) return;
    try {
        upkeep_.start();
    } catch (const std::system_error &) {
        // Expired requests go when a create meets them, and creates look at the schema themselves.
    }
}

MongoStore::~MongoStore() {
    const std::int64_t latest = monotonic_ns() + timeout_ns_;
    upkeep_.stop(latest);
    schema_->close();
    pool_->close(latest);
}

Session MongoStore::fit_session() {
    Session session = pool_->lend();
    schema_->require(session);
    return session;
}

Session MongoStore::patient_session() {
    Session session = pool_->lend_patient();
    schema_->require(session);
    return session;
}

// ---- serving

void MongoStore::warm() {
    warm_slugs();
    fit_session();
}

void MongoStore::find_keys(std::span<ac_lookup> lookups, Deadline deadline) {
    try {
        repeat_lost({deadline, !health_.is_down()}, [&] {
            const Session session = fit_session();
            mongo::find_keys(session, lookups);
            const bool is_any_missing =
                std::any_of(lookups.begin(), lookups.end(), [](const ac_lookup &one) { return one.found == 0; });
            if (is_any_missing) schema_->require_still(session);
        });
        health_.worked(Health::Work::kLookingUp);
    } catch (const Failure &failure) {
        health_.failed(Health::Work::kLookingUp, failure);
        throw;
    }
}

void MongoStore::write(const Source &source, Deadline) { write_loop_.run(source); }

// ---- administration

void MongoStore::init() { install_schema(pool_->lend_patient()); }

void MongoStore::shard() {
    try {
        shard_collections(patient_session());
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
    row(render(create_organization(fit_session(), spec)));
}

void MongoStore::org_set(std::string_view org, const OrganizationSpec &spec, const RowSink &row) {
    row(render(change_organization(fit_session(), org, spec)));
}

void MongoStore::org_show(std::string_view org, const RowSink &row) {
    row(render(find_organization(fit_session(), org, true).row));
}

void MongoStore::org_list(const RowSink &row) { list_organizations(fit_session(), row); }

void MongoStore::provider_create(const ProviderSpec &spec, const RowSink &row) {
    row(render(create_provider(fit_session(), spec)));
}

void MongoStore::provider_list(std::string_view org, const RowSink &row) { list_providers(fit_session(), org, row); }

void MongoStore::provider_delete(std::string_view org, const ObjectId &id) { delete_provider(fit_session(), org, id); }

void MongoStore::key_create(const KeySpec &spec, const RowSink &row) { row(render(create_key(fit_session(), spec))); }

void MongoStore::key_list(std::string_view org, const RowSink &row) { list_keys(fit_session(), org, row); }

void MongoStore::key_revoke(const ObjectId &id) { revoke_key(fit_session(), id); }

void MongoStore::app_list(std::string_view org, std::optional<ObjectId> after, std::size_t max, const RowSink &row) {
    list_applications(fit_session(), org, after, max, row);
}

void MongoStore::app_show(std::string_view org, std::string_view app, const RowSink &row) {
    row(find_application(fit_session(), org, app));
}

std::uint64_t MongoStore::app_count(std::string_view org) {
    const Session session = fit_session();
    return static_cast<std::uint64_t>(count_applications(session, find_organization(session, org).id));
}

// A store without its indexes is what it is for.
bool MongoStore::check(bool repair, const RowSink &row) {
    const Session session = pool_->lend_patient();
    require_version(session);
    return check_store(session, repair, row);
}

std::unique_ptr<Transfer> MongoStore::transfer() { return std::make_unique<MongoTransfer>(*pool_, *schema_); }

}  // namespace appcreate::mongo
