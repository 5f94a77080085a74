#include "sqlite/backup/backup.h"

#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "sqlite/backup/restore_files.h"
#include "sqlite/backup/whole.h"
#include "sqlite/file/failure.h"
#include "sqlite/file/files.h"

namespace appcreate::sqlite {
namespace {

// SQLite's limit is 512, and the names of files beside it are longer.
constexpr std::size_t kMaxPath = 480;
constexpr unsigned kStages = 2;

bool is_same_file(const std::string &a, const std::string &b) noexcept {
    struct stat first {};
    struct stat second {};
    return ::stat(a.c_str(), &first) == 0 && ::stat(b.c_str(), &second) == 0 && first.st_dev == second.st_dev &&
           first.st_ino == second.st_ino;
}

// What one cannot tell from the code alone: a full disk is the new file's, since nothing else is written.
Failure failure_of_copy(const Error &error, const std::string &path, const std::string &file) {
    return failure_of(error, error.primary() == SQLITE_FULL || error.primary() == SQLITE_CANTOPEN ? file : path);
}

const std::string &file_for(const std::string &path, const std::string &file) {
    refuse_own_files(path, file);
    // As which it is written for the time being.
    refuse_own_files(path, file + ".part");
    return file;
}

}  // namespace

void Stages::tell(std::uint64_t done, std::uint64_t total) {
    if (!progress_) return;
    if (past_ == 0) unit_ = total;
    const std::uint64_t here = total == 0 ? unit_
                                          : static_cast<std::uint64_t>(static_cast<double>(unit_) *
                                                                       static_cast<double>(std::min(done, total)) /
                                                                       static_cast<double>(total));
    if (!progress_(past_ * unit_ + here, stages_ * unit_)) throw Stopped();
}

void refuse_own_files(const std::string &path, const std::string &file) {
    if (file.empty() || file.back() == '/' || file.find('\0') != std::string::npos) {
        throw Failure(AC_EINVAL, "\"" + file.substr(0, file.find('\0')) + "\" names no file; name one");
    }
    if (file.size() > kMaxPath) throw Failure(AC_EINVAL, "the file's path must be at most 480 bytes long");
    // The last two are what a restore writes to, and leaves when it is killed.
    constexpr const char *kOwn[] = {"", "-wal", "-shm", "-journal", ".restore.part", ".before-restore.part"};
    for (const std::string &store : {path, real_path_of(path)}) {
        for (const char *own : kOwn) {
            if (file == store + own || is_same_file(file, store + own)) {
                throw Failure(AC_EINVAL, "\"" + file + "\" is a file of the store itself; name another one");
            }
        }
    }
}

Backup::Backup(std::string path, const std::string &file, bool replace, const Progress &progress)
    : path_(std::move(path)),
      target_(file_for(path_, file), replace),
      stages_(progress, kStages),
      tell_([this](std::uint64_t done, std::uint64_t total) { stages_.tell(done, total); }) {
    guarded(target_.path(), [&] { copy_.emplace(target_); });
}

void Backup::copy(const Connection &source) {
    try {
        copy_->fill(source.raw(), Pace::kPolite, tell_);
    } catch (const Error &error) {
        throw failure_of_copy(error, path_, target_.path());
    }
    stages_.next();
}

Contents Backup::finish() {
    const Contents contents = guarded(target_.path(), [&] {
        verify_whole(copy_->connection(), path_, tell_);
        return count_contents(copy_->connection());
    });
    copy_.reset();
    target_.publish();
    return contents;
}

}  // namespace appcreate::sqlite
