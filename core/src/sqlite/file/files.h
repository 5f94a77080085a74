// The store's files as names: making the first one, and telling whether they are still the ones that were opened.
// Nothing here opens a file that SQLite has open: closing it again would drop all locks that the process holds on it.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <string>

namespace appcreate::sqlite {

// Runs `build` with the path of a new file beside `path`, empty and with the mode 0640, and gives it that name when
// `build` returned: whoever looks meets a whole store or none. What root makes belongs to the directory's owner; SQLite
// gives its side files the same owner and mode. A file that is there already stays as it is. Throws Failure.
void make_store_file(const std::string &path, const std::function<void(const std::string &path)> &build);

// Where `path` leads, through symbolic links, as SQLite resolves it: the side files lie beside that. `path` itself when
// it leads nowhere.
std::string real_path_of(const std::string &path);

// Which file a name stands for; all zero: none.
struct FileId {
    dev_t device = 0;
    ino_t inode = 0;
    friend bool operator==(const FileId &, const FileId &) = default;
    friend bool operator<(const FileId &a, const FileId &b) noexcept {
        return a.device != b.device ? a.device < b.device : a.inode < b.inode;
    }
    [[nodiscard]] bool exists() const noexcept { return inode != 0; }
};

FileId id_of(const std::string &path) noexcept;
std::int64_t size_of(const std::string &path) noexcept;  // -1: there is none

// A file and its contents, as far as the file system tells without reading them.
struct FileStamp {
    FileId id;
    std::int64_t size = 0;
    std::int64_t modified = 0;  // ns
    friend bool operator==(const FileStamp &, const FileStamp &) = default;
};

FileStamp stamp_of(const std::string &path) noexcept;

// A number that a copy of the file does not have, and the file keeps for its life: of its device, inode and, where the
// file system knows it, the time it was made. 0: there is no such file.
std::uint64_t fingerprint_of(const std::string &path) noexcept;

// What became of the files that are open.
enum class Change {
    kNone,
    kReplaced,     // the name stands for another database, or for none
    kWalLost,      // the WAL's name stands for nothing, or for an empty file: what it holds is only in open handles
    kWalReplaced,  // the WAL's name stands for another WAL
    kIndexLost,    // the index of the WAL was cut, or its name stands for another: who opens the store now makes a new
                   // one
    kContent,      // the database holds something else than what was written to it
    kCut,          // the database was emptied or cut short
    kWalCut,       // the WAL was emptied or cut short
    kDamaged,      // SQLite met contents that contradict themselves
    kUnusable,     // an error that opening all anew may mend
};

// Which files the names stand for.
class FileIdentity {
  public:
    // As they are now. `path` as configured; links are followed.
    explicit FileIdentity(std::string path);

    // Do all three names still stand for the same files, has the database any bytes, and is the index not shorter than
    // it ever was?
    [[nodiscard]] Change change() noexcept;

    [[nodiscard]] const std::string &real_path() const noexcept { return real_; }
    [[nodiscard]] const std::string &wal_path() const noexcept { return wal_path_; }
    [[nodiscard]] const FileId &database() const noexcept { return database_; }
    [[nodiscard]] const FileId &wal() const noexcept { return wal_; }
    [[nodiscard]] const FileId &index() const noexcept { return index_; }

  private:
    std::string path_, real_, wal_path_, index_path_;
    FileId database_, wal_, index_;
    std::int64_t index_size_ = 0;
};

}  // namespace appcreate::sqlite
