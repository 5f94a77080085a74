// The way to a store's file: nobody opens it while others still work with a file, a log or an index that no longer lie
// under its names. SQLite finds the log and its index by their names alone, so whoever came in then would use another
// log than they do, and both would write over each other ("How To Corrupt An SQLite Database File", 2.4 and 2.5).
#pragma once

#include <string>

#include "sqlite/files.h"
#include "store.h"

namespace appcreate::sqlite {

// The process has, or is about to have, the file open: from before its first connection until after its last. Every
// store of the process that works with the file has one.
class OpenFile {
  public:
    // Waits until the file can be opened. Throws Failure: it is empty, or gone though there was a store (`was_opened`),
    // or its log or index were deleted or replaced and those who have them open did not let go of them before
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

    // Before this process opened it: renames the log, which belongs to another file, to a name that is free, and
    // returns that. As long as anybody has the file or the log's index open the log may be theirs: waits, and throws
    // Failure after `deadline`.
    std::string set_log_aside(Deadline deadline);

  private:
    std::string try_set_log_aside();

    const std::string path_;
    std::string real_;
    FileId database_;
};

}  // namespace appcreate::sqlite
