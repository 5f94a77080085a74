// A backup: the store as it was at one moment, as one file, while others go on writing.
#pragma once

#include <exception>
#include <optional>
#include <string>

#include "sqlite/backup/page_copy.h"
#include "sqlite/file/connection.h"
#include "sqlite/file/new_file.h"
#include "store/store.h"

namespace appcreate::sqlite {

// Whoever asked for it wants no more of it.
class Stopped : public std::exception {};

// Where the stages of a backup or restore are in the whole, for whoever watches: each stage is as long as the others.
class Stages {
  public:
    Stages(const Progress &progress, unsigned stages) noexcept : progress_(progress), stages_(stages) {}
    // The current stage is so far. Throws Stopped.
    void tell(std::uint64_t done, std::uint64_t total);
    void next() noexcept { ++past_; }

  private:
    const Progress &progress_;
    const unsigned stages_;
    unsigned past_ = 0;
    std::uint64_t unit_ = 0;  // the first stage's total: in pages
};

class Backup {
  public:
    // Makes the file that is written. `path` is the store's. Throws Failure.
    Backup(std::string path, const std::string &file, bool replace, const Progress &progress);

    // Copies what `source` sees, which has a transaction open. Throws Failure and Stopped.
    void copy(const Connection &source);
    // Proves that the copy is a whole store, and gives it its name. The store is not needed any more. Throws Failure
    // and Stopped.
    Contents finish();

  private:
    const std::string path_;
    NewFile target_;
    std::optional<NewDatabase> copy_;
    Stages stages_;
    const Tell tell_;
};

// Throws Failure(AC_EINVAL) when `file` is the store's own file or one that SQLite keeps beside it, by whatever name,
// or no name for a file.
void refuse_own_files(const std::string &path, const std::string &file);

}  // namespace appcreate::sqlite
