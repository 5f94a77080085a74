#include "sqlite/file/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <memory>
#include <system_error>
#include <utility>

#include "base/failure.h"
#include "sqlite/file/descriptor.h"
#include "sqlite/file/failure.h"
#include "sqlite/file/new_file.h"

namespace appcreate::sqlite {
namespace {

constexpr mode_t kMode = 0640;

// A name that is taken away again, with the side files that SQLite may have left.
class TemporaryFile {
  public:
    explicit TemporaryFile(std::string path) : path_(std::move(path)) {}
    TemporaryFile(const TemporaryFile &) = delete;
    TemporaryFile &operator=(const TemporaryFile &) = delete;
    ~TemporaryFile() {
        for (const char *side : {"", "-wal", "-shm", "-journal"}) ::unlink((path_ + side).c_str());
    }

  private:
    std::string path_;
};

std::string directory_of(const std::string &path) {
    const std::size_t slash = path.rfind('/');
    return slash == 0 ? "/" : path.substr(0, slash);
}

[[noreturn]] void fail(const std::string &path, const std::string &what, const std::string &remedy) {
    throw Failure(AC_EUNAVAILABLE, about(path, what + ": " + std::generic_category().message(errno) + "; " + remedy));
}

void give_to_owner_of_directory(const std::string &path, int fd) {
    if (::fchmod(fd, kMode) != 0) fail(path, "cannot set the mode of the file", "use another file system");
    if (::geteuid() != 0) return;
    struct stat directory {};
    if (::stat(directory_of(path).c_str(), &directory) != 0 || ::fchown(fd, directory.st_uid, directory.st_gid) != 0) {
        fail(path, "cannot give the file to its directory's owner", "use another directory");
    }
}

}  // namespace

void make_store_file(const std::string &path, const std::function<void(const std::string &path)> &build) {
    std::string name = path + ".init-XXXXXX";
    const Descriptor file(::mkostemp(name.data(), O_CLOEXEC));
    if (file.get() < 0) {
        fail(path, "cannot make the file",
             "make a directory of its own for it, \"install -d -o USER -m 750 DIRECTORY\", and name sqlite:DIRECTORY/" +
                 path.substr(path.rfind('/') + 1));
    }
    const TemporaryFile temporary(name);
    give_to_owner_of_directory(path, file.get());
    build(name);
    // Never over another one: somebody else may have been faster.
    if (::link(name.c_str(), path.c_str()) != 0 && !(errno == EEXIST && id_of(path).exists())) {
        fail(path, "cannot give the file its name", "remove a link that leads nowhere, or use another file system");
    }
    sync_directory(path);
}

std::string real_path_of(const std::string &path) {
    const std::unique_ptr<char, decltype(&std::free)> real(::realpath(path.c_str(), nullptr), &std::free);
    return real ? std::string(real.get()) : path;
}

FileId id_of(const std::string &path) noexcept { return stamp_of(path).id; }

std::int64_t size_of(const std::string &path) noexcept {
    const FileStamp stamp = stamp_of(path);
    return stamp.id.exists() ? stamp.size : -1;
}

FileStamp stamp_of(const std::string &path) noexcept {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) return {};
    return {{info.st_dev, info.st_ino}, info.st_size, info.st_mtim.tv_sec * 1'000'000'000LL + info.st_mtim.tv_nsec};
}

std::uint64_t fingerprint_of(const std::string &path) noexcept {
    struct statx info {};
    if (::statx(AT_FDCWD, path.c_str(), 0, STATX_INO | STATX_BTIME, &info) != 0) return 0;
    const bool has_birth = (info.stx_mask & STATX_BTIME) != 0;
    std::uint64_t out = 0;
    for (const std::uint64_t part :
         {std::uint64_t{info.stx_dev_major} << 32 | info.stx_dev_minor, std::uint64_t{info.stx_ino},
          has_birth ? static_cast<std::uint64_t>(info.stx_btime.tv_sec) : 0,
          has_birth ? std::uint64_t{info.stx_btime.tv_nsec} : 0}) {
        // The finalizer of SplitMix64.
        out += part + 0x9e3779b97f4a7c15;
        out = (out ^ out >> 30) * 0xbf58476d1ce4e5b9;
        out = (out ^ out >> 27) * 0x94d049bb133111eb;
        out ^= out >> 31;
    }
    return out == 0 ? 1 : out;
}

FileIdentity::FileIdentity(std::string path)
    : path_(std::move(path)),
      real_(real_path_of(path_)),
      wal_path_(real_ + "-wal"),
      index_path_(real_ + "-shm"),
      database_(id_of(path_)),
      wal_(id_of(wal_path_)),
      index_(id_of(index_path_)) {}

Change FileIdentity::change() noexcept {
    // Through the link, and beside the side files: a link that leads elsewhere stands for another store, even where it
    // leads to the same file.
    const FileStamp file = stamp_of(real_);
    if (id_of(path_) != database_ || file.id != database_) return Change::kReplaced;
    // SQLite would take the WAL of an emptied file away.
    if (file.size == 0) return Change::kCut;
    if (const FileStamp wal = stamp_of(wal_path_); wal.id != wal_) {
        return wal.id.exists() && wal.size > 0 ? Change::kWalReplaced : Change::kWalLost;
    }
    const FileStamp index = stamp_of(index_path_);
    if (index.id != index_ || index.size < index_size_) return Change::kIndexLost;
    index_size_ = index.size;
    return Change::kNone;
}

}  // namespace appcreate::sqlite
