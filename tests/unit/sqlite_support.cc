#include "sqlite_support.h"
#include "kinds.h"

#include <unistd.h>

namespace appcreate::test {

StoreOptions options_of(const std::string &path, HostLog *log, std::int64_t timeout_ms) {
    StoreOptions options;
    options.uri = {AC_STORE_SQLITE, "sqlite:" + path, path, "sqlite:" + path};
    options.timeout_ms = timeout_ms;
    options.threads = 4;
    if (log != nullptr) {
        options.log = HostLog::write;
        options.log_ctx = log;
    }
    return options;
}

SqliteUnderTest::SqliteUnderTest() { open()->init(); }

StoreOptions SqliteUnderTest::options(std::int64_t timeout_ms) { return options_of(path_, &log, timeout_ms); }

std::unique_ptr<Store> SqliteUnderTest::serve() {
    StoreOptions serving = options();
    serving.maintain = true;
    return open_store(serving);
}

std::unique_ptr<Store> SqliteUnderTest::open() { return open_store(options()); }

void SqliteUnderTest::expire_requests() { Stranger(path_).execute("UPDATE idempotency SET expires_at = 1"); }

bool is_root() { return geteuid() == 0; }

}  // namespace appcreate::test
