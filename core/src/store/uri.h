// A store's URI as it was read (kinds.h), without contacting the store.
#pragma once

#include <string>

#include "app_create.h"

namespace appcreate {

struct StoreUri {
    ac_store_kind kind = AC_STORE_SQLITE;
    std::string text;  // resolved; may hold credentials, never logged
    std::string path;  // SQLite: absolute path of the file
    std::string name;  // for logs and as the store's identity: no credentials
    // SQLite: another program (Litestream) brings the log into the file, and nobody else does.
    bool external_checkpoint = false;
};

}  // namespace appcreate
