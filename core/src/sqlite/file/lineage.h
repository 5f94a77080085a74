// Proves that a database file and the WAL beside it belong together, and that the file still holds what was written
// to it. SQLite replays whatever WAL lies under the name, and never looks again at what it has read of a file: a backup
// that is moved or copied over the file would be mixed with the WAL and the memory of the file before it.
//
// So each store has a mark (mark.h), from which follows, at any moment and after any crash:
//
//     the file, read without its WAL, shows a position that the mark, read through the WAL, covers.
//
// A file that was put in another's place shows a position that the mark does not cover, unless it is a copy that was
// made since the WAL began. So the mark also says by which files it was written, and what a copy by VACUUM INTO
// changes: the WAL of a file that is another one now is not that one's. (A page for page copy, made since, is the state
// of one moment of the WAL: replaying the WAL over it loses nothing.)
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/failure.h"
#include "sqlite/file/connection.h"
#include "sqlite/file/files.h"
#include "sqlite/file/mark.h"

namespace appcreate::sqlite {

// The files are not those, or not in the state, that this process knows: nothing may be acknowledged from them, or
// written to them, before all is closed and opened anew.
class FileChanged : public Failure {
  public:
    FileChanged(Change change, const std::string &path);
    [[nodiscard]] Change change() const noexcept { return change_; }

  private:
    Change change_;
};

// What the file shows without its WAL.
struct FileAlone {
    Position position;
    std::uint64_t schema = 0;
};

// Inside a transaction of `connection`. nullopt: it cannot be read that way, because it is damaged, emptied or half
// written. Reads only, takes no lock.
std::optional<FileAlone> read_file_alone(const Connection &connection, const std::string &real_path);

class Lineage {
  public:
    Lineage(const Connection &connection, std::string path, std::string real_path);

    // Inside a transaction of any kind, before anything is taken from the files. Throws FileChanged.
    void verify();
    // Inside a write transaction that wrote something, before its commit and after verify(): writes its mark.
    void extend();
    // After a commit, outside of a transaction, before it is acknowledged: both files still hold it. Throws
    // FileChanged.
    void confirm();

  private:
    using Page = std::vector<std::uint8_t>;

    void check_position();
    [[nodiscard]] std::optional<Position> position_of_page();
    [[nodiscard]] std::optional<Position> position_of_file();
    void check_header();
    void check_size();
    bool is_whole_through_wal();

    const Connection &connection_;
    const std::string path_, real_path_;
    Statement select_, update_, schema_;
    std::int64_t page_size_;
    std::int64_t root_ = 0;                  // the page of `meta`; 0: not known
    Page page_, now_;                        // while its bytes in the file are the same, so is the position
    Position shown_;                         // on page_
    std::uint64_t file_ = 0, wal_ = 0;       // fingerprints
    Mark mark_;                              // as verify() saw it
    std::uint32_t frames_ = 0;               // of the WAL, as verify() saw it
    std::array<std::uint8_t, 44> header_{};  // of the file, as far as it tells of copies
    std::int64_t size_ = 0;                  // of the file when it was last looked at
    FileStamp whole_;                        // as the file was when all of it was looked through
};

}  // namespace appcreate::sqlite
