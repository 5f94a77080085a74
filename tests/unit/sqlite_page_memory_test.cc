// Where a server's page memory comes from. Each test runs in a process of its own, where nothing has used SQLite yet.
#include <sqlite3.h>
#include <unistd.h>

#include <cstdio>

#include "kinds.h"
#include "sqlite_support.h"

namespace appcreate::test {
namespace {

constexpr int kMany = 3000;  // creates, whose pages are far more than 2 MiB

struct Pages {
    sqlite3_int64 reserved = 0;  // in use, of what was reserved
    sqlite3_int64 malloced = 0;  // bytes, at most so far
};

Pages pages() {
    Pages out;
    sqlite3_int64 now = 0;
    sqlite3_int64 most = 0;
    sqlite3_status64(SQLITE_STATUS_PAGECACHE_USED, &out.reserved, &most, 0);
    sqlite3_status64(SQLITE_STATUS_PAGECACHE_OVERFLOW, &now, &out.malloced, 0);
    return out;
}

void create_many(bool maintain) {
    const TempDir directory;
    StoreOptions options = options_of(directory.path() + "/apps.db");
    options.maintain = maintain;
    const auto store = open_store(options);
    store->init();
    const Org org = make_org(*store);
    write_all(*store, named(org.key, "App", kMany));
    const Pages used = pages();
    const std::size_t made = expect_sound(*store, org.slug).size();
    std::fprintf(stderr, "made %zu, reserved %s, malloc %s\n", made, used.reserved > 0 ? "used" : "unused",
                 used.malloced > 256 * 1024 ? "much" : "little");
}

class SqlitePageMemory : public testing::Test {
  protected:
    void SetUp() override { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

TEST_F(SqlitePageMemory, ServersUseWhatWasReserved) {
    EXPECT_EXIT((create_many(true), _exit(0)), testing::ExitedWithCode(0), "made 3000, reserved used, malloc little");
}

TEST_F(SqlitePageMemory, ToolsUseMalloc) {
    EXPECT_EXIT((create_many(false), _exit(0)), testing::ExitedWithCode(0), "made 3000, reserved unused, malloc much");
}

TEST_F(SqlitePageMemory, LateReservationChangesNothing) {
    EXPECT_EXIT(
        {
            sqlite3_initialize();
            create_many(true);
            _exit(0);
        },
        testing::ExitedWithCode(0), "made 3000, reserved unused, malloc much");
}

}  // namespace
}  // namespace appcreate::test
