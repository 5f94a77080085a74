#include "sqlite/lineage.h"

#include <time.h>

#include <cstring>
#include <memory>
#include <span>
#include <tuple>
#include <utility>

#include "sqlite/bare_file.h"
#include "sqlite/failure.h"
#include "sqlite/log_check.h"
#include "values.h"

namespace appcreate::sqlite {
namespace {

constexpr std::string_view kSelect = "SELECT value FROM meta WHERE name = 'log_mark'";
constexpr std::string_view kReplace = "INSERT OR REPLACE INTO meta VALUES('log_mark', ?)";
constexpr std::string_view kRoot = "SELECT rootpage FROM sqlite_schema WHERE name = 'meta'";

constexpr std::string_view kSchema = "PRAGMA schema_version";

constexpr std::size_t kMarkSize = 6 * 8;
// fileformat2.html: the file's header on its first page, and the first byte of a page of a table without rowid that
// has no page below it.
constexpr std::size_t kChangesInHeader = 24, kPagesInHeader = 28, kSchemaInHeader = 40;
constexpr std::uint8_t kLeaf = 0x0a;
constexpr std::size_t kCells = 3, kCellPointers = 8;
constexpr std::string_view kName = "log_mark";

// A checkpoint may write the file at the moment it is looked at.
constexpr int kLooks = 5;
constexpr std::int64_t kBetweenLooks = 2'000'000;  // ns
// While it does, the file is looked at for longer.
constexpr std::int64_t kLongestLook = 2'000'000'000;  // ns

// Not of any byte order: a store may be copied to another machine.
std::uint64_t number_at(std::string_view bytes, std::size_t at) noexcept {
    std::uint64_t out = 0;
    for (std::size_t i = 0; i < 8; ++i) out = out << 8 | static_cast<std::uint8_t>(bytes[at + i]);
    return out;
}

void write_number(std::uint64_t number, std::span<std::uint8_t, 8> out) noexcept {
    for (std::size_t i = 0; i < 8; ++i) out[i] = static_cast<std::uint8_t>(number >> (56 - 8 * i));
}

// Four bytes of a file's header.
std::int64_t number_in(std::span<const std::uint8_t> header, std::size_t at) noexcept {
    std::int64_t out = 0;
    for (std::size_t i = 0; i < 4; ++i) out = out << 8 | header[at + i];
    return out;
}

// A store without a mark has the first one.
Mark mark_at(Run &run) {
    if (!run.row()) return {};
    const std::string_view blob = run.blob_at(0);
    if (blob.size() != kMarkSize) throw Error(SQLITE_CORRUPT, "the mark of the log is malformed");
    return {number_at(blob, 0),
            {number_at(blob, 8), number_at(blob, 16)},
            number_at(blob, 24),
            number_at(blob, 32),
            number_at(blob, 40)};
}

void put_mark(Statement &statement, const Mark &mark) {
    std::array<std::uint8_t, kMarkSize> blob{};
    const std::span<std::uint8_t, kMarkSize> bytes(blob);
    write_number(mark.epoch, bytes.subspan<0, 8>());
    write_number(mark.bases[0], bytes.subspan<8, 8>());
    write_number(mark.bases[1], bytes.subspan<16, 8>());
    write_number(mark.file, bytes.subspan<24, 8>());
    write_number(mark.log, bytes.subspan<32, 8>());
    write_number(mark.schema, bytes.subspan<40, 8>());
    Run(statement).blob(std::span<const std::uint8_t>(blob)).done();
}

const char *text_of(Change change) noexcept {
    switch (change) {
        case Change::kReplaced:
            return "the file was moved, replaced or removed while it was in use; it is opened anew";
        case Change::kLogLost:
            return "its log was deleted while it was in use; what the log held is copied into the file, then all is "
                   "opened "
                   "anew; let nothing delete the -wal and -shm files of a store";
        case Change::kLogReplaced:
            return "its log was replaced while it was in use; what the former log held may be lost: compare with a "
                   "backup; "
                   "let nothing touch the -wal and -shm files of a store";
        case Change::kIndexLost:
            return "the index of its log was deleted, replaced or cut short while it was in use; all is opened anew; "
                   "let nothing "
                   "delete the -wal and -shm files of a store";
        case Change::kContent:
            return "the file was overwritten while it was in use; it is opened anew; to bring a backup back use "
                   "\"appctl "
                   "restore\"";
        case Change::kCut:
            return "the file was emptied or cut short while it was in use; copy it and its -wal and -shm files away, "
                   "then "
                   "restore a backup";
        case Change::kLogCut:
            return "its log was emptied or cut short while it was in use; what the log held is lost: compare with a "
                   "backup; let nothing touch the -wal and -shm files of a store";
        case Change::kDamaged:
            return "the file is damaged; nothing is taken from it or written to it until it is another one: copy it "
                   "and "
                   "its -wal and -shm files away, then restore a backup";
        case Change::kUnusable:
        case Change::kNone:
            break;
    }
    return "the file cannot be used; it is opened anew";
}

// A connection that sees the file as if it had no log, and cannot change anything.
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
    // 0 where there is no table for it yet: all that was written is in the log.
    [[nodiscard]] std::uint64_t epoch() const {
        if (integer(kRoot) == 0) return 0;
        Statement statement(db_.get(), kSelect);
        Run run(statement);
        return mark_at(run).epoch;
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
    sqlite3_file *file = nullptr;
    if (sqlite3_file_control(connection.raw(), "main", SQLITE_FCNTL_FILE_POINTER, &file) != SQLITE_OK ||
        file->pMethods == nullptr) {
        throw Error(SQLITE_IOERR, "the file is not open");
    }
    return file;
}

void wait_for_the_next_look() noexcept {
    const timespec time{0, kBetweenLooks};
    nanosleep(&time, nullptr);
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

// A number of SQLite's variable length; 0 and the end where there is none.
std::uint64_t take_varint(std::span<const std::uint8_t> &bytes) noexcept {
    std::uint64_t out = 0;
    for (int i = 0; i < 8 && !bytes.empty(); ++i) {
        const std::uint8_t byte = bytes.front();
        bytes = bytes.subspan(1);
        out = out << 7 | (byte & 0x7f);
        if ((byte & 0x80) == 0) return out;
    }
    bytes = {};
    return 0;
}

// The epoch of the mark on the only page of `meta`, 0 where it has no mark; nullopt: it is no such page. While a
// checkpoint makes the file longer, and when it did not come to its end, SQLite takes the file for damaged, so it
// cannot be asked.
std::optional<std::uint64_t> epoch_on(std::span<const std::uint8_t> page) {
    constexpr std::uint64_t kText = 13 + 2 * kName.size();
    constexpr std::uint64_t kBlob = 12 + 2 * kMarkSize;
    if (page.size() < kCellPointers || page[0] != kLeaf) return std::nullopt;
    const std::size_t cells = std::size_t{page[kCells]} << 8 | page[kCells + 1];
    if (kCellPointers + 2 * cells > page.size()) return std::nullopt;
    for (std::size_t i = 0; i < cells; ++i) {
        const std::size_t pointer = kCellPointers + 2 * i;
        const std::size_t at = std::size_t{page[pointer]} << 8 | page[pointer + 1];
        if (at >= page.size()) return std::nullopt;
        std::span<const std::uint8_t> cell = page.subspan(at);
        take_varint(cell);  // the record's size
        const std::size_t before = cell.size();
        const std::uint64_t header_size = take_varint(cell);
        const std::uint64_t name_type = take_varint(cell);
        const std::uint64_t value_type = take_varint(cell);
        if (name_type != kText || value_type != kBlob || before - cell.size() != header_size ||
            cell.size() < kName.size() + kMarkSize) {
            continue;
        }
        const std::string_view record(reinterpret_cast<const char *>(cell.data()), kName.size() + kMarkSize);
        if (record.starts_with(kName)) return number_at(record, kName.size());
    }
    return 0;
}

// Of the file, or of what is seen through a log that is another file's.
bool may_be_damage(const Error &error) noexcept {
    return error.primary() == SQLITE_CORRUPT || error.primary() == SQLITE_NOTADB || error.primary() == SQLITE_ERROR;
}

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
        wait_for_the_next_look();
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

Mark read_mark(const Connection &connection) {
    Statement statement = connection.prepare(kSelect);
    Run run(statement);
    return mark_at(run);
}

void write_mark(const Connection &connection, const Mark &mark) {
    Statement statement = connection.prepare(kReplace);
    put_mark(statement, mark);
}

Mark make_mark(std::uint64_t base, std::uint64_t other_base) {
    Mark mark;
    mark.bases = {base, other_base};
    while (mark.epoch == 0) random_bytes(&mark.epoch, sizeof(mark.epoch));
    return mark;
}

std::optional<FileAlone> read_file_alone(const Connection &connection, const std::string &real_path) {
    try {
        std::vector<std::uint8_t> page;
        std::array<std::uint8_t, kSchemaInHeader + 4> header{};
        const std::int64_t root = connection.query_integer(kRoot);
        const std::int64_t page_size = connection.query_integer("PRAGMA page_size");
        if (root > 0 && read_page(connection, root, page_size, page) && read_header(connection, header)) {
            if (const auto epoch = epoch_on(page)) {
                return FileAlone{*epoch, static_cast<std::uint64_t>(number_in(header, kSchemaInHeader))};
            }
        }
    } catch (const Error &error) {
        if (!may_be_damage(error)) throw;
    }
    return look_at_file<FileAlone>(real_path, [&](const LoneFile &file) {
        return FileAlone{file.epoch(), static_cast<std::uint64_t>(file.integer(kSchema))};
    });
}

Lineage::Lineage(const Connection &connection, std::string path, std::string real_path)
    : connection_(connection),
      path_(std::move(path)),
      real_path_(std::move(real_path)),
      select_(connection.prepare(kSelect)),
      update_(connection.prepare(kReplace)),
      schema_(connection.prepare(kSchema)),
      page_size_(connection.query_integer("PRAGMA page_size")) {}

void Lineage::verify() {
    mark_ = [this] {
        Run run(select_);
        return mark_at(run);
    }();
    // SQLite has made the log by now.
    if (log_ == 0) {
        file_ = fingerprint_of(real_path_);
        log_ = fingerprint_of(real_path_ + "-wal");
    }
    // Nobody can checkpoint beyond what this transaction sees, so the two belong to one moment.
    const std::optional<std::uint64_t> epoch = epoch_of_page();
    if ((!epoch || !mark_.covers(*epoch)) && !mark_.covers(epoch_of_file())) {
        throw FileChanged(Change::kContent, path_);
    }
    check_header();
    check_size();
    const std::optional<std::uint32_t> frames = frames_of_whole_log(connection_);
    if (!frames) throw FileChanged(Change::kLogCut, path_);
    frames_ = *frames;
}

void Lineage::extend() {
    Mark mark = epoch_ == mark_.epoch ? make_mark(epoch_, epoch_) : mark_;
    mark.file = file_;
    mark.log = log_;
    Run run(schema_);
    mark.schema = run.row() ? static_cast<std::uint64_t>(run.integer_at(0)) : 0;
    if (mark != mark_) put_mark(update_, mark);
}

void Lineage::confirm() {
    if (!frames_of_whole_log(connection_, frames_)) throw FileChanged(Change::kLogCut, path_);
    if (root_ != 0 && read_page(connection_, root_, page_size_, now_) && now_ == page_) return check_size();
    const Transaction transaction(connection_, Transaction::Kind::kRead);
    verify();
}

// nullopt: the page does not tell.
std::optional<std::uint64_t> Lineage::epoch_of_page() {
    if (root_ == 0) root_ = connection_.query_integer(kRoot);
    if (root_ == 0 || !read_page(connection_, root_, page_size_, now_)) return std::nullopt;
    if (now_ == page_) return epoch_;
    const std::optional<std::uint64_t> epoch = epoch_on(now_);
    if (!epoch) return std::nullopt;
    page_ = now_;
    return epoch_ = *epoch;
}

// A VACUUM that is in the log alone has moved the page. Throws FileChanged where there is nothing to be seen.
std::uint64_t Lineage::epoch_of_file() {
    const auto found = look_at_file<std::uint64_t>(real_path_, [this](const LoneFile &file) {
        root_ = file.integer(kRoot);
        return file.epoch();
    });
    if (!found) throw FileChanged(Change::kCut, path_);
    page_.clear();
    return epoch_ = *found;
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
    if (number_in(header, kChangesInHeader) < number_in(header_, kChangesInHeader) ||
        number_in(header, kSchemaInHeader) > schema) {
        throw FileChanged(Change::kContent, path_);
    }
    header_ = header;
}

// A file gets smaller only at the end of a checkpoint after a VACUUM, which says in its header how many pages are left.
void Lineage::check_size() {
    sqlite3_file *file = file_of(connection_);
    for (int look = 0; look < kLooks; ++look) {
        if (look > 0) wait_for_the_next_look();
        sqlite3_int64 size = 0;
        if (const int result = file->pMethods->xFileSize(file, &size); result != SQLITE_OK) {
            throw Error(result, sqlite3_errstr(result));
        }
        if (size < size_) {
            std::array<std::uint8_t, kPagesInHeader + 4> header{};
            if (!read_header(connection_, header)) continue;
            const std::int64_t pages = number_in(header, kPagesInHeader);
            if (pages * page_size_ > size) continue;
        }
        size_ = size;
        return;
    }
    throw FileChanged(Change::kCut, path_);
}

}  // namespace appcreate::sqlite
