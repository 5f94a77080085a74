#include "sqlite/file/damage_note.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <ctime>
#include <exception>

#include "base/values.h"
#include "sqlite/file/descriptor.h"
#include "sqlite/file/new_file.h"

namespace appcreate::sqlite {
namespace {

constexpr mode_t kMode = 0640;
constexpr std::size_t kMaxText = 4096;
constexpr int kAttempts = 10;

constexpr const char *kExplanation =
    "The database beside this note was found to be damaged. No gateway takes anything from it or writes to it\n"
    "until another file is in its place, such as a backup, or all of it has been looked through at a start and\n"
    "is whole. The note goes by itself then.\n";

// What a copy of the file does not have. Not its device, whose number a reboot may change. Empty: there is no file.
std::string identity_of(const std::string &real_path) {
    struct statx info {};
    if (::statx(AT_FDCWD, real_path.c_str(), 0, STATX_INO | STATX_BTIME, &info) != 0) return {};
    const bool has_birth = (info.stx_mask & STATX_BTIME) != 0;
    return "file " + std::to_string(info.stx_ino) + " made at " +
           std::to_string(has_birth ? info.stx_btime.tv_sec : 0) + "." +
           std::to_string(has_birth ? info.stx_btime.tv_nsec : 0) + "\n";
}

bool is_named(int fd, const std::string &path) noexcept {
    struct stat open {};
    struct stat named {};
    return ::fstat(fd, &open) == 0 && ::lstat(path.c_str(), &named) == 0 && open.st_dev == named.st_dev &&
           open.st_ino == named.st_ino;
}

bool is_plain_file(int fd) noexcept {
    struct stat info {};
    return ::fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
}

std::string read_text(int fd) {
    std::array<char, kMaxText> buffer{};
    const ssize_t n = ::pread(fd, buffer.data(), buffer.size(), 0);
    return {buffer.data(), n > 0 ? static_cast<std::size_t>(n) : 0};
}

// Until it is closed nobody else writes the note or takes it away; negative: it cannot be had.
int open_locked(const std::string &path, int flags) noexcept {
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
        const int fd = ::open(path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK, kMode);
        if (fd < 0) return fd;
        const bool is_locked = is_plain_file(fd) && ::flock(fd, LOCK_EX | LOCK_NB) == 0;
        if (is_locked && is_named(fd, path)) return fd;
        ::close(fd);
        const timespec pause{0, 2'000'000};
        ::nanosleep(&pause, nullptr);
    }
    return -1;
}

bool write_all(int fd, const std::string &text) noexcept {
    return ::ftruncate(fd, 0) == 0 && ::pwrite(fd, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()) &&
           ::fsync(fd) == 0;
}

}  // namespace

DamageNote::DamageNote(const std::string &real_path) : path_(path_of(real_path)) {
    const Descriptor file(::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK));
    if (file.get() < 0 && errno == ENOENT) return;
    exists_ = true;
    if (file.get() >= 0) text_ = read_text(file.get());
    const bool is_whole = text_.starts_with(kExplanation) && text_.ends_with('\n');
    const std::string identity = identity_of(real_path);
    is_of_file_ = !is_whole || identity.empty() || text_.find("\n" + identity) != std::string::npos;
}

void DamageNote::remove() const noexcept {
    if (!exists_) return;
    try {
        const Descriptor file(open_locked(path_, O_RDWR));
        if (file.get() >= 0 && read_text(file.get()) == text_) ::unlink(path_.c_str());
    } catch (const std::exception &) {
        // without memory it stays
    }
}

bool DamageNote::write(const std::string &real_path) noexcept {
    try {
        const std::string path = path_of(real_path);
        const std::string identity = identity_of(real_path);
        if (identity.empty()) return true;
        const Descriptor file(open_locked(path, O_RDWR | O_CREAT));
        if (file.get() < 0) return false;
        // These make it another one than any before.
        const std::string found =
            "found at " + timestamp(now_ms()) + ", by process " + std::to_string(::getpid()) + "\n";
        if (!write_all(file.get(), kExplanation + identity + found)) return false;
        sync_directory(path);
        return true;
    } catch (const std::exception &) {
        return false;
    }
}

}  // namespace appcreate::sqlite
