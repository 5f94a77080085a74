#include "sqlite/file/mark.h"

#include <chrono>
#include <string_view>
#include <thread>

#include "base/digest.h"
#include "sqlite/file/big_endian.h"
#include "sqlite/file/wal_check.h"

namespace appcreate::sqlite {
namespace {

constexpr std::size_t kNumbers = 9;
constexpr std::size_t kMarkSize = kNumbers * 8;
// Of a program that knew no serials: all of its are 0.
constexpr std::size_t kFormerMarkSize = 6 * 8;

// fileformat2.html: the first byte of a page of a table without rowid that has no page below it, and what follows.
constexpr std::uint8_t kLeaf = 0x0a;
constexpr std::size_t kCells = 3, kCellPointers = 8;
constexpr std::string_view kName = "log_mark";
constexpr std::size_t kSchemaInHeader = 40;

// The WAL may be written, or begin again, at the moment it is read.
constexpr int kLooks = 20;
constexpr std::chrono::milliseconds kBetweenLooks{1};

// Not of any byte order: a store may be copied to another machine.
std::uint64_t number_at(std::string_view bytes, std::size_t number) noexcept {
    std::uint64_t out = 0;
    if (8 * number + 8 > bytes.size()) return out;
    for (std::size_t i = 0; i < 8; ++i) out = out << 8 | static_cast<std::uint8_t>(bytes[8 * number + i]);
    return out;
}

bool is_mark(std::size_t size) noexcept { return size == kMarkSize || size == kFormerMarkSize; }

Mark mark_in(std::string_view blob) noexcept {
    Mark mark;
    mark.own = {number_at(blob, 0), number_at(blob, 6)};
    mark.base = {number_at(blob, 1), number_at(blob, 7)};
    mark.passed = {number_at(blob, 2), number_at(blob, 8)};
    mark.file = number_at(blob, 3);
    mark.wal = number_at(blob, 4);
    mark.schema = number_at(blob, 5);
    return mark;
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

// The mark of a record, if it is one.
std::optional<Mark> mark_of_cell(std::span<const std::uint8_t> cell) noexcept {
    constexpr std::uint64_t kText = 13 + 2 * kName.size();
    constexpr std::uint64_t kBlob = 12;
    take_varint(cell);  // the record's size
    const std::size_t before = cell.size();
    const std::uint64_t header_size = take_varint(cell);
    const std::uint64_t name_type = take_varint(cell);
    const std::uint64_t value_type = take_varint(cell);
    if (name_type != kText || value_type < kBlob || value_type % 2 != 0 || before - cell.size() != header_size) {
        return std::nullopt;
    }
    const std::uint64_t size = (value_type - kBlob) / 2;
    if (!is_mark(size) || cell.size() < kName.size() + size) return std::nullopt;
    const std::string_view record(reinterpret_cast<const char *>(cell.data()), kName.size() + size);
    if (!record.starts_with(kName)) return std::nullopt;
    return mark_in(record.substr(kName.size()));
}

}  // namespace

Mark mark_of(Statement &select) {
    Run run(select);
    if (!run.row()) return {};
    const std::string_view blob = run.blob_at(0);
    if (!is_mark(blob.size())) throw Error(SQLITE_CORRUPT, "the mark of the log is malformed");
    return mark_in(blob);
}

void put_mark(Statement &replace, const Mark &mark) {
    const std::array<std::uint64_t, kNumbers> numbers = {mark.own.epoch,  mark.base.epoch,  mark.passed.epoch,
                                                         mark.file,       mark.wal,         mark.schema,
                                                         mark.own.serial, mark.base.serial, mark.passed.serial};
    std::array<std::uint8_t, kMarkSize> blob{};
    for (std::size_t i = 0; i < blob.size(); ++i) {
        blob[i] = static_cast<std::uint8_t>(numbers[i / 8] >> (56 - 8 * (i % 8)));
    }
    Run(replace).blob(std::span<const std::uint8_t>(blob)).done();
}

Mark read_mark(const Connection &connection) {
    Statement statement = connection.prepare(kSelectMark);
    return mark_of(statement);
}

void write_mark(const Connection &connection, const Mark &mark) {
    Statement statement = connection.prepare(kReplaceMark);
    put_mark(statement, mark);
}

Mark make_mark(const Position &base, const Position &passed) {
    Mark mark;
    mark.base = base;
    mark.passed = passed;
    while (mark.own.epoch == 0) random_bytes(&mark.own.epoch, sizeof(mark.own.epoch));
    return mark;
}

// While a checkpoint makes the file longer, and when it did not come to its end, SQLite takes the file for damaged, so
// it cannot be asked.
std::optional<Mark> mark_on(std::span<const std::uint8_t> page) noexcept {
    if (page.size() < kCellPointers || page[0] != kLeaf) return std::nullopt;
    const std::size_t cells = big_endian(page, kCells, 2);
    if (kCellPointers + 2 * cells > page.size()) return std::nullopt;
    for (std::size_t i = 0; i < cells; ++i) {
        const std::size_t at = big_endian(page, kCellPointers + 2 * i, 2);
        if (at >= page.size()) return std::nullopt;
        if (const auto mark = mark_of_cell(page.subspan(at))) return mark;
    }
    return Mark();
}

std::optional<WalSays> read_wal(const Connection &connection, bool all) {
    for (int look = 0; look < kLooks; ++look) {
        WalSays says;
        const auto see = [&](std::uint32_t number, std::span<const std::uint8_t> page) {
            if (says.mark.own.epoch == 0) {
                if (const auto mark = mark_on(page)) says.mark = *mark;
            }
            if (number == 1 && !says.schema) says.schema = big_endian(page, kSchemaInHeader);
            return says.mark.own.epoch != 0 && (says.schema || !all);
        };
        if (read_frames_back(connection, see)) return says;
        std::this_thread::sleep_for(kBetweenLooks);
    }
    return std::nullopt;
}

}  // namespace appcreate::sqlite
