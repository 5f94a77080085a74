#include "sqlite/file/new_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <initializer_list>
#include <system_error>
#include <utility>

#include "base/failure.h"

namespace appcreate::sqlite {
namespace {

constexpr mode_t kMode = 0600;

[[noreturn]] void fail(const std::string &path, const std::string &what, int error, const std::string &remedy) {
    throw Failure(AC_EUNAVAILABLE,
                  what + " \"" + path + "\": " + std::generic_category().message(error) + "; " + remedy);
}

Failure taken(const std::string &name) {
    return {AC_EEXISTS, "\"" + name + "\" exists; name another file, move it away, or replace it with --force"};
}

bool has_bytes(const std::string &path) noexcept {
    struct stat info {};
    return ::stat(path.c_str(), &info) == 0 && info.st_size > 0;
}

bool is_same_file(int fd, const std::string &path) noexcept {
    struct stat open {};
    struct stat named {};
    return ::fstat(fd, &open) == 0 && ::lstat(path.c_str(), &named) == 0 && open.st_dev == named.st_dev &&
           open.st_ino == named.st_ino;
}

}  // namespace

NewFile::NewFile(std::string name, bool replace) : name_(std::move(name)), part_(name_ + ".part"), replace_(replace) {
    struct stat info {};
    if (::lstat(name_.c_str(), &info) == 0) {
        if (!S_ISREG(info.st_mode)) throw Failure(AC_EINVAL, "\"" + name_ + "\" is no file; name a file");
        if (!replace_) throw taken(name_);
    }
    for (const char *side : {"-wal", "-journal"}) {
        if (has_bytes(name_ + side)) {
            throw Failure(
                AC_EINVAL,
                "\"" + name_ + side + "\" belongs to a database of the same name; name another file, or move it away");
        }
    }
    lock();
}

NewFile::~NewFile() {
    if (fd_ < 0) return;
    if (!is_published_) {
        ::unlink(part_.c_str());
        remove_side_files();
    }
    ::close(fd_);
}

void NewFile::lock() {
    fd_ = ::open(part_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK, kMode);
    if (fd_ < 0) fail(part_, "cannot make", errno, "make its directory, writable for the user that runs this");
    // flock, because SQLite's own locks on this file are of the other kind and of this process.
    struct stat info {};
    const bool is_free = ::flock(fd_, LOCK_EX | LOCK_NB) == 0 && is_same_file(fd_, part_);
    const bool is_ours =
        ::fstat(fd_, &info) == 0 && S_ISREG(info.st_mode) && info.st_nlink == 1 && info.st_uid == ::geteuid();
    if (!is_free || !is_ours) {
        ::close(fd_);
        fd_ = -1;
        throw Failure(AC_EUNAVAILABLE,
                      "\"" + part_ + "\" " +
                          (is_ours ? "is being written by another backup or restore; wait until that has ended"
                                   : "is another user's, or no plain file; move it away"));
    }
    remove_side_files();
    if (::ftruncate(fd_, 0) == 0 && ::fchmod(fd_, kMode) == 0) return;
    const int error = errno;
    ::close(fd_);
    fd_ = -1;
    fail(part_, "cannot empty", error, "use another directory");
}

void NewFile::remove_side_files() const noexcept {
    for (const char *side : {"-wal", "-journal", "-shm"}) ::unlink((part_ + side).c_str());
}

void NewFile::sync() const {
    if (::fsync(fd_) != 0) fail(part_, "cannot sync", errno, "look for errors of the disk in the kernel's log");
}

void NewFile::publish() {
    if (replace_) return publish_as(name_);
    sync();
    const auto publish_failed = [this](int error) { fail(name_, "cannot name", error, "use another directory"); };
    if (::renameat2(AT_FDCWD, part_.c_str(), AT_FDCWD, name_.c_str(), RENAME_NOREPLACE) != 0) {
        if (errno == EEXIST) throw taken(name_);
        // Some file systems know no such renaming, but links, which are refused likewise.
        if (errno != EINVAL && errno != ENOSYS) publish_failed(errno);
        if (::link(part_.c_str(), name_.c_str()) != 0) {
            if (errno == EEXIST) throw taken(name_);
            publish_failed(errno);
        }
        ::unlink(part_.c_str());
    }
    is_published_ = true;
    sync_directory(name_);
}

void NewFile::withdraw() const noexcept {
    if (is_published_) ::unlink(name_.c_str());
}

void NewFile::publish_as(const std::string &name) {
    sync();
    if (::rename(part_.c_str(), name.c_str()) != 0) fail(name, "cannot name", errno, "use another directory");
    is_published_ = true;
    sync_directory(name);
}

void sync_directory(const std::string &path) {
    const std::size_t slash = path.rfind('/');
    const std::string directory = slash == std::string::npos ? "." : path.substr(0, slash + 1);
    const int fd = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const int result = fd < 0 ? -1 : ::fsync(fd);
    const int error = errno;
    if (fd >= 0) ::close(fd);
    // A file system that knows no syncing of directories needs none.
    if (result != 0 && error != EINVAL) {
        fail(directory, "cannot sync", error, "look for errors of the disk in the kernel's log");
    }
}

}  // namespace appcreate::sqlite
