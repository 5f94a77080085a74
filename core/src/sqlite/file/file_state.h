// Whether a database was written to between two looks, as far as the file system tells without reading it.
#pragma once

#include <array>
#include <string>

#include "sqlite/file/files.h"

namespace appcreate::sqlite {

// The database, its WAL, the WAL's index and its rollback journal; all zero for one that is not there.
class FileState {
  public:
    // As it is now.
    explicit FileState(const std::string &path) noexcept;
    friend bool operator==(const FileState &, const FileState &) = default;

  private:
    std::array<FileStamp, 4> files_{};
};

}  // namespace appcreate::sqlite
