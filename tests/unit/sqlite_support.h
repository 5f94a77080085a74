// A SQLite store in a directory of its own, and ways to do things to its file behind the store's back.
#pragma once

#include <sqlite3.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sqlite/checkpoint.h"
#include "store_support.h"

namespace appcreate::test {

class Directory {
  public:
    Directory();
    Directory(const Directory &) = delete;
    Directory &operator=(const Directory &) = delete;
    ~Directory();
    [[nodiscard]] const std::string &path() const { return path_; }

  private:
    std::string path_;
};

// What a store logged. Must outlive it.
class Lines {
  public:
    static void log(void *self, int level, const char *message, std::size_t len);
    [[nodiscard]] std::vector<std::string> all();

  private:
    std::mutex mutex_;
    std::vector<std::string> lines_;
};

class SqliteUnderTest final : public StoreUnderTest {
  public:
    SqliteUnderTest();
    std::unique_ptr<Store> open() override;
    void expire_requests() override;

    [[nodiscard]] StoreOptions options(std::int64_t timeout_ms = 20'000);
    [[nodiscard]] const std::string &path() const { return path_; }

    Directory directory;
    Lines lines;

  private:
    std::string path_ = directory.path() + "/apps.db";
};

StoreOptions options_of(const std::string &path, Lines *lines = nullptr, std::int64_t timeout_ms = 20'000);

// Another program's connection to the file.
class Stranger {
  public:
    explicit Stranger(const std::string &path);
    Stranger(const Stranger &) = delete;
    Stranger &operator=(const Stranger &) = delete;
    ~Stranger() { sqlite3_close(db_); }
    void exec(const std::string &sql);
    std::int64_t query(const std::string &sql);

  private:
    sqlite3 *db_ = nullptr;
};

// Runs in a child process; true when it returned true.
bool in_child(const std::function<bool()> &function);

bool is_root();
std::int64_t size_of(const std::string &path);  // -1: no such file
void copy_file(const std::string &from, const std::string &to);
// Waits, for as long as a minute, until it is so.
bool eventually(const std::function<bool()> &condition);

}  // namespace appcreate::test
