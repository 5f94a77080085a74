#include "sqlite/file/file_state.h"

namespace appcreate::sqlite {

FileState::FileState(const std::string &path) noexcept {
    constexpr const char *kSides[] = {"", "-wal", "-shm", "-journal"};
    for (std::size_t i = 0; i < files_.size(); ++i) {
        files_[i] = stamp_of(path + kSides[i]);
    }
}

}  // namespace appcreate::sqlite
