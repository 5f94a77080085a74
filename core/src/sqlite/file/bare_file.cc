#include "sqlite/file/bare_file.h"

#include <sys/stat.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "base/failure.h"
#include "sqlite/file/statement.h"

namespace appcreate::sqlite {
namespace {

constexpr const char *kRemedy = "; name a file that \"appctl backup\" wrote";

void refuse_what_is_no_whole_file(const std::string &path) {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) {
        throw Failure(AC_EUNAVAILABLE,
                      "cannot read \"" + path + "\": " + std::generic_category().message(errno) + kRemedy);
    }
    if (!S_ISREG(info.st_mode)) throw Failure(AC_ECHECK, "\"" + path + "\" is no file" + kRemedy);
    if (info.st_size == 0) throw Failure(AC_ECHECK, "\"" + path + "\" is empty" + kRemedy);
    for (const char *side : {"-wal", "-journal"}) {
        const std::string beside = path + side;
        if (::stat(beside.c_str(), &info) == 0 && info.st_size > 0) {
            std::string text = "\"";
            text.append(beside).append("\" may hold a part of \"").append(path);
            text.append(
                "\"; stop what uses it and run \"sqlite3 FILE 'PRAGMA journal_mode=DELETE'\", or name a file "
                "that \"appctl backup\" wrote");
            throw Failure(AC_EINVAL, text);
        }
    }
}

}  // namespace

std::string file_uri(const std::string &path) {
    constexpr char kHex[] = "0123456789ABCDEF";
    // An empty authority, so that "//" at the start of a path is none.
    std::string out = path.starts_with('/') ? "file://" : "file:";
    for (const char c : path) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '%' || c == '?' || c == '#') {
            out += {'%', kHex[byte >> 4], kHex[byte & 15]};
        } else {
            out += c;
        }
    }
    return out;
}

BareFile::BareFile(std::string path) : path_(std::move(path)), before_(path_) {
    refuse_what_is_no_whole_file(path_);
    sqlite3 *db = nullptr;
    constexpr int kFlags = SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    const int result = sqlite3_open_v2((file_uri(path_) + "?immutable=1").c_str(), &db, kFlags, nullptr);
    db_.reset(db);
    if (db == nullptr) throw Error(SQLITE_NOMEM, "out of memory");
    if (result != SQLITE_OK) throw Error(db);
}

void BareFile::confirm() const {
    if (FileState(path_) == before_) return;
    throw Failure(AC_EUNAVAILABLE,
                  "\"" + path_ + "\" was written to while it was read; repeat this when nobody writes");
}

}  // namespace appcreate::sqlite
