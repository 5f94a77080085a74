#include "sqlite/file/frozen.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/failure.h"
#include "sqlite/file/failure.h"

namespace appcreate::sqlite {
namespace {

bool is_there(const std::string &path) noexcept { return ::access(path.c_str(), F_OK) == 0; }

}  // namespace

// The VFS that takes no locks finds no index to share, so SQLite keeps one in its own memory.
std::string frozen_uri(const std::string &real_path) {
    return file_uri(real_path) + (is_there(real_path + "-wal") ? "?vfs=unix-none" : "?immutable=1");
}

bool is_frozen(const std::string &path, const Error &error) noexcept {
    if (error.primary() != SQLITE_CANTOPEN && error.primary() != SQLITE_READONLY) return false;
    if (::access(path.c_str(), R_OK) != 0 || is_there(path + "-shm")) return false;
    const std::string directory = path.substr(0, path.rfind('/') + 1);
    return ::faccessat(AT_FDCWD, directory.c_str(), W_OK, AT_EACCESS) != 0;
}

FrozenStore::FrozenStore(const std::string &path)
    : path_(path), before_(path), connection_(path, Use::kFrozen, monotonic_ns()) {
    connection_.exec("PRAGMA locking_mode=EXCLUSIVE");
    connection_.apply_pragmas();
}

void FrozenStore::confirm() const {
    if (FileState(path_) == before_) return;
    throw Failure(AC_EUNAVAILABLE,
                  about(path_,
                        "it was written to while it was read here without locks, since its directory cannot be "
                        "written; repeat this, as a user that may write there"));
}

}  // namespace appcreate::sqlite
