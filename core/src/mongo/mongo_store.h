// The store in a MongoDB database, shared by any number of gateways (docs/stores.md).
#pragma once

#include "mongo/health.h"
#include "mongo/pool.h"
#include "mongo/schema.h"
#include "mongo/upkeep.h"
#include "mongo/write_loop.h"
#include "store.h"

namespace appcreate::mongo {

class MongoStore final : public Store {
  public:
    explicit MongoStore(const StoreOptions &options);
    // Takes options.timeout_ms at most, whatever the server and the system's resolver do.
    ~MongoStore() override;

    void warm() override;
    void find_keys(std::span<ac_lookup> lookups, Deadline deadline) override;
    void write(const Source &source, Deadline deadline) override;

    void init() override;
    void shard() override;
    void org_create(const OrganizationSpec &spec, const RowSink &row) override;
    void org_set(std::string_view org, const OrganizationSpec &spec, const RowSink &row) override;
    void org_show(std::string_view org, const RowSink &row) override;
    void org_list(const RowSink &row) override;
    void provider_create(const ProviderSpec &spec, const RowSink &row) override;
    void provider_list(std::string_view org, const RowSink &row) override;
    void provider_delete(std::string_view org, const ObjectId &id) override;
    void key_create(const KeySpec &spec, const RowSink &row) override;
    void key_list(std::string_view org, const RowSink &row) override;
    void key_revoke(const ObjectId &id) override;
    void app_list(std::string_view org, std::optional<ObjectId> after, std::size_t max, const RowSink &row) override;
    void app_show(std::string_view org, std::string_view app, const RowSink &row) override;
    std::uint64_t app_count(std::string_view org) override;
    bool check(bool repair, const RowSink &row) override;
    std::unique_ptr<Transfer> transfer() override;

  private:
    Session fit_session();
    Session patient_session();

    const std::int64_t timeout_ns_;
    const std::shared_ptr<Pool> pool_;
    const std::shared_ptr<SchemaCheck> schema_;
    Health health_;
    WriteLoop write_loop_;
    Upkeep upkeep_;
};

}  // namespace appcreate::mongo
