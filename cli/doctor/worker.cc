#include "doctor/worker.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <optional>
#include <vector>

namespace appctl::doctor {
namespace {

// What the process found: an errno for each step, 0 for one that went well, -1 for one that was not reached.
struct Tried {
    int user = -1;
    std::array<int, 3> files{-1, -1, -1};  // the file, its -wal, its -shm
    int make = -1;
    int lock = -1;
    int is_exclusive = -1;  // 0: two had the same lock
    int sync = -1;
};

struct Ids {
    uid_t user = 0;
    gid_t group = 0;
};

// nullopt: there is no such user or group.
std::optional<Ids> ids_of(const Worker &worker) {
    const passwd *user = ::getpwnam(worker.user.c_str());
    if (user == nullptr) return std::nullopt;
    Ids ids{user->pw_uid, user->pw_gid};
    if (worker.group.empty()) return ids;
    const group *entry = ::getgrnam(worker.group.c_str());
    if (entry == nullptr) return std::nullopt;
    ids.group = entry->gr_gid;
    return ids;
}

// As nginx's workers do.
int become(const Worker &worker, const Ids &ids) {
    if (::setgid(ids.group) != 0 || ::initgroups(worker.user.c_str(), ids.group) != 0 || ::setuid(ids.user) != 0) {
        return errno;
    }
    return 0;
}

int lock(int fd) {
    struct flock all {};
    all.l_type = F_WRLCK;
    all.l_whence = SEEK_SET;
    return ::fcntl(fd, F_OFD_SETLK, &all) == 0 ? 0 : errno;
}

int access_error(const std::string &path) { return ::access(path.c_str(), R_OK | W_OK) == 0 ? 0 : errno; }

void try_directory(const std::string &directory, Tried &tried) {
    std::string name = directory + "/.appctl-doctor-XXXXXX";
    const int fd = ::mkostemp(name.data(), O_CLOEXEC);
    tried.make = fd >= 0 ? 0 : errno;
    if (fd < 0) return;
    const int other = ::open(name.c_str(), O_RDWR | O_CLOEXEC);
    tried.lock = lock(fd);
    if (tried.lock == 0 && other >= 0) tried.is_exclusive = lock(other) == 0 ? 0 : 1;
    const bool is_written = ::write(fd, "appctl doctor\n", 14) == 14;
    tried.sync = is_written && ::fsync(fd) == 0 ? 0 : errno;
    ::unlink(name.c_str());
    if (other >= 0) ::close(other);
    ::close(fd);
}

Tried try_all(const Worker &worker, const std::optional<Ids> &ids, const std::string &path) {
    Tried tried;
    tried.user = ids ? become(worker, *ids) : 0;
    if (tried.user != 0) return tried;
    tried.files = {access_error(path), access_error(path + "-wal"), access_error(path + "-shm")};
    try_directory(path.substr(0, path.rfind('/') == 0 ? 1 : path.rfind('/')), tried);
    return tried;
}

Tried try_in_process(const Worker &worker, const std::optional<Ids> &ids, const std::string &path) {
    Tried tried;
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return tried;
    std::fflush(stdout);
    const pid_t child = ::fork();
    if (child == 0) {
        const Tried mine = try_all(worker, ids, path);
        const bool is_told = ::write(ends[1], &mine, sizeof(mine)) == static_cast<ssize_t>(sizeof(mine));
        ::_exit(is_told ? 0 : 1);
    }
    ::close(ends[1]);
    if (child > 0) {
        const bool is_told = ::read(ends[0], &tried, sizeof(tried)) == static_cast<ssize_t>(sizeof(tried));
        if (!is_told) tried = {};
        while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
        }
    }
    ::close(ends[0]);
    return tried;
}

class Judgement {
  public:
    Judgement(std::string who, const std::string &path, Report &report)
        : who_(std::move(who)), path_(path), directory_(path.substr(0, path.rfind('/') + 1)), report_(report) {}

    void judge(const Tried &tried) {
        constexpr std::array<const char *, 3> kSuffixes = {"", "-wal", "-shm"};
        bool may_write = true;
        for (std::size_t i = 0; i < kSuffixes.size(); ++i) {
            if (tried.files[i] <= 0 || tried.files[i] == ENOENT) continue;
            may_write = false;
            cannot_use(path_ + kSuffixes[i], tried.files[i]);
        }
        if (tried.make > 0) {
            return report_.fail("rights", directory_, who_ + " cannot make files in it: " + std::strerror(tried.make),
                                "give the store a directory of its own that belongs to this user: install -d -o " +
                                    who_ + " -m 750 \"" + directory_ + "\"");
        }
        if (may_write) report_.ok("rights", path_, who_ + " may write it and its directory");
        locks(tried);
    }

  private:
    void cannot_use(const std::string &file, int error) {
        report_.fail("rights", file, who_ + " cannot read and write it: " + std::strerror(error),
                     "chown " + who_ + " \"" + file + "\" && chmod u+rw \"" + file + "\"");
    }

    void locks(const Tried &tried) {
        const char *remedy = "keep the store on a local file system, such as ext4 or xfs";
        if (tried.lock != 0 || tried.is_exclusive != 1) {
            report_.fail("locks", directory_,
                         tried.lock > 0 ? std::string("its file system cannot lock: ") + std::strerror(tried.lock)
                                        : "two programs get the same lock at once on its file system",
                         remedy);
        } else {
            report_.ok("locks", directory_, "a lock keeps others out");
        }
        if (tried.sync != 0) {
            report_.fail(
                "sync", directory_,
                std::string("fsync fails, so nothing is sure to survive a loss of power: ") + std::strerror(tried.sync),
                tried.sync == ENOSPC ? "free space on its file system" : remedy);
        } else {
            report_.ok("sync", directory_, "fsync works");
        }
    }

    const std::string who_;
    const std::string path_;
    const std::string directory_;
    Report &report_;
};

}  // namespace

void try_as_worker(const Worker &worker, const std::string &path, Report &report) {
    std::optional<Ids> ids;
    std::string who = worker.user;
    if (!who.empty()) {
        ids = ids_of(worker);
        if (!ids) {
            return report.fail("user", who, "there is no such user or group on this machine",
                               "name another with \"user\" in nginx's configuration");
        }
        if (::geteuid() != 0) {
            if (ids->user != ::geteuid()) {
                report.warn("user", who, "the workers' rights can be tried only by root", "run this as root");
            }
            ids.reset();
            who.clear();
        }
    }
    if (who.empty()) {
        const passwd *self = ::getpwuid(::geteuid());
        who = self != nullptr ? self->pw_name : std::to_string(::geteuid());
    }
    const Tried tried = try_in_process(worker, ids, path);
    if (tried.user != 0) {
        return report.fail("user", who, "it cannot be tried what this user may do", "run this as root");
    }
    Judgement(who, path, report).judge(tried);
}

}  // namespace appctl::doctor
