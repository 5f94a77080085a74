#include "sqlite/file/lineage.h"

#include <chrono>
#include <cstring>
#include <memory>
#include <span>
#include <thread>
#include <tuple>
#include <utility>

#include "base/values.h"
#include "sqlite/file/bare_file.h"
#include "sqlite/file/big_endian.h"
#include "sqlite/file/failure.h"
#include "sqlite/file/wal_check.h"
#include "sqlite/file/whole_file.h"

namespace appcreate::sqlite {
namespace {

constexpr std::string_view kRoot = "SELECT rootpage FROM sqlite_schema WHERE name = 'meta'";

constexpr std::string_view kSchema = "PRAGMA schema_version";

// fileformat2.html: the file's header on its first page.
constexpr std::size_t kChangesInHeader = 24, kPagesInHeader = 28, kSchemaInHeader = 40;

// A checkpoint may write the file at the moment it is looked at.
constexpr int kLooks = 5;
constexpr std::chrono::milliseconds kBetweenLooks{2};
// While it does, the file is looked at for longer.
constexpr std::int64_t kLongestLook = 2'000'000'000;  // ns

const char *text_of(Change change) noexcept {
    switch (change) {
        case Change::kReplaced:
            return "the file was moved, replaced or removed while it was in use; it is opened anew";
        case Change::kWalLost:
            return "its log was deleted while it was in use; what the log held is copied into the file, then all "
                   "is opened anew; let nothing delete the -wal and -shm files of a store";
        case Change::kWalReplaced:
            return "its log was replaced while it was in use; what the former log held may be lost: compare with a "
                   "backup; let nothing touch the -wal and -shm files of a store";
        case Change::kIndexLost:
            return "the index of its log was deleted, replaced or cut short while it was in use; all is opened "
                   "anew; let nothing delete the -wal and -shm files of a store";
        case Change::kContent:
            return "the file was overwritten while it was in use; it is opened anew; to bring a backup back use "
                   "\"appctl restore\"";
        case Change::kCut:
            return "the file was emptied or cut short while it was in use; copy it and its -wal and -shm files "
                   "away, then restore a backup";
        case Change::kWalCut:
            return "its log was emptied or cut short while it was in use; what the log held is lost: compare with "
                   "a backup; let nothing touch the -wal and -shm files of a store";
        case Change::kDamaged:
            return "the file is damaged; nothing is taken from it or written to it until it is another one: copy "
                   "it and its -wal and -shm files away, then restore a backup";
        case Change::kUnusable:
        case Change::kNone:
            break;
    }
    return "the file cannot be used; it is opened anew";
}

// A connection that sees the file as if it had no WAL, and cannot change anything.
class LoneFile {
  public:
    explicit LoneFile(const std::string &real_path) {
        sqlite3 *db = nullptr;
        const int result = sqlite3_open_v2((file_uri(real_path) + "?immutable=1").c_str(), &db,
                                           SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, nullptr);
        db_.reset(db);
        if (db == nullptr) throw Error(SQLITE_NOMEM, "out of memory");
        if (result != SQLITE_OK) throw Error(db);
    }

    [[nodiscard]] bool is_empty() const { return integer("PRAGMA page_count") == 0; }
    // Where there is no table for it yet, all that was written is in the WAL.
    [[nodiscard]] Position position() const {
        if (integer(kRoot) == 0) return {};
        Statement statement(db_.get(), kSelectMark);
        return mark_of(statement).own;
    }
    [[nodiscard]] std::int64_t integer(std::string_view sql) const {
        Statement statement(db_.get(), sql);
        Run run(statement);
        return run.row() ? run.integer_at(0) : 0;
    }

  private:
    struct Close {
        void operator()(sqlite3 *db) const noexcept { sqlite3_close_v2(db); }
    };
    std::unique_ptr<sqlite3, Close> db_;
};

sqlite3_file *file_of(const Connection &connection) {
    sqlite3_file *file = connection.file(SQLITE_FCNTL_FILE_POINTER);
    if (file == nullptr) throw Error(SQLITE_IOERR, "the file is not open");
    return file;
}

bool read_page(const Connection &connection, std::int64_t number, std::int64_t size, std::vector<std::uint8_t> &out) {
    out.resize(static_cast<std::size_t>(size));
    sqlite3_file *file = file_of(connection);
    return file->pMethods->xRead(file, out.data(), static_cast<int>(size), (number - 1) * size) == SQLITE_OK;
}

bool read_header(const Connection &connection, std::span<std::uint8_t> out) {
    sqlite3_file *file = file_of(connection);
    return file->pMethods->xRead(file, out.data(), static_cast<int>(out.size()), 0) == SQLITE_OK;
}

// Of the file, or of what is seen through a WAL that is another file's.
bool may_be_damage(const Error &error) noexcept { return error.is_damage() || error.primary() == SQLITE_ERROR; }

// What SQLite reads of the file alone; nullopt: nothing, though nobody writes it.
template <class Result, class Read>
std::optional<Result> look_at_file(const std::string &real_path, Read &&read) {
    const Deadline until = monotonic_ns() + kLongestLook;
    FileStamp stamp = stamp_of(real_path);
    for (int looks = 0; looks < kLooks && monotonic_ns() < until; ++looks) {
        try {
            const LoneFile file(real_path);
            if (!file.is_empty()) return read(file);
        } catch (const Error &error) {
            if (!may_be_damage(error)) throw;
        }
        std::this_thread::sleep_for(kBetweenLooks);
        if (const FileStamp now = stamp_of(real_path); now != stamp) {
            stamp = now;
            looks = 0;
        }
    }
    return std::nullopt;
}

}  // namespace

FileChanged::FileChanged(Change change, const std::string &path)
    : Failure(AC_EUNAVAILABLE, about(path, text_of(change)),
              change == Change::kDamaged || change == Change::kCut ? SQLITE_CORRUPT : 0),
      change_(change) {}

std::optional<FileAlone> read_file_alone(const Connection &connection, const std::string &real_path) {
    try {
        std::vector<std::uint8_t> page;
        std::array<std::uint8_t, kSchemaInHeader + 4> header{};
        const std::int64_t root = connection.query_integer(kRoot);
        const std::int64_t page_size = connection.query_integer("PRAGMA page_size");
        if (root > 0 && read_page(connection, root, page_size, page) && read_header(connection, header)) {
            if (const auto mark = mark_on(page)) {
                return FileAlone{mark->own, big_endian(header, kSchemaInHeader)};
            }
        }
    } catch (const Error &error) {
        if (!may_be_damage(error)) throw;
    }
    return look_at_file<FileAlone>(real_path, [&](const LoneFile &file) {
        return FileAlone{file.position(), static_cast<std::uint64_t>(file.integer(kSchema))};
    });
}

Lineage::Lineage(const Connection &connection, std::string path, std::string real_path)
    : connection_(connection),
      path_(std::move(path)),
      real_path_(std::move(real_path)),
      select_(connection.prepare(kSelectMark)),
      update_(connection.prepare(kReplaceMark)),
      schema_(connection.prepare(kSchema)),
      page_size_(connection.query_integer("PRAGMA page_size")) {}

void Lineage::verify() {
    mark_ = mark_of(select_);
    // SQLite has made the WAL by now.
    if (wal_ == 0) {
        file_ = fingerprint_of(real_path_);
        wal_ = fingerprint_of(real_path_ + "-wal");
    }
    check_position();
    check_header();
    check_size();
    const std::optional<std::uint32_t> frames = frames_of_whole_wal(connection_);
    if (!frames) throw FileChanged(Change::kWalCut, path_);
    frames_ = *frames;
}

void Lineage::extend() {
    Mark mark = shown_ == mark_.own ? make_mark(shown_, {}) : mark_;
    ++mark.own.serial;
    mark.file = file_;
    mark.wal = wal_;
    Run run(schema_);
    mark.schema = run.row() ? static_cast<std::uint64_t>(run.integer_at(0)) : 0;
    put_mark(update_, mark);
}

void Lineage::confirm() {
    if (!frames_of_whole_wal(connection_, frames_)) throw FileChanged(Change::kWalCut, path_);
    if (root_ != 0 && read_page(connection_, root_, page_size_, now_) && now_ == page_) return check_size();
    const Transaction transaction(connection_, Transaction::Kind::kRead);
    verify();
}

// Nobody can checkpoint beyond what this transaction sees, so the mark and the file belong to one moment.
void Lineage::check_position() {
    const Position before = shown_;
    std::optional<Position> shown = position_of_page();
    if (!shown || !mark_.covers(*shown)) {
        shown = position_of_file();
        if (!shown) {
            if (!is_whole_through_wal()) throw FileChanged(Change::kCut, path_);
            shown_ = before;
            return;
        }
        if (!mark_.covers(*shown)) throw FileChanged(Change::kContent, path_);
    }
    // A checkpoint only moves the file forward.
    if (before.epoch == mark_.own.epoch && (shown->epoch != before.epoch || shown->serial < before.serial)) {
        throw FileChanged(Change::kContent, path_);
    }
}

// nullopt: the page does not tell.
std::optional<Position> Lineage::position_of_page() {
    if (root_ == 0) root_ = connection_.query_integer(kRoot);
    if (root_ == 0 || !read_page(connection_, root_, page_size_, now_)) return std::nullopt;
    if (now_ == page_) return shown_;
    const std::optional<Mark> mark = mark_on(now_);
    if (!mark) return std::nullopt;
    page_ = now_;
    return shown_ = mark->own;
}

// A VACUUM that is in the WAL alone has moved the page. nullopt: nothing can be read of the file alone.
std::optional<Position> Lineage::position_of_file() {
    page_.clear();
    root_ = 0;
    const auto found = look_at_file<Position>(real_path_, [this](const LoneFile &file) {
        root_ = file.integer(kRoot);
        return file.position();
    });
    if (found) shown_ = *found;
    return found;
}

// A checkpoint that did not come to its end, on a full disk, leaves a file that is shorter than it says, and of which
// alone nothing may be readable: the WAL has the rest. Of a file that was cut something is missing. What this
// connection has in memory is no proof.
bool Lineage::is_whole_through_wal() {
    const FileStamp stamp = stamp_of(real_path_);
    if (stamp == whole_) return true;
    if (!is_whole_file(Connection(real_path_, Use::kRead, monotonic_ns() + kLongestLook))) return false;
    whole_ = stamp;
    return true;
}

// A checkpoint only moves the file forward: its counter of changes never falls, and its schema is not ahead of what a
// transaction sees. A copy that SQLite made has a counter of its own, and that by VACUUM INTO a schema counted up.
void Lineage::check_header() {
    std::array<std::uint8_t, std::tuple_size_v<decltype(header_)>> header{};
    sqlite3_file *file = file_of(connection_);
    const int result = file->pMethods->xRead(file, header.data(), static_cast<int>(header.size()), 0);
    if (result == SQLITE_IOERR_SHORT_READ) throw FileChanged(Change::kCut, path_);
    if (result != SQLITE_OK) throw Error(result, sqlite3_errstr(result));
    if (header == header_) return;
    Run run(schema_);
    const std::int64_t schema = run.row() ? run.integer_at(0) : 0;
    if (big_endian(header, kChangesInHeader) < big_endian(header_, kChangesInHeader) ||
        big_endian(header, kSchemaInHeader) > schema) {
        throw FileChanged(Change::kContent, path_);
    }
    header_ = header;
}

// A file gets smaller only at the end of a checkpoint after a VACUUM, which says in its header how many pages are left.
void Lineage::check_size() {
    sqlite3_file *file = file_of(connection_);
    sqlite3_int64 size = 0;
    for (int look = 0; look < kLooks; ++look) {
        if (look > 0) std::this_thread::sleep_for(kBetweenLooks);
        if (const int result = file->pMethods->xFileSize(file, &size); result != SQLITE_OK) {
            throw Error(result, sqlite3_errstr(result));
        }
        if (size < size_) {
            std::array<std::uint8_t, kPagesInHeader + 4> header{};
            if (!read_header(connection_, header)) continue;
            const std::int64_t pages = big_endian(header, kPagesInHeader);
            if (pages * page_size_ > size) continue;
        }
        size_ = size;
        return;
    }
    if (!is_whole_through_wal()) throw FileChanged(Change::kCut, path_);
    size_ = size;
}

}  // namespace appcreate::sqlite
