// The store in a MongoDB database, shared by any number of gateways (docs/stores.md).
#pragma once

#include "mongo/driver/pool.h"
#include "mongo/schema/schema.h"
#include "mongo/serve/health.h"
#include "mongo/serve/upkeep.h"
#include "mongo/serve/write_loop.h"
#include "store/store.h"

namespace appcreate::mongo {

class MongoStore final : public Store {
  public:
    explicit MongoStore(const StoreOptions &options);
    // Takes options.timeout_ms at most, whatever the server and the system's resolver do.
    ~MongoStore() override;

    void warm() override;
    void find_keys(std::span<ac_lookup> lookups, Deadline deadline) override;
    [[nodiscard]] std::uint32_t key_changes() noexcept override;
    void write(const Source &source, Deadline deadline) override;
    std::optional<std::string> find_record(const ObjectId &organization,
                                           const std::variant<ObjectId, std::string> &name, Deadline deadline) override;
    RecordPage list_records(const ObjectId &organization, const std::optional<ObjectId> &before, std::size_t limit,
                            Deadline deadline) override;

    [[nodiscard]] StoreStats stats() override;

    void init() override;
    void shard() override;
    void org_create(const OrganizationSpec &spec, const RowSink &row) override;
    void org_set(std::string_view org, const OrganizationSpec &spec, const RowSink &row) override;
    void org_show(std::string_view org, const RowSink &row) override;
    void org_list(const RowSink &row) override;
    std::uint64_t org_delete(std::string_view org, bool with_applications) override;
    Freeze freeze(std::string_view org, Freeze seconds) override;
    Freeze thaw(std::string_view org) override;
    Freeze frozen() override;
    void provider_create(const ProviderSpec &spec, const RowSink &row) override;
    void provider_list(std::string_view org, const RowSink &row) override;
    void provider_set(std::string_view org, const ObjectId &id, const ProviderChange &change,
                      const RowSink &row) override;
    void provider_delete(std::string_view org, const ObjectId &id) override;
    void key_create(const KeySpec &spec, const RowSink &row) override;
    void key_list(std::string_view org, const RowSink &row) override;
    void key_show(const ObjectId &id, const RowSink &row) override;
    void key_rename(const ObjectId &id, std::string_view name, const RowSink &row) override;
    void key_rotate(const ObjectId &id, const KeyRotation &rotation, const RowSink &row) override;
    void key_revoke(const ObjectId &id) override;
    void app_list(std::string_view org, std::optional<ObjectId> after, std::size_t max, const RowSink &row) override;
    void app_show(std::string_view org, std::string_view app, const RowSink &row) override;
    std::uint64_t app_count(std::string_view org) override;
    void app_delete(std::string_view org, std::string_view app, const RowSink &row) override;
    bool check(bool repair, const RowSink &row) override;
    std::unique_ptr<CopyEnd> copy_end() override;

  private:
    template <class Function>
    auto reading_records(Deadline deadline, const Function &function);
    Client fit_client();
    Client patient_client();

    const std::int64_t timeout_ns_;
    const std::shared_ptr<Pool> pool_;
    const std::shared_ptr<SchemaCheck> schema_;
    Health health_;
    const std::shared_ptr<KeyUse> key_use_;
    WriteLoop write_loop_;
    Upkeep upkeep_;
};

}  // namespace appcreate::mongo
