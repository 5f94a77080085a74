// Whether a database was written to between two looks, as far as the file system tells without reading it.
#pragma once

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <string>

namespace appcreate::sqlite {

// The database, its log, the log's index and its rollback journal; all zero for one that is not there.
class FileState {
  public:
    // As it is now.
    explicit FileState(const std::string &path) noexcept;
    friend bool operator==(const FileState &, const FileState &) = default;

  private:
    struct Stamp {
        dev_t device = 0;
        ino_t inode = 0;
        std::int64_t size = 0;
        std::int64_t modified = 0;  // ns
        friend bool operator==(const Stamp &, const Stamp &) = default;
    };
    std::array<Stamp, 4> files_{};
};

}  // namespace appcreate::sqlite
