#include "sqlite/backup/restore_files.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <memory>
#include <system_error>

#include "sqlite/file/bare_file.h"
#include "sqlite/file/failure.h"
#include "sqlite/file/head.h"
#include "sqlite/file/schema.h"

namespace appcreate::sqlite {
namespace {

constexpr mode_t kMode = 0640;

[[noreturn]] void fail(const std::string &what, const std::string &path, const std::string &remedy) {
    const int error = errno;
    throw Failure(AC_EUNAVAILABLE,
                  what + " \"" + path + "\": " + std::generic_category().message(error) + "; " + remedy);
}

bool is_damage(const Error &error) noexcept {
    // Of a WAL that was cut under those who have it open.
    return error.code() == SQLITE_IOERR_SHORT_READ || error.is_damage();
}

// Closing it must not bring a WAL into a file that may not be the WAL's own.
void leave_wal_alone(const Connection &connection) {
    if (sqlite3_db_config(connection.raw(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr) != SQLITE_OK) {
        throw Error(connection.raw());
    }
}

void move(const std::string &from, const std::string &to) {
    if (::rename(from.c_str(), to.c_str()) != 0 && errno != ENOENT) {
        fail("cannot rename", from, "let the user that runs this write to its directory");
    }
}

// As the file that was there, or as `init` would make it.
void give_to_owner(const std::string &path, const std::string &real) {
    struct stat info {};
    mode_t mode = kMode;
    if (::stat(real.c_str(), &info) == 0) {
        mode = info.st_mode & 07777;
    } else if (::stat(real.substr(0, real.rfind('/') + 1).c_str(), &info) != 0) {
        fail("cannot look at the directory of", real, "let the user that runs this reach it");
    }
    if (::geteuid() == 0 && ::chown(path.c_str(), info.st_uid, info.st_gid) != 0) {
        fail("cannot give to the store's owner", path, "use another directory");
    }
    if (::chmod(path.c_str(), mode) != 0) fail("cannot set the mode of", path, "use another file system");
}

}  // namespace

void read_whole_file(const std::string &file, const NewDatabase &fresh, const Tell &tell) {
    try {
        const BareFile source(file);
        fresh.fill(source.raw(), Pace::kPolite, tell);
        source.confirm();
    } catch (const Error &error) {
        if (!is_damage(error)) throw;
        throw Failure(AC_ECHECK, "\"" + file + "\": " + error.what() + "; name another backup", error.code());
    }
}

bool is_readable_store(const std::string &real, bool replace, Deadline deadline) {
    struct stat info {};
    if (::stat(real.c_str(), &info) != 0) {
        if (errno == ENOENT) return false;
        fail("cannot look at", real, "let the user that runs this reach it");
    }
    if (!S_ISREG(info.st_mode)) throw Failure(AC_EUNAVAILABLE, about(real, "it is no file; name another one"));
    // SQLite would delete its WAL, which may be all that is left.
    if (info.st_size == 0) return false;
    try {
        const Connection connection(real, Use::kInit, deadline);
        leave_wal_alone(connection);
        const bool is_empty = connection.query_integer("SELECT count(*) FROM sqlite_schema") == 0;
        if (is_empty || connection.query_integer("PRAGMA application_id") == kApplicationId) return true;
        throw Failure(AC_EUNAVAILABLE, about(real, "the file is another program's SQLite database; name another file"));
    } catch (const Error &error) {
        if (!is_damage(error)) throw;
    }
    if (replace) return false;
    // SQLite has it open nowhere in this process any more.
    const Head head = head_of(real);
    if (head == Head::kUnreadable) fail("cannot read", real, "let the user that runs this read it");
    if (head != Head::kNoDatabase) return false;
    throw Failure(AC_EUNAVAILABLE,
                  about(real, "the file does not begin as a database does; if it was the store, restore with --force"));
}

// The WAL and its index first: whoever opens the store never meets the new file beside the old WAL.
void put_in_place(NewFile &fresh, const std::string &real, const std::string &before) {
    give_to_owner(fresh.path(), real);
    for (const char *side : {"-wal", "-shm"}) move(real + side, before + side);
    // A second name, so that the store's own is never without a file.
    if (::unlink(before.c_str()) != 0 && errno != ENOENT) fail("cannot remove", before, "move it away");
    if (::link(real.c_str(), before.c_str()) != 0 && errno != ENOENT) move(real, before);
    fresh.publish_as(real);
}

}  // namespace appcreate::sqlite
