// A SQLite store in a directory of its own, and ways to do things to its file behind the store's back.
#pragma once

#include <memory>
#include <string>

#include "sqlite/serve/checkpoint.h"
#include "store_support.h"
#include "support/child.h"
#include "support/files.h"
#include "support/host_log.h"
#include "support/sqlite_file.h"
#include "support/wait.h"

namespace appcreate::test {

class SqliteUnderTest final : public StoreUnderTest {
  public:
    SqliteUnderTest();
    std::unique_ptr<Store> open() override;
    std::unique_ptr<Store> serve() override;
    void expire_requests() override;

    [[nodiscard]] StoreOptions options(std::int64_t timeout_ms = 20'000);
    [[nodiscard]] const std::string &path() const { return path_; }

    TempDir directory;
    HostLog log;

  private:
    std::string path_ = directory.path() + "/apps.db";
};

StoreOptions options_of(const std::string &path, HostLog *log = nullptr, std::int64_t timeout_ms = 20'000);

// Another program's connection to the file, which leaves the WAL when it is closed.
class Stranger : public SqliteFile {
  public:
    explicit Stranger(const std::string &path) : SqliteFile(path, Mode::create) { leave_wal(); }
};

bool is_root();

}  // namespace appcreate::test
