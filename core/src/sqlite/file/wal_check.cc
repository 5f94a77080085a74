#include "sqlite/file/wal_check.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <thread>
#include <vector>

#include "sqlite/file/big_endian.h"

namespace appcreate::sqlite {
namespace {

// walformat.html. The index begins with two copies of its header; who reads them takes them when they are equal.
constexpr std::size_t kCopy = 48;
constexpr std::size_t kPageSize = 14, kFrames = 16, kSalts = 32;
constexpr sqlite3_int64 kWalHeader = 32, kWalSalts = 16;
constexpr sqlite3_int64 kFrameHeader = 24, kFrameSalts = 8;
constexpr int kRegion = 32768;

// Somebody may commit, or restart the WAL, at the moment it is looked at.
constexpr int kLooks = 20;
constexpr std::chrono::milliseconds kBetweenLooks{1};

using Salts = std::array<unsigned char, 8>;

struct Index {
    std::uint32_t frames = 0;
    sqlite3_int64 page_size = 0;
    Salts salts{};
};

// nullopt: it is being written.
std::optional<Index> read_index(const volatile unsigned char *shared) {
    std::array<unsigned char, 2 * kCopy> bytes{};
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = shared[i];
    if (std::memcmp(bytes.data(), bytes.data() + kCopy, kCopy) != 0) return std::nullopt;
    Index index;
    std::uint16_t page_size = 0;
    std::memcpy(&page_size, bytes.data() + kPageSize, sizeof(page_size));
    // 65,536 is written as 1.
    index.page_size = (page_size & 0xfe00) + ((page_size & 1) << 16);
    std::memcpy(&index.frames, bytes.data() + kFrames, sizeof(index.frames));
    std::memcpy(index.salts.data(), bytes.data() + kSalts, index.salts.size());
    return index;
}

sqlite3_int64 offset_of(std::uint32_t frame, const Index &index) noexcept {
    return kWalHeader + sqlite3_int64{frame - 1} * (index.page_size + kFrameHeader);
}

bool has_salts(sqlite3_file *wal, sqlite3_int64 offset, const Salts &salts) {
    Salts found{};
    return wal->pMethods->xRead(wal, found.data(), static_cast<int>(found.size()), offset) == SQLITE_OK &&
           found == salts;
}

// nullopt: it is being written. Throws Error.
std::optional<Index> index_of(const Connection &connection) {
    sqlite3_file *file = connection.file(SQLITE_FCNTL_FILE_POINTER);
    void volatile *shared = nullptr;
    if (file == nullptr || file->pMethods->iVersion < 2 ||
        file->pMethods->xShmMap(file, 0, kRegion, 0, &shared) != SQLITE_OK || shared == nullptr) {
        throw Error(SQLITE_IOERR, "the log of the database is not open");
    }
    // Between other processes' writes and this.
    file->pMethods->xShmBarrier(file);
    return read_index(static_cast<const volatile unsigned char *>(shared));
}

sqlite3_file *wal_of(const Connection &connection) {
    sqlite3_file *wal = connection.file(SQLITE_FCNTL_JOURNAL_POINTER);
    if (wal == nullptr) throw Error(SQLITE_IOERR, "the log of the database is not open");
    return wal;
}

}  // namespace

std::optional<std::uint32_t> frames_of_whole_wal(const Connection &connection, std::uint32_t also) {
    // A file without a WAL, where none can be made.
    if (connection.file(SQLITE_FCNTL_JOURNAL_POINTER) == nullptr &&
        sqlite3_db_readonly(connection.raw(), "main") == 1) {
        return 0;
    }
    for (int look = 0; look < kLooks; ++look) {
        if (look > 0) std::this_thread::sleep_for(kBetweenLooks);
        sqlite3_file *wal = wal_of(connection);
        const std::optional<Index> index = index_of(connection);
        if (!index) continue;
        if (index->frames == 0) return 0;
        const bool is_also_there =
            also == 0 || also > index->frames || has_salts(wal, offset_of(also, *index) + kFrameSalts, index->salts);
        if (is_also_there && has_salts(wal, kWalSalts, index->salts) &&
            has_salts(wal, offset_of(index->frames, *index) + kFrameSalts, index->salts)) {
            return index->frames;
        }
    }
    return std::nullopt;
}

bool read_frames_back(const Connection &connection,
                      const std::function<bool(std::uint32_t number, std::span<const std::uint8_t> page)> &see) {
    // First: without a WAL that SQLite has opened nobody would let go of the index's memory.
    sqlite3_file *wal = wal_of(connection);
    const std::optional<Index> index = index_of(connection);
    if (!index) return false;
    std::vector<std::uint8_t> frame(static_cast<std::size_t>(kFrameHeader + index->page_size));
    for (std::uint32_t i = index->frames; i > 0; --i) {
        const int result =
            wal->pMethods->xRead(wal, frame.data(), static_cast<int>(frame.size()), offset_of(i, *index));
        const auto salts = std::span<const std::uint8_t>(frame).subspan(kFrameSalts, index->salts.size());
        if (result != SQLITE_OK || !std::ranges::equal(salts, index->salts)) return false;
        if (see(big_endian(frame, 0), std::span<const std::uint8_t>(frame).subspan(kFrameHeader))) return true;
    }
    return true;
}

}  // namespace appcreate::sqlite
