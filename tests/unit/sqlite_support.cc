#include "sqlite_support.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace appcreate::test {

Directory::Directory() {
    std::string name = (std::filesystem::temp_directory_path() / "appcreate-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
    path_ = name;
}

Directory::~Directory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

void Lines::log(void *self, int, const char *message, std::size_t len) {
    auto &lines = *static_cast<Lines *>(self);
    const std::lock_guard lock(lines.mutex_);
    lines.lines_.emplace_back(message, len);
}

std::vector<std::string> Lines::all() {
    const std::lock_guard lock(mutex_);
    return lines_;
}

StoreOptions options_of(const std::string &path, Lines *lines, std::int64_t timeout_ms) {
    StoreOptions options;
    options.uri = {AC_STORE_SQLITE, "sqlite:" + path, path, "sqlite:" + path};
    options.timeout_ms = timeout_ms;
    options.threads = 4;
    if (lines != nullptr) {
        options.log = Lines::log;
        options.log_ctx = lines;
    }
    return options;
}

SqliteUnderTest::SqliteUnderTest() { open()->init(); }

StoreOptions SqliteUnderTest::options(std::int64_t timeout_ms) { return options_of(path_, &lines, timeout_ms); }

std::unique_ptr<Store> SqliteUnderTest::open() { return open_store(options()); }

void SqliteUnderTest::expire_requests() { Stranger(path_).exec("UPDATE idempotency SET expires_at = 1"); }

Stranger::Stranger(const std::string &path) {
    if (sqlite3_open(path.c_str(), &db_) != SQLITE_OK) throw std::runtime_error("cannot open " + path);
    sqlite3_db_config(db_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    sqlite3_busy_timeout(db_, 20'000);
}

void Stranger::exec(const std::string &sql) {
    char *message = nullptr;
    if (sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, &message) == SQLITE_OK) return;
    const std::string text = message == nullptr ? "" : message;
    sqlite3_free(message);
    throw std::runtime_error(sql + ": " + text);
}

std::int64_t Stranger::query(const std::string &sql) {
    sqlite3_stmt *statement = nullptr;
    if (sqlite3_prepare_v2(db_, sql.c_str(), -1, &statement, nullptr) != SQLITE_OK) {
        throw std::runtime_error(sql + ": " + sqlite3_errmsg(db_));
    }
    const bool is_row = sqlite3_step(statement) == SQLITE_ROW;
    const std::int64_t value = is_row ? sqlite3_column_int64(statement, 0) : -1;
    sqlite3_finalize(statement);
    return value;
}

bool in_child(const std::function<bool()> &function) {
    const pid_t child = fork();
    if (child == 0) {
        bool result = false;
        try {
            result = function();
        } catch (const std::exception &) {
        }
        _exit(result ? 0 : 1);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool is_root() { return geteuid() == 0; }

std::int64_t size_of(const std::string &path) {
    struct stat info {};
    return stat(path.c_str(), &info) == 0 ? static_cast<std::int64_t>(info.st_size) : -1;
}

void copy_file(const std::string &from, const std::string &to) {
    std::filesystem::copy_file(from, to, std::filesystem::copy_options::overwrite_existing);
}

bool eventually(const std::function<bool()> &condition) {
    for (int i = 0; i < 6000; ++i) {
        if (condition()) return true;
        usleep(10'000);
    }
    return false;
}

}  // namespace appcreate::test
