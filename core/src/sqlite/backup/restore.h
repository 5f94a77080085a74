// A restore: makes the store what a file is, while others use the store.
#pragma once

#include <string>

#include "sqlite/serve/turn.h"
#include "store/store.h"

namespace appcreate::sqlite {

struct RestorePlan {
    std::string path;  // the store's
    std::string file;  // what it becomes
    bool replace = false;
    std::int64_t timeout_ns = 0;  // for the locks of others
    bool external_checkpoint = false;
};

// See ac_store_restore. Throws Failure and Stopped.
Contents restore(const RestorePlan &plan, Turn &turn, const Progress &progress);

}  // namespace appcreate::sqlite
