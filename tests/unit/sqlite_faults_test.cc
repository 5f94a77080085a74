// What can be wrong with the store's file: creates are refused with 3002 in time, one line of log says what to do, and
// all is well again once it is mended, without a new handle.
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <thread>

#include "kinds.h"
#include "sqlite_support.h"

namespace appcreate::test {
namespace {

class SqliteFaults : public testing::Test {
  protected:
    // A create through `store`; its code.
    static int create(Store &store, const Org &org, std::string_view name = "App", std::int64_t ms = 20'000) {
        const auto made = named(org.key, name);
        Pending pending;
        pending.add(made.get());
        store.write(pending.source(), in_ms(ms));
        EXPECT_EQ(pending.done_count(), 1U);
        return code_of(*made);
    }
    [[nodiscard]] std::size_t lines_with(const std::string &text) {
        const auto all = under_test_.log.lines();
        return static_cast<std::size_t>(std::count_if(
            all.begin(), all.end(), [&](const std::string &line) { return line.find(text) != std::string::npos; }));
    }
    void rename(const std::string &from, const std::string &to) { ASSERT_EQ(std::rename(from.c_str(), to.c_str()), 0); }

    SqliteUnderTest under_test_;
    std::unique_ptr<Store> store_ = under_test_.open();
    const Org org_ = make_org(*store_);
    const std::string path_ = under_test_.path();
};

TEST_F(SqliteFaults, LockedByAnotherProgram) {
    const auto store = open_store(under_test_.options(100));
    Stranger stranger(path_);
    stranger.execute("BEGIN IMMEDIATE");
    const Deadline deadline = in_ms(100);
    EXPECT_EQ(create(*store, org_, "App", 100), AC_CODE_DATABASE);
    EXPECT_GE(monotonic_ns(), deadline);
    EXPECT_EQ(lines_with("writing fails"), 1U);
    EXPECT_EQ(lines_with(path_), 1U);
    EXPECT_EQ(lines_with("end that program's transaction"), 1U);
    EXPECT_EQ(status_of([&] { store->org_set(org_.slug, {}, [](std::string_view) { return true; }); }), AC_ETIMEOUT);
    // Reading goes on.
    EXPECT_EQ(find_key(*store, org_.token).found, 1);
    stranger.execute("ROLLBACK");
    EXPECT_EQ(create(*store, org_), AC_CODE_OK);
    EXPECT_EQ(lines_with("writing works again"), 1U);
    EXPECT_EQ(expect_sound(*store, org_.slug).size(), 1U);
}

TEST_F(SqliteFaults, WaitsForALockThatIsGivenUpInTime) {
    Stranger stranger(path_);
    stranger.execute("BEGIN IMMEDIATE");
    Pending pending;
    const auto made = named(org_.key, "App");
    pending.add(made.get());
    std::thread writer([&] { store_->write(pending.source(), in_ms(20'000)); });
    usleep(50'000);
    stranger.execute("ROLLBACK");
    writer.join();
    EXPECT_EQ(code_of(*made), AC_CODE_OK);
}

TEST_F(SqliteFaults, FailureRefusesAllThatIsPendingAndReturns) {
    const auto store = open_store(under_test_.options(50));
    Stranger stranger(path_);
    stranger.execute("BEGIN IMMEDIATE");
    const auto creates = named(org_.key, "App", 700);
    Pending pending;
    pending.add(creates);
    store->write(pending.source(), in_ms(50));
    EXPECT_EQ(pending.done_count(), creates.size());
    EXPECT_TRUE(std::all_of(creates.begin(), creates.end(),
                            [](const auto &create) { return code_of(*create) == AC_CODE_DATABASE; }));
    EXPECT_EQ(lines_with("writing fails"), 1U);
}

TEST_F(SqliteFaults, MissingFile) {
    const std::string path = under_test_.directory.path() + "/missing.db";
    HostLog log;
    const auto store = open_store(options_of(path, &log));
    for (int i = 0; i < 3; ++i) EXPECT_EQ(create(*store, org_), AC_CODE_DATABASE);
    EXPECT_EQ(file_size(path), -1) << "a store is made by init only";
    ASSERT_EQ(log.lines().size(), 1U);
    EXPECT_NE(log.lines()[0].find("run \"appctl --store sqlite:" + path + " init\""), std::string::npos);
    ac_lookup lookup{};
    EXPECT_EQ(status_of([&] { store->find_keys({&lookup, 1}, in_ms(1000)); }), AC_EUNAVAILABLE);
    EXPECT_EQ(status_of([&] { store->warm(); }), AC_EUNAVAILABLE);
    under_test_.open();
    open_store(options_of(path))->init();
    EXPECT_EQ(create(*store, make_org(*store)), AC_CODE_OK);
}

TEST_F(SqliteFaults, EmptyFileIsNoStoreAndIsNotMadeOne) {
    const std::string path = under_test_.directory.path() + "/empty.db";
    write_file(path, "");
    const auto store = open_store(options_of(path));
    EXPECT_EQ(status_of([&] { store->warm(); }), AC_EVERSION);
    EXPECT_NE(message_of([&] { store->warm(); }).find("remove it and run"), std::string::npos);
    EXPECT_EQ(create(*store, org_), AC_CODE_DATABASE);
    EXPECT_EQ(status_of([&] { store->init(); }), AC_EVERSION) << "it may have been a store that was emptied";
    EXPECT_EQ(file_size(path), 0);
    std::remove(path.c_str());
    store->init();
    EXPECT_EQ(create(*store, make_org(*store)), AC_CODE_OK);
}

TEST_F(SqliteFaults, AnotherProgramsDatabaseIsNotTouched) {
    const std::string path = under_test_.directory.path() + "/foreign.db";
    Stranger(path).execute("CREATE TABLE t(x); PRAGMA user_version=1");
    const auto store = open_store(options_of(path));
    EXPECT_EQ(create(*store, org_), AC_CODE_DATABASE);
    EXPECT_EQ(status_of([&] { store->init(); }), AC_EUNAVAILABLE);
    EXPECT_NE(message_of([&] { store->warm(); }).find("another program"), std::string::npos);
    EXPECT_EQ(file_size(path + "-wal"), -1);
    Stranger stranger(path);
    EXPECT_EQ(stranger.number("SELECT count(*) FROM sqlite_schema"), 1);
    EXPECT_EQ(stranger.number("PRAGMA user_version"), 1);
}

TEST_F(SqliteFaults, FileThatIsNoDatabase) {
    const std::string path = under_test_.directory.path() + "/text.db";
    write_file(path, std::string(8192, 'x'));
    HostLog log;
    const auto store = open_store(options_of(path, &log));
    EXPECT_EQ(create(*store, org_), AC_CODE_DATABASE);
    EXPECT_EQ(status_of([&] { store->init(); }), AC_EUNAVAILABLE);
    ASSERT_EQ(log.lines().size(), 1U);
    EXPECT_NE(log.lines()[0].find("\"" + path + "\""), std::string::npos);
    EXPECT_NE(log.lines()[0].find("name another file"), std::string::npos);
    std::remove(path.c_str());
    store->init();
    EXPECT_EQ(create(*store, make_org(*store)), AC_CODE_OK);
}

TEST_F(SqliteFaults, PathIsADirectory) {
    const auto store = open_store(options_of(under_test_.directory.path()));
    EXPECT_NE(message_of([&] { store->warm(); }).find("add a file name"), std::string::npos);
    EXPECT_EQ(create(*store, org_), AC_CODE_DATABASE);
}

TEST_F(SqliteFaults, DamagedFile) {
    write_all(*store_, named(org_.key, "App", 200));
    Stranger(path_).execute("PRAGMA wal_checkpoint(TRUNCATE)");
    store_.reset();
    const std::string copy = under_test_.directory.path() + "/copy.db";
    copy_file(path_, copy);
    {
        std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
        for (std::int64_t page = 1; page < file_size(path_) / 4096; ++page) {
            file.seekp(page * 4096);
            file << std::string(512, '\xee');
        }
    }
    const auto store = under_test_.open();
    EXPECT_EQ(create(*store, org_), AC_CODE_DATABASE);
    EXPECT_EQ(create(*store, org_), AC_CODE_DATABASE);
    EXPECT_EQ(lines_with("writing fails"), 1U);
    EXPECT_EQ(lines_with("then restore a backup"), 1U);
    EXPECT_FALSE(store->check(false, [](std::string_view) { return true; }));
    rename(copy, path_);
    EXPECT_EQ(create(*store, org_), AC_CODE_OK);
    EXPECT_EQ(expect_sound(*store, org_.slug).size(), 201U);
}

TEST_F(SqliteFaults, ReadOnlyFile) {
    if (!is_root()) GTEST_SKIP() << "needs root, to become another user";
    create(*store_, org_);
    store_.reset();
    ASSERT_EQ(chmod(under_test_.directory.path().c_str(), 0777), 0);
    ASSERT_EQ(chmod(path_.c_str(), 0444), 0);
    const bool is_refused = in_child([&] {
        if (setgid(65534) != 0 || setuid(65534) != 0) return false;
        HostLog log;
        const auto store = open_store(options_of(path_, &log));
        return create(*store, org_) == AC_CODE_DATABASE && log.lines().size() == 1 &&
               log.lines()[0].find("a directory of its own") != std::string::npos;
    });
    EXPECT_TRUE(is_refused);
    ASSERT_EQ(chmod(path_.c_str(), 0666), 0);
    EXPECT_TRUE(in_child([&] {
        if (setgid(65534) != 0 || setuid(65534) != 0) return false;
        return create(*open_store(options_of(path_)), org_) == AC_CODE_OK;
    }));
}

TEST_F(SqliteFaults, FullDisk) {
    if (!is_root()) GTEST_SKIP() << "needs root, to mount a small file system";
    const std::string mount_point = under_test_.directory.path() + "/small";
    ASSERT_EQ(mkdir(mount_point.c_str(), 0755), 0);
    if (mount("none", mount_point.c_str(), "tmpfs", 0, "size=2m") != 0) GTEST_SKIP() << "mounting is not allowed here";
    struct Unmount {
        std::string path;
        ~Unmount() { umount2(path.c_str(), MNT_DETACH); }
    } const unmount{mount_point};
    const std::string path = mount_point + "/apps.db";
    HostLog log;
    const auto store = open_store(options_of(path, &log));
    store->init();
    const Org org = make_org(*store);
    write_file(mount_point + "/ballast", std::string(512 << 10, 'x'));
    std::size_t made = 0;
    int code = AC_CODE_OK;
    for (; code == AC_CODE_OK && made < 2000; ++made) code = create(*store, org);
    EXPECT_EQ(code, AC_CODE_DATABASE);
    EXPECT_EQ(create(*store, org), AC_CODE_DATABASE);
    ASSERT_EQ(log.lines().size(), 1U);
    EXPECT_NE(log.lines()[0].find("free space"), std::string::npos) << log.lines()[0];
    std::remove((mount_point + "/ballast").c_str());
    EXPECT_EQ(create(*store, org), AC_CODE_OK);
    ASSERT_EQ(log.lines().size(), 2U);
    EXPECT_EQ(expect_sound(*store, org.slug).size(), made);
    EXPECT_EQ(Json::parse(list_apps(*store, org.slug).back()).string("/slug"), "app-" + std::to_string(made))
        << "the numbers of the refused ones are not remembered";
}

// ---- versions

TEST_F(SqliteFaults, SchemaTooNewAndReadableAgain) {
    EXPECT_EQ(create(*store_, org_), AC_CODE_OK);
    {
        Stranger stranger(path_);
        stranger.execute("UPDATE meta SET value = 99 WHERE name = 'readable_from'; PRAGMA user_version = 99");
    }
    EXPECT_EQ(create(*store_, org_), AC_CODE_DATABASE);
    EXPECT_EQ(status_of([&] { find_key(*store_, org_.token); }), AC_EVERSION);
    EXPECT_EQ(status_of([&] { store_->init(); }), AC_EVERSION);
    EXPECT_EQ(lines_with("install a newer version"), 2U);
    // An addition that this library can live with.
    Stranger(path_).execute("UPDATE meta SET value = 1 WHERE name = 'readable_from'");
    EXPECT_EQ(create(*store_, org_), AC_CODE_OK);
    EXPECT_EQ(find_key(*store_, org_.token).found, 1);
    store_->init();
    EXPECT_EQ(Stranger(path_).number("PRAGMA user_version"), 99);
}

TEST_F(SqliteFaults, SchemaTooOldRecoversAfterInit) {
    const std::string path = under_test_.directory.path() + "/old.db";
    Stranger(path).execute("PRAGMA journal_mode=WAL; PRAGMA application_id=" + std::to_string(0x61637274));
    const auto store = open_store(options_of(path));
    EXPECT_EQ(status_of([&] { store->warm(); }), AC_EVERSION);
    EXPECT_NE(message_of([&] { store->warm(); }).find("appctl --store sqlite:" + path + " init"), std::string::npos);
    EXPECT_EQ(create(*store, org_), AC_CODE_DATABASE);
    open_store(options_of(path))->init();
    EXPECT_EQ(create(*store, make_org(*store)), AC_CODE_OK);
}

// ---- the file is replaced while it is served

TEST_F(SqliteFaults, ReplacedByABackup) {
    EXPECT_EQ(create(*store_, org_, "Kept"), AC_CODE_OK);
    const std::string backup = under_test_.directory.path() + "/backup.db";
    Stranger(path_).execute("VACUUM INTO '" + backup + "'");
    EXPECT_EQ(create(*store_, org_, "Lost"), AC_CODE_OK);
    EXPECT_EQ(find_key(*store_, org_.token).found, 1);
    rename(backup, path_);
    EXPECT_EQ(create(*store_, org_, "After"), AC_CODE_OK);
    const std::vector<std::string> apps = list_apps(*store_, org_.slug);
    ASSERT_EQ(apps.size(), 2U);
    EXPECT_EQ(Json::parse(apps[0]).string("/slug"), "kept");
    EXPECT_EQ(Json::parse(apps[1]).string("/slug"), "after");
    // Another process sees the same: the old log is gone.
    EXPECT_EQ(expect_sound(*under_test_.open(), org_.slug).size(), 2U);
}

TEST_F(SqliteFaults, ReplacedWithItsSideFilesRemoved) {
    EXPECT_EQ(create(*store_, org_, "Kept"), AC_CODE_OK);
    const std::string backup = under_test_.directory.path() + "/backup.db";
    Stranger(path_).execute("VACUUM INTO '" + backup + "'");
    rename(backup, path_);
    for (const char *side : {"-wal", "-shm"}) ASSERT_EQ(std::remove((path_ + side).c_str()), 0);
    EXPECT_EQ(find_key(*store_, org_.token).found, 1);
    EXPECT_EQ(create(*store_, org_), AC_CODE_OK);
    EXPECT_EQ(expect_sound(*under_test_.open(), org_.slug).size(), 2U);
}

TEST_F(SqliteFaults, MovedAwayAndBack) {
    EXPECT_EQ(create(*store_, org_, "Before"), AC_CODE_OK);
    const std::string away = under_test_.directory.path() + "/away.db";
    rename(path_, away);
    EXPECT_EQ(create(*store_, org_), AC_CODE_DATABASE);
    EXPECT_EQ(status_of([&] { find_key(*store_, org_.token); }), AC_EUNAVAILABLE);
    EXPECT_EQ(lines_with("the file is gone"), 2U) << "writing and looking up";
    EXPECT_EQ(lines_with(" init"), 0U) << "there was a store";
    rename(away, path_);
    // All that was acknowledged is there: the log was left alone.
    EXPECT_EQ(list_apps(*store_, org_.slug).size(), 1U);
    EXPECT_EQ(create(*store_, org_, "After"), AC_CODE_OK);
    EXPECT_EQ(expect_sound(*under_test_.open(), org_.slug).size(), 2U);
}

// ---- a batch that is rolled back after its creates had their slugs

TEST_F(SqliteFaults, RolledBackBatchLeavesNothing) {
    EXPECT_EQ(create(*store_, org_), AC_CODE_OK);
    // The count is stored last; an index whose expression overflows makes it fail there.
    Stranger(path_).execute(
        "CREATE INDEX spoil ON organizations(abs(CASE WHEN applications > 1"
        " THEN -9223372036854775807 - 1 ELSE rowid END))");
    const auto refused = named(org_.key, "App", 3);
    write_all(*store_, refused);
    for (const auto &one : refused) {
        EXPECT_EQ(code_of(*one), AC_CODE_DATABASE);
        EXPECT_EQ(id_of(*one), "");
        EXPECT_EQ(slug_of(*one), "");
    }
    Stranger(path_).execute("DROP INDEX spoil");
    const auto made = named(org_.key, "App");
    write_one(*store_, *made);
    EXPECT_EQ(slug_of(*made), "app-2") << "numbers of the refused ones are not remembered";
    EXPECT_EQ(expect_sound(*store_, org_.slug).size(), 2U);
}

}  // namespace
}  // namespace appcreate::test
