#include "sqlite/log_check.h"

#include <time.h>

#include <array>
#include <cstddef>
#include <cstring>

namespace appcreate::sqlite {
namespace {

// walformat.html. The index begins with two copies of its header; who reads them takes them when they are equal.
constexpr std::size_t kCopy = 48;
constexpr std::size_t kPageSize = 14, kFrames = 16, kSalts = 32;
constexpr sqlite3_int64 kLogHeader = 32, kLogSalts = 16;
constexpr sqlite3_int64 kFrameHeader = 24, kFrameSalts = 8;
constexpr int kRegion = 32768;

// Somebody may commit, or restart the log, at the moment it is looked at.
constexpr int kLooks = 20;
constexpr std::int64_t kBetweenLooks = 1'000'000;  // ns

using Salts = std::array<unsigned char, 8>;

struct Index {
    std::uint32_t frames = 0;
    sqlite3_int64 page_size = 0;
    Salts salts{};
};

sqlite3_file *file_of(const Connection &connection, int which) {
    sqlite3_file *file = nullptr;
    if (sqlite3_file_control(connection.raw(), "main", which, &file) != SQLITE_OK || file == nullptr ||
        file->pMethods == nullptr) {
        return nullptr;
    }
    return file;
}

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

bool has_salts(sqlite3_file *log, sqlite3_int64 offset, const Salts &salts) {
    Salts found{};
    return log->pMethods->xRead(log, found.data(), static_cast<int>(found.size()), offset) == SQLITE_OK &&
           found == salts;
}

}  // namespace

std::optional<std::uint32_t> frames_of_whole_log(const Connection &connection, std::uint32_t also) {
    for (int look = 0; look < kLooks; ++look) {
        if (look > 0) {
            const timespec time{0, kBetweenLooks};
            nanosleep(&time, nullptr);
        }
        sqlite3_file *file = file_of(connection, SQLITE_FCNTL_FILE_POINTER);
        sqlite3_file *log = file_of(connection, SQLITE_FCNTL_JOURNAL_POINTER);
        // A file without a log, where none can be made.
        if (log == nullptr && sqlite3_db_readonly(connection.raw(), "main") == 1) return 0;
        void volatile *shared = nullptr;
        if (file == nullptr || log == nullptr || file->pMethods->iVersion < 2 ||
            file->pMethods->xShmMap(file, 0, kRegion, 0, &shared) != SQLITE_OK || shared == nullptr) {
            throw Error(SQLITE_IOERR, "the log of the database is not open");
        }
        // Between other processes' writes and this.
        file->pMethods->xShmBarrier(file);
        const std::optional<Index> index = read_index(static_cast<const volatile unsigned char *>(shared));
        if (!index) continue;
        if (index->frames == 0) return 0;
        const auto offset = [&](std::uint32_t frame) {
            return kLogHeader + sqlite3_int64{frame - 1} * (index->page_size + kFrameHeader);
        };
        const bool is_also_there =
            also == 0 || also > index->frames || has_salts(log, offset(also) + kFrameSalts, index->salts);
        if (is_also_there && has_salts(log, kLogSalts, index->salts) &&
            has_salts(log, offset(index->frames) + kFrameSalts, index->salts)) {
            return index->frames;
        }
    }
    return std::nullopt;
}

}  // namespace appcreate::sqlite
