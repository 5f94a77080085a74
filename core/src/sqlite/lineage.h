// Proves that a database file and the log beside it belong together, and that the file still holds what was written
// to it. SQLite replays whatever log lies under the name, and never looks again at what it has read of a file: a backup
// that is moved or copied over the file would be mixed with the log and the memory of the file before it.
//
// So each store has a mark, a row of `meta`: a random epoch, and the epochs that the database file may show by itself
// as long as the mark is in the log alone. The first transaction after a checkpoint renews the mark: its epoch is new,
// the file's own becomes the one that it may show. From this follows, at any moment and after any crash:
//
//     the file, read without its log, shows the epoch of the mark that is read through the log, or one that it names.
//
// A file that was put in another's place shows an epoch that the mark does not know, unless it is a copy that was made
// since the mark was. So the mark also says by which files it was written, and what a copy by VACUUM INTO changes: the
// log of a file that is another one now is not that one's. (A page for page copy, made since, is the state of one
// moment of the log: replaying the log over it loses nothing.) A store that version 1.0 made shows 0 until its first
// transaction here.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "errors.h"
#include "sqlite/connection.h"
#include "sqlite/files.h"

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

struct Mark {
    std::uint64_t epoch = 0;
    std::array<std::uint64_t, 2> bases{};  // the same twice, but in what a restore wrote
    std::uint64_t file = 0, log = 0;       // fingerprint_of() each; 0: not said
    std::uint64_t schema = 0;              // the schema's cookie, fileformat2.html

    // May the file by itself show this epoch?
    [[nodiscard]] bool covers(std::uint64_t shown) const noexcept {
        return shown == epoch || shown == bases[0] || shown == bases[1];
    }
    friend bool operator==(const Mark &, const Mark &) = default;
};

// The mark as `connection` sees it, through the log; all zero where there is none yet. Throws Error.
Mark read_mark(const Connection &connection);
// Inside a write transaction.
void write_mark(const Connection &connection, const Mark &mark);
// A mark with a new epoch, of a file that may show `base` or `other_base` by itself.
Mark make_mark(std::uint64_t base, std::uint64_t other_base);

// What the file shows without its log.
struct FileAlone {
    std::uint64_t epoch = 0;
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
    // Inside a write transaction that wrote something, before its commit and after verify(): renews the mark when it is
    // due.
    void extend();
    // After a commit, outside of a transaction, before it is acknowledged: both files still hold it. Throws
    // FileChanged.
    void confirm();

  private:
    using Page = std::vector<std::uint8_t>;

    [[nodiscard]] std::optional<std::uint64_t> epoch_of_page();
    std::uint64_t epoch_of_file();
    void check_header();
    void check_size();

    const Connection &connection_;
    const std::string path_, real_path_;
    Statement select_, update_, schema_;
    std::int64_t page_size_;
    std::int64_t root_ = 0;                  // the page of `meta`; 0: not known
    Page page_, now_;                        // while its bytes in the file are the same, so is the epoch
    std::uint64_t epoch_ = 0;                // of page_
    std::uint64_t file_ = 0, log_ = 0;       // fingerprints
    Mark mark_;                              // as verify() saw it
    std::uint32_t frames_ = 0;               // of the log, as verify() saw it
    std::array<std::uint8_t, 44> header_{};  // of the file, as far as it tells of copies
    std::int64_t size_ = 0;                  // of the file when it was last looked at
};

}  // namespace appcreate::sqlite
