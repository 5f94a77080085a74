// A database file as it is by itself, read without locks, a WAL or anything beside it: for files that nobody writes.
#pragma once

#include <sqlite3.h>

#include <memory>
#include <string>

#include "sqlite/file/file_state.h"

namespace appcreate::sqlite {

// "file:" and the path, as SQLite reads URIs.
std::string file_uri(const std::string &path);

class BareFile {
  public:
    // Throws Failure: there is no such file, or a WAL beside it holds a part of it. Throws Error.
    explicit BareFile(std::string path);

    [[nodiscard]] sqlite3 *raw() const noexcept { return db_.get(); }
    // Throws Failure when it is not the file any more that it was at the beginning.
    void confirm() const;

  private:
    struct Close {
        void operator()(sqlite3 *db) const noexcept { sqlite3_close_v2(db); }
    };

    const std::string path_;
    const FileState before_;
    std::unique_ptr<sqlite3, Close> db_;
};

}  // namespace appcreate::sqlite
