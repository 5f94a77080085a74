// The files themselves: who owns them, who may read them, and that a failing init leaves nothing.
#include <sys/stat.h>
#include <unistd.h>

#include "kinds.h"
#include "sqlite_support.h"

namespace appcreate::test {
namespace {

struct stat stat_of(const std::string &path) {
    struct stat info {};
    EXPECT_EQ(stat(path.c_str(), &info), 0) << path;
    return info;
}

TEST(SqliteFiles, AreReadableByOwnerAndGroupOnly) {
    SqliteUnderTest under_test;
    const auto store = under_test.open();
    store->warm();
    for (const char *side : {"", "-wal", "-shm"}) {
        EXPECT_EQ(stat_of(under_test.path() + side).st_mode & 07777, 0640U) << side;
    }
}

TEST(SqliteFiles, MadeByRootBelongToTheDirectorysOwner) {
    if (!is_root()) GTEST_SKIP() << "needs root";
    const TempDir directory;
    ASSERT_EQ(chown(directory.path().c_str(), 65534, 65533), 0);
    const std::string path = directory.path() + "/apps.db";
    Org org;
    {
        const auto store = open_store(options_of(path));
        store->init();
        org = make_org(*store);
        for (const char *side : {"", "-wal", "-shm"}) {
            EXPECT_EQ(stat_of(path + side).st_uid, 65534U) << side;
            EXPECT_EQ(stat_of(path + side).st_gid, 65533U) << side;
        }
    }
    // Its owner can work with what root left.
    EXPECT_TRUE(in_child([&] {
        if (setgid(65533) != 0 || setuid(65534) != 0) return false;
        const auto store = open_store(options_of(path));
        const auto create = named(org.key, "App");
        write_one(*store, *create);
        return code_of(*create) == AC_CODE_OK;
    }));
    // And root with what the owner left.
    const auto store = open_store(options_of(path));
    EXPECT_EQ(expect_sound(*store, org.slug).size(), 1U);
}

TEST(SqliteFiles, InitNeedsItsDirectory) {
    const TempDir directory;
    const auto store = open_store(options_of(directory.path() + "/none/apps.db"));
    EXPECT_EQ(status_of([&] { store->init(); }), AC_EUNAVAILABLE);
    EXPECT_NE(message_of([&] { store->init(); }).find("make a directory of its own"), std::string::npos);
}

TEST(SqliteFiles, AreAStoreWithoutTheirLogAfterInit) {
    SqliteUnderTest under_test;
    const std::string copy = under_test.directory.path() + "/copy.db";
    copy_file(under_test.path(), copy);
    const auto store = open_store(options_of(copy));
    const Org org = make_org(*store);
    EXPECT_EQ(store->app_count(org.slug), 0U);
}

// As a store of the first version is.
TEST(SqliteFiles, InitAddsTheDayOfAKeysUseWhileAnotherServes) {
    SqliteUnderTest under_test;
    const auto administration = under_test.open();
    const Org org = make_org(*administration);
    const auto last_used = [&] {
        const auto keys = rows([&](const RowSink &sink) { administration->key_list(org.slug, sink); });
        return Json::parse(keys.front()).at("/lastUsed").text();
    };
    Stranger(under_test.path()).execute("ALTER TABLE keys DROP COLUMN used_on");
    const auto serving = under_test.serve();
    write_one(*serving, *named(org.key, "One"));
    EXPECT_EQ(last_used(), "null");

    under_test.open()->init();
    auto create = named(org.key, "Two");
    write_one(*serving, *create);
    EXPECT_EQ(create->answer().status, 200);
    EXPECT_NE(last_used(), "null");
    EXPECT_EQ(under_test.log.lines(), std::vector<std::string>());
    expect_sound(*administration, org.id);
}

}  // namespace
}  // namespace appcreate::test
