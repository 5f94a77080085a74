#include "support/sqlite_file.h"

#include <sqlite3.h>

#include <stdexcept>

namespace appcreate::test {
namespace {

int append_row(void *out, int n, char **values, char **) {
    auto &text = *static_cast<std::string *>(out);
    for (int i = 0; i < n; ++i) text += (i == 0 ? "" : "|") + std::string(values[i] != nullptr ? values[i] : "NULL");
    text += "\n";
    return 0;
}

}  // namespace

SqliteFile::SqliteFile(const std::string &path, Mode mode) {
    const int flags = SQLITE_OPEN_READWRITE | (mode == Mode::create ? SQLITE_OPEN_CREATE : 0);
    if (sqlite3_open_v2(path.c_str(), &db_, flags, nullptr) != SQLITE_OK) {
        const std::string message = sqlite3_errmsg(db_);
        sqlite3_close(db_);
        throw std::runtime_error("cannot open " + path + ": " + message);
    }
    sqlite3_busy_timeout(db_, 20'000);
}

SqliteFile::~SqliteFile() { sqlite3_close(db_); }

void SqliteFile::leave_wal() { sqlite3_db_config(db_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr); }

void SqliteFile::execute(const std::string &sql) { rows(sql); }

std::int64_t SqliteFile::number(const std::string &sql) {
    sqlite3_stmt *statement = nullptr;
    if (sqlite3_prepare_v2(db_, sql.c_str(), -1, &statement, nullptr) != SQLITE_OK) {
        throw std::runtime_error(sql + ": " + sqlite3_errmsg(db_));
    }
    const bool is_row = sqlite3_step(statement) == SQLITE_ROW;
    const std::int64_t value = is_row ? sqlite3_column_int64(statement, 0) : -1;
    sqlite3_finalize(statement);
    return value;
}

std::string SqliteFile::rows(const std::string &sql) {
    std::string out;
    if (sqlite3_exec(db_, sql.c_str(), append_row, &out, nullptr) != SQLITE_OK) {
        throw std::runtime_error(sql + ": " + sqlite3_errmsg(db_));
    }
    return out;
}

}  // namespace appcreate::test
