#include "sqlite/file/open_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <map>
#include <system_error>
#include <thread>
#include <utility>

#include "base/mutex.h"
#include "sqlite/file/descriptor.h"
#include "sqlite/file/failure.h"
#include "sqlite/file/new_file.h"

namespace appcreate::sqlite {
namespace {

// Where SQLite's unix VFS locks (os_unix.c, wal.c; the same on every system, since processes of any version share
// them).
constexpr off_t kPendingByte = 0x40000000;
constexpr off_t kLockBytes = 2 + 510;  // pending, reserved, shared
constexpr off_t kIndexInUse = 128;     // read-locked for as long as the index is mapped

// walformat.html: the header of the index and of the WAL.
constexpr std::size_t kIndexFrames = 16, kIndexSalts = 32, kIndexHeader = 48;
constexpr std::size_t kWalSalts = 16, kWalHeader = 32;
constexpr std::size_t kSaltBytes = 8;
// The index comes in parts, the first of which has room for fewer frames.
constexpr std::int64_t kIndexPart = 32768;
constexpr std::int64_t kFramesOfPart = 4096, kFramesOfFirst = 4062;

constexpr std::chrono::milliseconds kPoll{5};

// What this process has open, by the database's id. A file that is in here is opened by nothing but SQLite: closing it
// would drop the locks of all of SQLite's connections to it.
struct Entry {
    int stores = 0;
    FileId wal, index;  // zero until known
};

struct OpenFiles {
    Mutex mutex;
    std::map<FileId, Entry> by_database GUARDED_BY(mutex);
};

OpenFiles &open_files() {
    static OpenFiles files;
    return files;
}

bool is_locked_by_another(int fd, off_t start, off_t bytes) noexcept {
    struct flock lock {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    lock.l_start = start;
    lock.l_len = bytes;
    return ::fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

// Does anybody have the index mapped?
bool is_index_in_use(const OpenFiles &files, const std::string &path) REQUIRES(files.mutex) {
    const FileId id = id_of(path);
    if (!id.exists()) return false;
    for (const auto &[database, entry] : files.by_database) {
        if (entry.index == id) return true;
    }
    const Descriptor index(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    return index.get() >= 0 && is_locked_by_another(index.get(), kIndexInUse, 1);
}

// Is the WAL under the name the one that the index speaks of?
bool is_wal_of_index(const std::string &wal_path, const std::string &index_path) {
    std::array<char, kIndexHeader> index{};
    std::array<char, kWalHeader> wal{};
    const Descriptor index_file(::open(index_path.c_str(), O_RDONLY | O_CLOEXEC));
    const Descriptor wal_file(::open(wal_path.c_str(), O_RDONLY | O_CLOEXEC));
    // Who may not read them learns nothing here; opening will say so.
    if (index_file.get() < 0 || wal_file.get() < 0) return errno == EACCES;
    if (::pread(index_file.get(), index.data(), index.size(), 0) != ssize_t{kIndexHeader}) return false;
    std::uint32_t frames = 0;
    std::memcpy(&frames, index.data() + kIndexFrames, sizeof(frames));
    // Who maps an index that was cut makes it longer, and finds nothing where something was.
    const std::int64_t parts = (frames + (kFramesOfPart - kFramesOfFirst) + kFramesOfPart - 1) / kFramesOfPart;
    if (size_of(index_path) < std::max<std::int64_t>(parts, 1) * kIndexPart) return false;
    if (frames == 0) return true;
    if (::pread(wal_file.get(), wal.data(), wal.size(), 0) != ssize_t{kWalHeader}) return false;
    return std::memcmp(index.data() + kIndexSalts, wal.data() + kWalSalts, kSaltBytes) == 0;
}

// nullptr: it can be opened now.
const char *obstacle(const OpenFiles &files, const std::string &real, const FileId &database) REQUIRES(files.mutex) {
    const std::string wal = real + "-wal";
    const std::string index = real + "-shm";
    if (const auto own = files.by_database.find(database); own != files.by_database.end()) {
        const Entry &entry = own->second;
        if (!entry.index.exists()) return nullptr;  // being opened at this moment
        if (id_of(wal) == entry.wal && id_of(index) == entry.index) return nullptr;
        return "its log or its index was deleted or replaced while the file is in use";
    }
    const bool is_index_used = is_index_in_use(files, index);
    bool is_file_used = false;
    {
        const Descriptor file(::open(real.c_str(), O_RDONLY | O_CLOEXEC));
        is_file_used = file.get() >= 0 && is_locked_by_another(file.get(), kPendingByte, kLockBytes);
    }
    if (!is_file_used) {
        return is_index_used ? "its log and index are in use by a program that has the file open which was here before"
                             : nullptr;
    }
    if (!is_index_used) return "the index of its log was deleted or replaced while the file is in use";
    return is_wal_of_index(wal, index)
               ? nullptr
               : "its log or the index of it was deleted, replaced or cut short while the file is in use";
}

// Nobody but us for as long as it lives.
class ExclusiveLock {
  public:
    explicit ExclusiveLock(int fd) noexcept {
        struct flock lock {};
        lock.l_type = F_WRLCK;
        lock.l_whence = SEEK_SET;
        lock.l_start = kPendingByte;
        lock.l_len = kLockBytes;
        held_ = ::fcntl(fd, F_SETLK, &lock) == 0;
    }
    [[nodiscard]] bool held() const noexcept { return held_; }

  private:
    bool held_ = false;
};

}  // namespace

OpenFile::OpenFile(std::string path, Deadline deadline, bool was_opened) : path_(std::move(path)) {
    OpenFiles &files = open_files();
    for (;;) {
        real_ = real_path_of(path_);
        const FileStamp stamp = stamp_of(real_);
        if (!stamp.id.exists()) {
            if (was_opened || size_of(real_ + "-wal") > 0) throw gone(path_);
            return;
        }
        if (stamp.size == 0) throw emptied(path_, was_opened || size_of(real_ + "-wal") > 0);
        const char *why = nullptr;
        {
            const MutexLock lock(files.mutex);
            why = obstacle(files, real_, stamp.id);
            if (why == nullptr) {
                ++files.by_database[stamp.id].stores;
                database_ = stamp.id;
                return;
            }
        }
        if (monotonic_ns() >= deadline) {
            throw Failure(
                AC_EUNAVAILABLE,
                about(path_, std::string(why) + "; it is opened when those who use it have closed it (\"fuser -v " +
                                 real_ + "*\" shows them)"));
        }
        std::this_thread::sleep_for(kPoll);
    }
}

void OpenFile::opened(const FileIdentity &files) {
    const MutexLock lock(open_files().mutex);
    const auto own = open_files().by_database.find(database_);
    if (own == open_files().by_database.end()) return;
    own->second.wal = files.wal();
    own->second.index = files.index();
}

OpenFile::~OpenFile() {
    if (!database_.exists()) return;
    const MutexLock lock(open_files().mutex);
    const auto own = open_files().by_database.find(database_);
    if (own != open_files().by_database.end() && --own->second.stores == 0) open_files().by_database.erase(own);
}

std::string OpenFile::set_wal_aside(const FileId &wal, Deadline deadline) {
    std::string aside;
    for (;;) {
        switch (try_set_wal_aside(wal, aside)) {
            case Aside::kDone:
                return aside;
            case Aside::kAnother:
                return {};
            case Aside::kInUse:
                break;
        }
        if (monotonic_ns() >= deadline) {
            throw Failure(AC_EUNAVAILABLE, about(path_,
                                                 "the log beside it belongs to another file and is in use; it is "
                                                 "moved away when nobody uses it"));
        }
        std::this_thread::sleep_for(kPoll);
    }
}

OpenFile::Aside OpenFile::try_set_wal_aside(const FileId &wal_id, std::string &aside) {
    const std::string wal = real_ + "-wal";
    OpenFiles &files = open_files();
    const MutexLock lock(files.mutex);
    if (files.by_database[database_].stores > 1 || is_index_in_use(files, real_ + "-shm")) return Aside::kInUse;
    const Descriptor file(::open(real_.c_str(), O_RDWR | O_CLOEXEC));
    const ExclusiveLock only(file.get());
    if (!only.held()) return Aside::kInUse;
    // Who waited too may have been faster, and made a WAL of its own.
    if (id_of(wal) != wal_id) return Aside::kAnother;
    if (id_of(real_) != database_) {
        throw Failure(AC_EUNAVAILABLE,
                      about(path_, "the file was moved, replaced or removed while it was in use; it is opened anew"));
    }
    constexpr int kNames = 1000;
    for (int i = 1; i <= kNames; ++i) {
        aside = wal + ".replaced" + (i == 1 ? "" : "-" + std::to_string(i));
        if (::renameat2(AT_FDCWD, wal.c_str(), AT_FDCWD, aside.c_str(), RENAME_NOREPLACE) == 0) {
            sync_directory(real_);
            return Aside::kDone;
        }
        if (errno != EEXIST) break;
    }
    throw Failure(AC_EUNAVAILABLE,
                  about(path_, "the log beside it belongs to another file and cannot be moved away: " +
                                   std::generic_category().message(errno) + "; move \"" + wal + "\" away"));
}

}  // namespace appcreate::sqlite
