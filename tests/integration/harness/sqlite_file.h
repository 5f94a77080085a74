// A second connection to a SQLite store, as another program would hold it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

struct sqlite3;

namespace appcreate::harness {

class SqliteFile {
  public:
    enum class Mode { existing, create };
    // Throws when the file cannot be opened.
    explicit SqliteFile(const std::string &path, Mode mode = Mode::existing);
    SqliteFile(const SqliteFile &) = delete;
    SqliteFile &operator=(const SqliteFile &) = delete;
    ~SqliteFile();
    // Throws when a statement fails.
    void execute(const std::string &sql);
    // First column of the first row.
    std::int64_t number(const std::string &sql);

  private:
    sqlite3 *db_ = nullptr;
};

}  // namespace appcreate::harness
