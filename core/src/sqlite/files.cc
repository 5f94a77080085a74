#include "sqlite/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "errors.h"
#include "sqlite/failure.h"

namespace appcreate::sqlite {
namespace {

constexpr mode_t kMode = 0640;

class Descriptor {
  public:
    explicit Descriptor(int fd) noexcept : fd_(fd) {}
    Descriptor(const Descriptor &) = delete;
    Descriptor &operator=(const Descriptor &) = delete;
    ~Descriptor() {
        if (fd_ >= 0) ::close(fd_);
    }
    [[nodiscard]] int get() const noexcept { return fd_; }

  private:
    int fd_;
};

std::string directory_of(const std::string &path) {
    const std::size_t slash = path.rfind('/');
    return slash == 0 ? "/" : path.substr(0, slash);
}

[[noreturn]] void fail(const std::string &path, const std::string &what, const std::string &remedy) {
    throw Failure(AC_EUNAVAILABLE, about(path, what + ": " + std::generic_category().message(errno) + "; " + remedy));
}

}  // namespace

// The file was not there, so no connection of this process can have it open.
void make_file(const std::string &path) {
    const Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, kMode));
    if (file.get() < 0) {
        if (errno == EEXIST) return;
        fail(path, "cannot make the file",
             "make a directory of its own for it, \"install -d -o USER -m 750 DIRECTORY\", and name sqlite:DIRECTORY/" +
                 path.substr(path.rfind('/') + 1));
    }
    if (::fchmod(file.get(), kMode) != 0) fail(path, "cannot set the mode of the file", "use another file system");
    if (::geteuid() != 0) return;
    struct stat directory {};
    if (::stat(directory_of(path).c_str(), &directory) != 0 ||
        ::fchown(file.get(), directory.st_uid, directory.st_gid) != 0) {
        fail(path, "cannot give the file to its directory's owner", "use another directory");
    }
}

FileIdentity::Id FileIdentity::of(const std::string &path) {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) return {};
    return {info.st_dev, info.st_ino};
}

FileIdentity::FileIdentity(const std::string &path)
    : path_(path), database_(of(path)), log_(of(path + "-wal")), index_(of(path + "-shm")) {}

bool FileIdentity::has_changed() const {
    return of(path_) != database_ || of(path_ + "-wal") != log_ || of(path_ + "-shm") != index_;
}

void FileIdentity::remove_stale_side_files() const {
    if (of(path_) == database_) return;
    if (of(path_ + "-wal") == log_) ::unlink((path_ + "-wal").c_str());
    if (of(path_ + "-shm") == index_) ::unlink((path_ + "-shm").c_str());
}

}  // namespace appcreate::sqlite
