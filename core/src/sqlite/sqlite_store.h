// The store interface on one SQLite file (docs/stores.md). What is done lives in the folders beside; this file says on
// which connection, in which transaction, until when.
#pragma once

#include <memory>

#include "sqlite/serve/batch_writer.h"
#include "sqlite/serve/checkpoint.h"
#include "sqlite/serve/health.h"
#include "sqlite/serve/maintenance.h"
#include "sqlite/serve/sessions.h"
#include "sqlite/serve/transactions.h"
#include "sqlite/serve/turn.h"
#include "sqlite/serve/write_loop.h"
#include "store/store.h"

namespace appcreate::sqlite {

class SqliteStore final : public Store {
  public:
    explicit SqliteStore(const StoreOptions &options, const WalLimits &limits = {});

    void warm() override;
    void find_keys(std::span<ac_lookup> lookups, Deadline deadline) override;
    [[nodiscard]] std::uint32_t key_changes() noexcept override;
    void write(const Source &source, Deadline deadline) override;
    void notify() noexcept override { write_loop_.notify(); }
    std::optional<std::string> find_record(const ObjectId &organization,
                                           const std::variant<ObjectId, std::string> &name, Deadline deadline) override;
    RecordPage list_records(const ObjectId &organization, const std::optional<ObjectId> &before, std::size_t limit,
                            Deadline deadline) override;

    [[nodiscard]] StoreStats stats() override;

    void init() override;
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
    std::optional<Contents> backup(const std::string &file, bool replace, const Progress &progress) override;
    std::optional<Contents> restore(const std::string &file, bool replace, const Progress &progress) override;
    std::unique_ptr<CopyEnd> copy_end() override;

  private:
    template <class Function>
    auto reading(Function &&function) const;
    template <class Function>
    auto writing(Function &&function) const;
    template <class Function>
    auto reading_records(Deadline until, Function &&function);
    void make_store();
    void upgrade_store(const std::string &real);

    const std::string path_;
    const std::int64_t timeout_ns_;
    const bool external_checkpoint_;
    const Log log_;
    Turn turn_;
    Sessions sessions_;
    Maintenance maintenance_;
    const Transactions transactions_;
    BatchWriter batch_writer_;
    WriteLoop write_loop_;
    Health lookups_;
    Health reads_;
    Health lists_;
};

}  // namespace appcreate::sqlite
