// One end of a copy on a SQLite file.
#pragma once

#include <string>

#include "copy/copy.h"
#include "sqlite/serve/transactions.h"

namespace appcreate::sqlite {

class SqliteCopyEnd final : public CopyEnd {
  public:
    SqliteCopyEnd(const std::string &path, const Transactions &transactions) noexcept
        : path_(path), transactions_(transactions) {}

    [[nodiscard]] const std::string &name() const noexcept override { return path_; }

    void read_organizations(const PageSink<Organization> &page) override;
    void read_providers(const PageSink<StorageProvider> &page) override;
    void read_keys(const PageSink<ApiKey> &page) override;
    void read_applications(const PageSink<ApplicationCopy> &page) override;
    void read_requests(const PageSink<RequestCopy> &page) override;
    std::uint64_t rows() override;

    void put(std::span<const Organization> rows) override;
    void put(std::span<const StorageProvider> rows) override;
    void put(std::span<const ApiKey> rows) override;
    void put(std::span<const ApplicationCopy> rows) override;
    void put(std::span<const RequestCopy> rows) override;
    void finish(std::span<const Organization> rows) override;

    std::optional<Holding> holding(const ObjectId &organization) override;

  private:
    const std::string &path_;
    const Transactions &transactions_;
};

}  // namespace appcreate::sqlite
