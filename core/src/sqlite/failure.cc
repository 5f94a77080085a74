#include "sqlite/failure.h"

#include <sys/stat.h>

#include <cerrno>

namespace appcreate::sqlite {
namespace {

struct Meaning {
    int code;  // primary
    ac_status status;
    const char *remedy;
};

constexpr Meaning kMeanings[] = {
    {SQLITE_FULL, AC_EUNAVAILABLE, "free space on its file system"},
    {SQLITE_BUSY, AC_ETIMEOUT, "another program holds its lock; end that program's transaction"},
    {SQLITE_LOCKED, AC_ETIMEOUT, "another program holds its lock; end that program's transaction"},
    {SQLITE_PROTOCOL, AC_ETIMEOUT, "another program holds its lock; end that program's transaction"},
    {SQLITE_READONLY, AC_EUNAVAILABLE,
     "make the file, its directory and its file system writable for the user that runs this"},
    {SQLITE_PERM, AC_EUNAVAILABLE, "let the user that runs this read and write the file and its directory"},
    {SQLITE_CORRUPT, AC_EUNAVAILABLE, "the file is damaged; restore it from a backup"},
    {SQLITE_NOTADB, AC_EUNAVAILABLE, "the file belongs to another program or is damaged; name another file"},
    {SQLITE_IOERR, AC_EUNAVAILABLE, "look for errors of the disk in the kernel's log"},
    {SQLITE_NOMEM, AC_ENOMEM, "give the process more memory"},
    {SQLITE_INTERRUPT, AC_EUNAVAILABLE, "the store was closed meanwhile"},
    {SQLITE_ERROR, AC_EUNAVAILABLE, "its schema is damaged; restore it from a backup"},
};

std::string why_not_opened(const std::string &path) {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) {
        return errno == ENOENT || errno == ENOTDIR ? "no such file; run " + init_command(path)
                                                   : "let the user that runs this reach the file's directory";
    }
    if (!S_ISREG(info.st_mode)) return "it is no file; name another one";
    return "let the user that runs this read and write the file and its directory";
}

}  // namespace

std::string about(const std::string &path, std::string_view text) {
    return "store \"" + path + "\": " + std::string(text);
}

std::string init_command(const std::string &path) { return "\"appctl --store sqlite:" + path + " init\""; }

Failure failure_of(const Error &error, const std::string &path) {
    if (error.primary() == SQLITE_CANTOPEN) {
        return {AC_EUNAVAILABLE, about(path, std::string(error.what()) + ": " + why_not_opened(path)), error.code()};
    }
    for (const Meaning &meaning : kMeanings) {
        if (meaning.code == error.primary()) {
            return {meaning.status, about(path, std::string(error.what()) + ": " + meaning.remedy), error.code()};
        }
    }
    return {AC_EINTERNAL, about(path, std::string(error.what()) + ": this is a bug"), error.code()};
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
