// The way to a store's file: nobody opens it while others still work with a file, a WAL or an index that no longer lie
// under its names. SQLite finds the WAL and its index by their names alone, so whoever came in then would use another
// WAL than they do, and both would write over each other ("How To Corrupt An SQLite Database File", 2.4 and 2.5).
#pragma once

#include <string>

#include "sqlite/file/files.h"
#include "store/store.h"

namespace appcreate::sqlite {

// The process has, or is about to have, the file open: from before its first connection until after its last. Every
// store of the process that works with the file has one.
class OpenFile {
  public:
    // Waits until the file can be opened. Throws Failure: it is empty, or gone though there was a store (`was_opened`),
    // or its WAL or index were deleted or replaced and those who have them open did not let go of them before
    // `deadline`. A file that never existed is let through: opening it says why.
    OpenFile(std::string path, Deadline deadline, bool was_opened);
    OpenFile(const OpenFile &) = delete;
    OpenFile &operator=(const OpenFile &) = delete;
    ~OpenFile();

    // As configured, and where it led when it was opened.
    [[nodiscard]] const std::string &path() const noexcept { return path_; }
    [[nodiscard]] const std::string &real_path() const noexcept { return real_; }

    // The side files exist now.
    void opened(const FileIdentity &files);

    // Before this process opened it: renames `wal`, which belongs to another file, to a name that is free, and returns
    // that. As long as anybody has the file or the WAL's index open the WAL may be theirs: waits, and throws Failure
    // after `deadline`. Empty: another one lies there now, of which nothing is known.
    std::string set_wal_aside(const FileId &wal, Deadline deadline);

  private:
    enum class Aside { kDone, kInUse, kAnother };
    Aside try_set_wal_aside(const FileId &wal, std::string &aside);

    const std::string path_;
    std::string real_;
    FileId database_;
};

}  // namespace appcreate::sqlite
