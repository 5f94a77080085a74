#include "sqlite/file/wal_buffer.h"

#include <sqlite3.h>

#include <array>
#include <cstddef>
#include <cstring>
#include <memory>
#include <new>
#include <utility>

#include "sqlite/file/statement.h"

namespace appcreate::sqlite {
namespace {

constexpr char kName[] = "app_create";

// 30 pages with their headers. SQLite's own VFS writes 128 KiB at most by one call.
constexpr std::size_t kBuffer = 30 * (4096 + 24);

struct Buffer {
    std::size_t size = 0;
    sqlite3_int64 offset = 0;  // of its start, in the file
    std::array<char, kBuffer> bytes;
};

// What SQLite allocates for a file: this, and the real file behind it.
struct WalFile {
    sqlite3_file base;
    std::unique_ptr<Buffer> buffer;
};
constexpr std::size_t kWalFileSize = (sizeof(WalFile) + 15) / 16 * 16;

WalFile &wal_of(sqlite3_file *file) noexcept { return *reinterpret_cast<WalFile *>(file); }

sqlite3_file *real_of(sqlite3_file *file) noexcept {
    return reinterpret_cast<sqlite3_file *>(reinterpret_cast<char *>(file) + kWalFileSize);
}

const sqlite3_io_methods &methods_of(sqlite3_file *real) noexcept { return *real->pMethods; }

// What could not be written is not kept: the transaction that wrote it fails.
int flush(sqlite3_file *file) noexcept {
    Buffer &buffer = *wal_of(file).buffer;
    if (buffer.size == 0) return SQLITE_OK;
    const auto size = static_cast<int>(buffer.size);
    buffer.size = 0;
    sqlite3_file *real = real_of(file);
    return methods_of(real).xWrite(real, buffer.bytes.data(), size, buffer.offset);
}

// What a rolled back transaction left is not worth writing.
int on_close(sqlite3_file *file) noexcept {
    sqlite3_file *real = real_of(file);
    const int result = methods_of(real).xClose(real);
    std::destroy_at(&wal_of(file));
    return result;
}

int on_write(sqlite3_file *file, const void *bytes, int size, sqlite3_int64 offset) noexcept {
    Buffer &buffer = *wal_of(file).buffer;
    const auto n = static_cast<std::size_t>(size);
    const bool follows = offset == buffer.offset + static_cast<sqlite3_int64>(buffer.size);
    if (!follows || n > kBuffer - buffer.size) {
        if (const int result = flush(file); result != SQLITE_OK) return result;
        buffer.offset = offset;
    }
    if (n > kBuffer) return methods_of(real_of(file)).xWrite(real_of(file), bytes, size, offset);
    std::memcpy(buffer.bytes.data() + buffer.size, bytes, n);
    buffer.size += n;
    return SQLITE_OK;
}

// The others see, or change, the file as it should be by now.
template <auto method, class... Arguments>
int after_flush(sqlite3_file *file, Arguments... arguments) noexcept {
    if (const int result = flush(file); result != SQLITE_OK) return result;
    sqlite3_file *real = real_of(file);
    return (methods_of(real).*method)(real, arguments...);
}

template <auto method, class... Arguments>
int pass_on(sqlite3_file *file, Arguments... arguments) noexcept {
    sqlite3_file *real = real_of(file);
    return (methods_of(real).*method)(real, arguments...);
}

// Version 1: the WAL has no shared memory and is not mapped.
constexpr sqlite3_io_methods kMethods = {
    .iVersion = 1,
    .xClose = on_close,
    .xRead = after_flush<&sqlite3_io_methods::xRead>,
    .xWrite = on_write,
    .xTruncate = after_flush<&sqlite3_io_methods::xTruncate>,
    .xSync = after_flush<&sqlite3_io_methods::xSync>,
    .xFileSize = after_flush<&sqlite3_io_methods::xFileSize>,
    .xLock = pass_on<&sqlite3_io_methods::xLock>,
    .xUnlock = pass_on<&sqlite3_io_methods::xUnlock>,
    .xCheckReservedLock = pass_on<&sqlite3_io_methods::xCheckReservedLock>,
    .xFileControl = pass_on<&sqlite3_io_methods::xFileControl>,
    .xSectorSize = pass_on<&sqlite3_io_methods::xSectorSize>,
    .xDeviceCharacteristics = pass_on<&sqlite3_io_methods::xDeviceCharacteristics>,
    .xShmMap = nullptr,
    .xShmLock = nullptr,
    .xShmBarrier = nullptr,
    .xShmUnmap = nullptr,
    .xFetch = nullptr,
    .xUnfetch = nullptr,
};

sqlite3_vfs *default_vfs = nullptr;

int on_open(sqlite3_vfs *, const char *name, sqlite3_file *file, int flags, int *out_flags) noexcept {
    if ((flags & SQLITE_OPEN_WAL) == 0) return default_vfs->xOpen(default_vfs, name, file, flags, out_flags);
    file->pMethods = nullptr;  // not to be closed until it is open
    std::unique_ptr<Buffer> buffer;
    try {
        buffer = std::make_unique_for_overwrite<Buffer>();
    } catch (const std::bad_alloc &) {
        return SQLITE_NOMEM;
    }
    sqlite3_file *real = real_of(file);
    const int result = default_vfs->xOpen(default_vfs, name, real, flags, out_flags);
    if (result != SQLITE_OK) {
        if (real->pMethods != nullptr) methods_of(real).xClose(real);
        return result;
    }
    std::construct_at(reinterpret_cast<WalFile *>(file), WalFile{{&kMethods}, std::move(buffer)});
    return SQLITE_OK;
}

// Everything else is the default VFS's, whose functions find what they need in the copy.
sqlite3_vfs *make_vfs() {
    default_vfs = sqlite3_vfs_find(nullptr);
    if (default_vfs == nullptr) throw Error(SQLITE_ERROR, "SQLite has no VFS");
    // SQLite keeps it until the process ends.
    auto own = std::make_unique<sqlite3_vfs>(*default_vfs);
    own->pNext = nullptr;
    own->zName = kName;
    own->szOsFile = default_vfs->szOsFile + static_cast<int>(kWalFileSize);
    own->xOpen = on_open;
    if (const int result = sqlite3_vfs_register(own.get(), 0); result != SQLITE_OK) {
        throw Error(result, sqlite3_errstr(result));
    }
    return own.release();
}

}  // namespace

const char *wal_buffer_vfs() {
    static const sqlite3_vfs *const vfs = make_vfs();
    return vfs->zName;
}

}  // namespace appcreate::sqlite
