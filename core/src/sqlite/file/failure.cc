#include "sqlite/file/failure.h"

#include <sys/stat.h>
#include <sys/statvfs.h>

#include <cerrno>
#include <system_error>

namespace appcreate::sqlite {
namespace {

// Never "make the directory writable": it may be one that everybody shares.
constexpr const char *kOwnDirectory =
    "keep it in a directory of its own on a writable file system, and let both belong to the user that runs this "
    "(\"install -d -o USER -m 750 DIRECTORY\", \"chown USER FILE\")";

constexpr const char *kFreeSpace = "free space on its file system";

struct Meaning {
    int code;  // primary
    ac_status status;
    const char *remedy;
};

constexpr Meaning kMeanings[] = {
    {SQLITE_FULL, AC_EUNAVAILABLE, kFreeSpace},
    {SQLITE_BUSY, AC_ETIMEOUT, "another program holds its lock; end that program's transaction"},
    {SQLITE_LOCKED, AC_ETIMEOUT, "another program holds its lock; end that program's transaction"},
    {SQLITE_PROTOCOL, AC_ETIMEOUT, "another program holds its lock; end that program's transaction"},
    {SQLITE_READONLY, AC_EUNAVAILABLE, kOwnDirectory},
    {SQLITE_PERM, AC_EUNAVAILABLE, kOwnDirectory},
    {SQLITE_CORRUPT, AC_EUNAVAILABLE,
     "the file is damaged; copy it and its -wal and -shm files away, then restore a backup"},
    {SQLITE_NOTADB, AC_EUNAVAILABLE,
     "the file belongs to another program or is damaged; name another file, or, if it was the store, copy it and its "
     "-wal and -shm files away, then restore a backup"},
    {SQLITE_IOERR, AC_EUNAVAILABLE, "look for errors of the disk in the kernel's log"},
    {SQLITE_NOMEM, AC_ENOMEM, "give the process more memory"},
    {SQLITE_INTERRUPT, AC_EUNAVAILABLE, "the store was closed meanwhile"},
    {SQLITE_ERROR, AC_EUNAVAILABLE, "its schema is damaged; restore it from a backup"},
};

// What the system's word for a failure asks for; NULL: what SQLite's asks for.
const char *remedy_of(int system) {
    switch (system) {
        case EMFILE:
            return "raise worker_rlimit_nofile in nginx's configuration (for another program: \"ulimit -n\")";
        case ENFILE:
            return "raise fs.file-max of the system (\"sysctl fs.file-max\")";
        case ENOSPC:
            return kFreeSpace;
        case EDQUOT:
            return "free space, or raise the quota of the user that runs this";
        case EROFS:
            return "mount its file system for writing";
        case EACCES:
        case EPERM:
            return kOwnDirectory;
        case ENAMETOOLONG:
            return "name a shorter path";
        case ELOOP:
            return "mend the symbolic links of its path, they lead in a circle";
        case ESTALE:
            return "mount its file system again";
        case ENOLCK:
        case ENOSYS:
        case EOPNOTSUPP:
            return "keep it on a local file system";
        case ENOMEM:
            return "give the process more memory";
        default:
            return nullptr;
    }
}

std::string why_not_opened(const std::string &path, int system) {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) {
        if (errno == ENOENT || errno == ENOTDIR) return "no such file; run " + init_command(path);
        const char *remedy = remedy_of(errno);
        return remedy != nullptr ? remedy : kOwnDirectory;
    }
    if (S_ISDIR(info.st_mode)) return "it is a directory; add a file name, as in sqlite:" + path + "/apps.db";
    if (!S_ISREG(info.st_mode)) return "it is no file; name another one";
    const char *remedy = remedy_of(system);
    return remedy != nullptr ? remedy : kOwnDirectory;
}

// A writer that finds no room may keep its lock, or SQLite may call what it could not write a lock.
bool is_full(const std::string &path) {
    struct statvfs info {};
    return ::statvfs(path.c_str(), &info) == 0 &&
           ((info.f_blocks != 0 && info.f_bavail == 0) || (info.f_files != 0 && info.f_favail == 0));
}

bool is_lock(const Error &error) {
    return error.primary() == SQLITE_BUSY || error.primary() == SQLITE_LOCKED || error.primary() == SQLITE_PROTOCOL;
}

// SQLite's words, and the system's where they say more.
std::string words_of(const Error &error) {
    std::string words = error.what();
    if (error.system() != 0) words += " (" + std::generic_category().message(error.system()) + ")";
    return words;
}

std::string remedy_for(const Error &error, const Meaning &meaning, const std::string &path) {
    if (is_lock(error) && is_full(path)) return std::string("its file system is full; ") + kFreeSpace;
    const char *remedy = remedy_of(error.system());
    return remedy != nullptr ? remedy : meaning.remedy;
}

}  // namespace

std::string about(const std::string &path, std::string_view text) {
    return "store \"" + path + "\": " + std::string(text);
}

std::string init_command(const std::string &path) { return "\"appctl --store sqlite:" + path + " init\""; }

Failure failure_of(const Error &error, const std::string &path) {
    if (error.primary() == SQLITE_CANTOPEN) {
        return {AC_EUNAVAILABLE, about(path, words_of(error) + ": " + why_not_opened(path, error.system())),
                error.code()};
    }
    for (const Meaning &meaning : kMeanings) {
        if (meaning.code == error.primary()) {
            return {meaning.status, about(path, words_of(error) + ": " + remedy_for(error, meaning, path)),
                    error.code()};
        }
    }
    return {AC_EINTERNAL, about(path, std::string(error.what()) + ": this is a bug"), error.code()};
}

Failure emptied(const std::string &path, bool was_store) {
    const std::string restore = "copy it and its -wal and -shm files away and restore a backup";
    if (was_store) return {AC_EUNAVAILABLE, about(path, "the file was emptied; " + restore)};
    return {AC_EVERSION, about(path, "the file is empty; if it was a store, " + restore +
                                         "; if it never was one, remove it and run " + init_command(path))};
}

Failure gone(const std::string &path) {
    return {AC_EUNAVAILABLE, about(path,
                                   "the file is gone; put it back with its -wal file, or move that away and restore "
                                   "a backup")};
}

bool is_mended_by_reopening(const Error &error) noexcept {
    switch (error.primary()) {
        case SQLITE_FULL:
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
        case SQLITE_NOMEM:
        case SQLITE_INTERRUPT:
            return false;
        default:
            return true;
    }
}

}  // namespace appcreate::sqlite
