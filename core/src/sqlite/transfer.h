// One end of a copy on a SQLite file.
#pragma once

#include <string>

#include "copy.h"
#include "sqlite/transactions.h"

namespace appcreate::sqlite {

class SqliteTransfer final : public Transfer {
  public:
    SqliteTransfer(const std::string &path, const Transactions &transactions) noexcept
        : path_(path), transactions_(transactions) {}

    [[nodiscard]] const std::string &name() const noexcept override { return path_; }

    void read_organizations(const PageSink<OrganizationCopy> &page) override;
    void read_providers(const PageSink<ProviderCopy> &page) override;
    void read_keys(const PageSink<KeyCopy> &page) override;
    void read_applications(const PageSink<ApplicationCopy> &page) override;
    void read_requests(const PageSink<RequestCopy> &page) override;
    std::uint64_t rows() override;

    void put(std::span<const OrganizationCopy> rows) override;
    void put(std::span<const ProviderCopy> rows) override;
    void put(std::span<const KeyCopy> rows) override;
    void put(std::span<const ApplicationCopy> rows) override;
    void put(std::span<const RequestCopy> rows) override;
    void finish(std::span<const OrganizationCopy> rows) override;

    std::optional<Holding> holding(const ObjectId &organization) override;

  private:
    const std::string &path_;
    const Transactions &transactions_;
};

}  // namespace appcreate::sqlite
