// A store's URI, read without contacting the store.
#pragma once

#include <string>
#include <string_view>

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

// Resolves "file:" and "env:" and checks the scheme. Throws Failure(AC_EINVAL).
StoreUri parse_uri(std::string_view text);

}  // namespace appcreate
