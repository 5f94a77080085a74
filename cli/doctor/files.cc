#include "doctor/files.h"

#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/timex.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <ctime>

namespace appctl::doctor {
namespace {

constexpr std::uint64_t kMiB = 1 << 20;
// A gateway lets the log start again at 192 MiB, and makes writers help at 512 MiB.
constexpr std::uint64_t kLongLog = 512 * kMiB;
constexpr std::uint64_t kLittleRoom = 1024 * kMiB;
constexpr std::uint64_t kFewInodes = 1000;

struct FileSystem {
    std::uint64_t magic;
    const char *name;
    const char *trouble;
};

constexpr std::uint64_t kCifs = 0xff534d42;
constexpr std::uint64_t kSmb2 = 0xfe534d42;
constexpr std::uint64_t k9p = 0x01021997;
constexpr std::uint64_t kFuse = 0x65735546;

constexpr const char *kLocking = "locks and shared memory of SQLite's log do not work over it, or only at times";
constexpr const char *kGone = "it is lost with the container: what was acknowledged is gone";

constexpr std::array<FileSystem, 8> kDoubtful = {{
    {NFS_SUPER_MAGIC, "NFS", kLocking},
    {k9p, "9p", kLocking},
    {kFuse, "FUSE", "it depends on the program behind it whether locks and fsync do what they say"},
    {kCifs, "CIFS", kLocking},
    {kSmb2, "SMB", kLocking},
    {OVERLAYFS_SUPER_MAGIC, "overlay", kGone},
    {TMPFS_MAGIC, "tmpfs", "it is lost with the power"},
    {RAMFS_MAGIC, "ramfs", "it is lost with the power"},
}};

std::string directory_of(const std::string &path) { return path.substr(0, std::max<std::size_t>(path.rfind('/'), 1)); }

std::uint64_t size_of(const std::string &path) {
    struct stat info {};
    return ::stat(path.c_str(), &info) == 0 ? static_cast<std::uint64_t>(info.st_size) : 0;
}

std::string mebibytes(std::uint64_t bytes) { return std::to_string(bytes / kMiB) + " MiB"; }

void examine_file_system(const std::string &directory, Report &report) {
    struct statfs info {};
    if (::statfs(directory.c_str(), &info) != 0) {
        return report.fail(
            "directory", directory, std::strerror(errno),
            "make it: install -d -o USER -m 750 \"" + directory + "\", with the user of nginx's workers");
    }
    const auto magic = static_cast<std::uint64_t>(static_cast<std::uint32_t>(info.f_type));
    const auto found = std::find_if(kDoubtful.begin(), kDoubtful.end(),
                                    [magic](const FileSystem &system) { return system.magic == magic; });
    if (found == kDoubtful.end()) return report.ok("file-system", directory, "it is a local one");
    report.warn("file-system", directory, std::string("it lies on ") + found->name + ": " + found->trouble,
                "keep the store on a local file system that outlives a restart (in a container: a volume), such as "
                "ext4 or xfs");
}

void examine_room(const std::string &path, Report &report) {
    const std::string directory = directory_of(path);
    struct statvfs info {};
    if (::statvfs(directory.c_str(), &info) != 0) return;
    const std::uint64_t free = static_cast<std::uint64_t>(info.f_bavail) * info.f_frsize;
    const std::string left = mebibytes(free) + " are free";
    const char *remedy = "free space on its file system; at no room at all creates are answered with 503";
    if (info.f_blocks != 0 && free == 0) {
        report.fail("disk", directory, "its file system is full", remedy);
    } else if (free < kLittleRoom) {
        report.warn("disk", directory, left, remedy);
    } else {
        report.ok("disk", directory, left);
    }
    // Some file systems have no fixed number of them.
    if (info.f_files == 0) return;
    const std::string inodes = std::to_string(info.f_favail) + " inodes are free";
    if (info.f_favail == 0) {
        report.fail("inodes", directory, "no inode is free", "remove files that nobody needs from its file system");
    } else if (info.f_favail < kFewInodes) {
        report.warn("inodes", directory, inodes, "remove files that nobody needs from its file system");
    } else {
        report.ok("inodes", directory, inodes);
    }
}

void examine_log(const std::string &path, Report &report) {
    const std::string log = path + "-wal";
    const std::uint64_t size = size_of(log);
    if (size > kLongLog) {
        report.warn("log", log, "it has grown to " + mebibytes(size),
                    "see that nginx runs, and that no program keeps a read of the store open for long "
                    "(\"lsof\" or \"fuser\" of the file); it starts again when nobody reads");
    } else {
        report.ok("log", log, size == 0 ? "empty" : std::to_string(size) + " bytes");
    }
}

// Gateways write it (docs/operations.md, "The files of a SQLite store").
void examine_damage(const std::string &path, Report &report) {
    std::array<char, PATH_MAX> real{};
    const std::string note =
        std::string(::realpath(path.c_str(), real.data()) != nullptr ? real.data() : path) + ".damaged";
    struct stat info {};
    if (::lstat(note.c_str(), &info) != 0) return report.ok("damage", path, "no gateway has found any");
    report.fail(
        "damage", note, "a gateway found the store's file damaged, and takes nothing from it",
        "copy the file and its -wal and -shm files away, then restore a backup; where that is done, the note goes "
        "when nginx opens the store");
}

}  // namespace

void examine_files(const std::string &path, Report &report) {
    examine_file_system(directory_of(path), report);
    examine_room(path, report);
    examine_log(path, report);
    examine_damage(path, report);
}

void examine_clock(Report &report) {
    // This program is not older than it is.
    constexpr std::time_t kBuilt = 1735689600;  // 2025-01-01
    if (std::time(nullptr) < kBuilt) {
        return report.fail("clock", "system clock", "it is wrong: it says a year before 2025",
                           "set it, and let it be kept by systemd-timesyncd or chrony");
    }
    timex state{};
    if (::adjtimex(&state) == TIME_ERROR || (state.status & STA_UNSYNC) != 0) {
        return report.warn("clock", "system clock", "nothing keeps it in step: keys end by it",
                           "let systemd-timesyncd or chrony keep it");
    }
    report.ok("clock", "system clock", "it is kept in step");
}

}  // namespace appctl::doctor
