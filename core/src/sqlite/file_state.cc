#include "sqlite/file_state.h"

#include <sys/stat.h>

namespace appcreate::sqlite {

FileState::FileState(const std::string &path) noexcept {
    constexpr const char *kSides[] = {"", "-wal", "-shm", "-journal"};
    for (std::size_t i = 0; i < files_.size(); ++i) {
        struct stat info {};
        if (::stat((path + kSides[i]).c_str(), &info) != 0) continue;
        files_[i] = {info.st_dev, info.st_ino, info.st_size,
                     info.st_mtim.tv_sec * 1'000'000'000LL + info.st_mtim.tv_nsec};
    }
}

}  // namespace appcreate::sqlite
