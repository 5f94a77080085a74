// Another program's connection to the file of a SQLite store.
#pragma once

#include <cstdint>
#include <string>

struct sqlite3;

namespace appcreate::test {

class SqliteFile {
  public:
    enum class Mode { existing, create };
    // Throws when the file cannot be opened. It waits 20 s for another's lock.
    explicit SqliteFile(const std::string &path, Mode mode = Mode::existing);
    SqliteFile(const SqliteFile &) = delete;
    SqliteFile &operator=(const SqliteFile &) = delete;
    ~SqliteFile();
    // The last one that closes the file empties its WAL, unless it was told to leave it.
    void leave_wal();
    // Throws when a statement fails.
    void execute(const std::string &sql);
    // The first row's first column; -1 where there is no row.
    std::int64_t number(const std::string &sql);
    // Every row as a line, "a|b\n"; NULL is "NULL".
    std::string rows(const std::string &sql);
    [[nodiscard]] sqlite3 *raw() const { return db_; }

  private:
    sqlite3 *db_ = nullptr;
};

}  // namespace appcreate::test
