// What operators and tidy-up jobs do to the files of a store that is in use: replaced, deleted, emptied, cut, linked.
// Nothing that was acknowledged is lost unless it was destroyed, and nothing is acknowledged that will be lost.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <filesystem>
#include <thread>

#include "sqlite/files.h"
#include "sqlite/turn.h"
#include "sqlite_support.h"

namespace appcreate::test {
namespace {

namespace fs = std::filesystem;

// One host with two workers: they share a turn, and each has its own store.
class SqliteReplaced : public testing::Test {
  protected:
    SqliteReplaced() {
        sqlite::init_turn(turn_.data());
        under_test_.open();
        first_ = worker();
        second_ = worker();
        org_ = make_org(*first_);
    }

    std::unique_ptr<Store> worker() {
        StoreOptions options = under_test_.options(3000);
        options.turn = turn_.data();
        options.maintain = true;
        return open_store(options);
    }
    // As a program that is not the gateway's: appctl.
    std::unique_ptr<Store> tool() { return open_store(under_test_.options(5000)); }

    int create(Store &store, std::string_view name = "App") {
        const auto made = named(org_.key, name);
        Pending pending;
        pending.add(made.get());
        store.write(pending.source(), in_ms(3000));
        const int code = code_of(*made);
        if (code == AC_CODE_OK) ++acknowledged_;
        return code;
    }
    // Both workers, one after the other; returns how many were acknowledged.
    int create_many(int n) {
        const std::size_t before = acknowledged_;
        for (int i = 0; i < n; ++i) create(i % 2 == 0 ? *first_ : *second_);
        return static_cast<int>(acknowledged_ - before);
    }
    void expect_recovery() {
        EXPECT_TRUE(eventually([&] { return create(*first_) == AC_CODE_OK && create(*second_) == AC_CODE_OK; }));
    }
    // All that was acknowledged, once, and the file is sound.
    void expect_nothing_lost() {
        const auto store = tool();
        const std::vector<std::string> records = expect_sound(*store, org_.slug);
        EXPECT_GE(records.size(), acknowledged_);
        EXPECT_TRUE(store->check(false, [](std::string_view row) {
            ADD_FAILURE() << row;
            return true;
        }));
    }
    [[nodiscard]] bool has_line(const std::string &text) {
        const auto all = under_test_.lines.all();
        return std::any_of(all.begin(), all.end(),
                           [&](const std::string &line) { return line.find(text) != std::string::npos; });
    }
    void stop() {
        first_.reset();
        second_.reset();
    }
    void start() {
        first_ = worker();
        second_ = worker();
    }
    // As a power cut or `kill -9` leaves the files: a copy of all three, which nobody has open.
    void crash() {
        const std::string away = under_test_.directory.path() + "/crashed";
        fs::create_directory(away);
        for (const char *side : {"", "-wal"}) fs::copy_file(path_ + side, away + "/apps.db" + side);
        stop();
        for (const char *side : {"", "-wal", "-shm"}) fs::remove(path_ + side);
        for (const char *side : {"", "-wal"}) fs::rename(away + "/apps.db" + side, path_ + side);
    }
    std::string backup() {
        std::string to = under_test_.directory.path() + "/backup.db";
        Stranger(path_).exec("VACUUM INTO '" + to + "'");
        saved_ = acknowledged_;
        return to;
    }
    std::int64_t records_in_file_alone() {
        const std::string copy = under_test_.directory.path() + "/alone.db";
        copy_file(path_, copy);
        return Stranger(copy).query("SELECT count(*) FROM applications");
    }

    alignas(64) std::array<unsigned char, AC_TURN_SIZE> turn_{};
    SqliteUnderTest under_test_;
    const std::string path_ = under_test_.path();
    std::unique_ptr<Store> first_, second_;
    Org org_;
    std::size_t acknowledged_ = 0;
    std::size_t saved_ = 0;  // acknowledged when the backup was made
};

// ---- one file, whole by itself

TEST_F(SqliteReplaced, CleanStopLeavesOneFile) {
    create_many(300);
    stop();
    EXPECT_EQ(size_of(path_ + "-wal"), -1);
    EXPECT_EQ(size_of(path_ + "-shm"), -1);
    EXPECT_EQ(records_in_file_alone(), 300);
}

TEST_F(SqliteReplaced, IdleSecondEmptiesTheLogOfOtherProgramsToo) {
    create_many(10);
    tool()->org_set(org_.slug, {}, [](std::string_view) { return true; });
    EXPECT_TRUE(eventually([&] { return size_of(path_ + "-wal") == 0; }));
    EXPECT_EQ(records_in_file_alone(), 10);
    // The workers have the side files open: a tool that ends leaves them.
    EXPECT_EQ(create(*first_), AC_CODE_OK);
    expect_nothing_lost();
}

// ---- a backup in the place of the file

TEST_F(SqliteReplaced, BackupMovedOverTheFile) {
    create_many(40);
    const std::string saved = backup();
    create_many(40);
    fs::rename(saved, path_);
    acknowledged_ = saved_;
    expect_recovery();
    EXPECT_EQ(create_many(20), 20);
    expect_nothing_lost();
    stop();
    EXPECT_EQ(records_in_file_alone(), static_cast<std::int64_t>(acknowledged_)) << "restored, and what came after";
}

TEST_F(SqliteReplaced, BackupMovedOverTheFileOfACrashedHost) {
    create_many(20);
    const std::string saved = backup();
    create_many(20);
    crash();
    // crash() made the files anew: the log is where it was written only for a store that wrote to it since.
    start();
    create_many(2);
    const std::string log = under_test_.directory.path() + "/log";
    fs::copy_file(path_ + "-wal", log);
    stop();
    fs::rename(saved, path_);
    fs::rename(log, path_ + "-wal");
    start();
    const int code = create(*first_);
    // A log that was copied away and back cannot be told from the file's own with certainty: refused, or set aside.
    if (code == AC_CODE_DATABASE) {
        EXPECT_TRUE(has_line("contradict each other"));
        fs::remove(path_ + "-wal");
    }
    acknowledged_ = saved_ + (code == AC_CODE_OK ? 1 : 0);
    expect_recovery();
    expect_nothing_lost();
}

TEST_F(SqliteReplaced, OlderCopyMovedOverTheFileOfACrashedHost) {
    create_many(20);
    ASSERT_TRUE(eventually([&] { return size_of(path_ + "-wal") == 0; }));
    const std::string saved = under_test_.directory.path() + "/saved.db";
    copy_file(path_, saved);
    saved_ = acknowledged_;
    create_many(10);
    ASSERT_TRUE(eventually([&] { return size_of(path_ + "-wal") == 0; }));
    create_many(10);
    crash();
    fs::rename(saved, path_);
    acknowledged_ = saved_;
    start();
    expect_recovery();
    EXPECT_TRUE(has_line("belongs to another file"));
    EXPECT_GT(size_of(path_ + "-wal.replaced"), 0) << "what it held can still be had";
    expect_nothing_lost();
    EXPECT_EQ(list_apps(*tool(), org_.slug).size(), acknowledged_) << "the former log was not mixed in";
}

TEST_F(SqliteReplaced, BackupCopiedOverTheFile) {
    create_many(30);
    const std::string saved = backup();
    ASSERT_TRUE(eventually([&] { return size_of(path_ + "-wal") == 0; }));
    create_many(30);
    copy_file(saved, path_);
    acknowledged_ = saved_;
    expect_recovery();
    expect_nothing_lost();
    EXPECT_EQ(list_apps(*tool(), org_.slug).size(), acknowledged_);
}

TEST_F(SqliteReplaced, CrashedHostComesBackWithAllItAcknowledged) {
    create_many(50);
    crash();
    start();
    expect_recovery();
    expect_nothing_lost();
}

TEST_F(SqliteReplaced, FileOfACrashedHostThatWasNeverCheckpointedSinceItsSchemaChanged) {
    create_many(10);
    Stranger(path_).exec("CREATE INDEX operators_own ON applications(created_at)");
    create_many(10);
    crash();
    start();
    expect_recovery();
    expect_nothing_lost();
}

TEST_F(SqliteReplaced, VacuumUnderTheGateway) {
    create_many(60);
    Stranger(path_).exec("VACUUM");
    EXPECT_EQ(create_many(10), 10);
    Stranger(path_).exec("PRAGMA wal_checkpoint(TRUNCATE)");
    EXPECT_EQ(create_many(10), 10);
    expect_nothing_lost();
}

// ---- links

TEST_F(SqliteReplaced, LinkThatIsSwitchedToAnotherFile) {
    stop();
    const std::string link = under_test_.directory.path() + "/link.db";
    const std::string other = under_test_.directory.path() + "/other.db";
    copy_file(path_, other);
    fs::create_symlink(path_, link);
    StoreOptions options = options_of(link, &under_test_.lines, 3000);
    options.turn = turn_.data();
    options.maintain = true;
    first_ = open_store(options);
    second_ = open_store(options);
    create_many(20);
    fs::create_symlink(other, link + ".new");
    fs::rename(link + ".new", link);
    acknowledged_ = 0;
    EXPECT_EQ(create_many(20), 20);
    stop();
    EXPECT_EQ(size_of(other + "-wal"), -1);
    EXPECT_EQ(Stranger(path_).query("SELECT count(*) FROM applications"), 20) << "the former file has its own";
    EXPECT_EQ(Stranger(other).query("SELECT count(*) FROM applications"), 20);
}

// ---- side files

TEST_F(SqliteReplaced, IndexDeleted) {
    create_many(20);
    fs::remove(path_ + "-shm");
    for (int i = 0; i < 20; ++i) create(i % 2 == 0 ? *first_ : *second_);
    expect_recovery();
    EXPECT_TRUE(has_line("the index of its log was deleted, replaced or cut short"));
    expect_nothing_lost();
}

TEST_F(SqliteReplaced, IndexCutShort) {
    // Enough frames that the index has a second part, which nobody looks at before it is noticed.
    for (int i = 0; i < 6; ++i) write_all(*first_, named(org_.key, "App", 256));
    acknowledged_ += 6 * 256;
    ASSERT_GT(size_of(path_ + "-shm"), 0);
    ASSERT_EQ(truncate((path_ + "-shm").c_str(), size_of(path_ + "-shm") / 2), 0);
    for (int i = 0; i < 10; ++i) create(i % 2 == 0 ? *first_ : *second_);
    expect_recovery();
    expect_nothing_lost();
}

TEST_F(SqliteReplaced, LogDeleted) {
    create_many(40);
    fs::remove(path_ + "-wal");
    for (int i = 0; i < 20; ++i) create(i % 2 == 0 ? *first_ : *second_);
    expect_recovery();
    EXPECT_TRUE(has_line("its log was deleted"));
    expect_nothing_lost();
}

TEST_F(SqliteReplaced, LogAndIndexDeletedThenATool) {
    create_many(40);
    fs::remove(path_ + "-wal");
    fs::remove(path_ + "-shm");
    // Waits until the workers have noticed.
    tool()->org_set(org_.slug, {}, [](std::string_view) { return true; });
    create_many(20);
    expect_recovery();
    expect_nothing_lost();
}

// Opening waits for those who have the deleted index; who asks meanwhile waits no longer than it said.
TEST_F(SqliteReplaced, LookUpDoesNotOutlastItsDeadlineBehindAnOpen) {
    stop();
    auto holder = tool();
    holder->warm();
    fs::remove(path_ + "-shm");
    const auto waiting = tool();
    std::atomic<bool> is_open = false;
    std::thread opener([&] {
        waiting->warm();
        is_open = true;
    });
    ac_lookup lookup{};
    const ac_status status = status_of([&] { waiting->find_keys({&lookup, 1}, in_ms(50)); });
    EXPECT_FALSE(is_open);
    EXPECT_TRUE(status == AC_ETIMEOUT || status == AC_EUNAVAILABLE) << status;
    holder.reset();
    opener.join();
    EXPECT_EQ(find_key(*waiting, org_.token).found, 1);
}

TEST_F(SqliteReplaced, LogEmptied) {
    create_many(20);
    ASSERT_TRUE(eventually([&] { return size_of(path_ + "-wal") == 0; }));
    const std::size_t safe = acknowledged_;
    create_many(20);
    ASSERT_EQ(truncate((path_ + "-wal").c_str(), 0), 0);
    acknowledged_ = safe;  // the rest was destroyed
    expect_recovery();
    EXPECT_TRUE(has_line("its log was emptied or cut short"));
    expect_nothing_lost();
}

// ---- the file emptied or cut

TEST_F(SqliteReplaced, FileEmptied) {
    create_many(20);
    const std::string saved = backup();
    ASSERT_EQ(truncate(path_.c_str(), 0), 0);
    EXPECT_EQ(create_many(10), 0) << "acknowledged and lost";
    EXPECT_TRUE(has_line("emptied"));
    EXPECT_FALSE(has_line(" init"));
    EXPECT_NE(status_of([&] { tool()->org_list([](std::string_view) { return true; }); }), AC_OK);
    EXPECT_NE(status_of([&] { tool()->init(); }), AC_OK) << "an empty store over what was one";
    EXPECT_EQ(size_of(path_), 0);
    EXPECT_GT(size_of(path_ + "-wal"), 0) << "what could still be recovered";
    fs::remove(path_ + "-wal");
    fs::rename(saved, path_);
    acknowledged_ = saved_;
    expect_recovery();
    expect_nothing_lost();
}

TEST_F(SqliteReplaced, FileCutShort) {
    create_many(200);
    const std::string saved = backup();
    ASSERT_TRUE(eventually([&] { return size_of(path_ + "-wal") == 0; }));
    create_many(2);
    ASSERT_EQ(truncate(path_.c_str(), size_of(path_) / 2), 0);
    EXPECT_EQ(create_many(10), 0);
    EXPECT_TRUE(has_line("emptied or cut short"));
    stop();
    start();
    EXPECT_EQ(create_many(4), 0) << "also by who comes later";
    fs::remove(path_ + "-wal");
    fs::rename(saved, path_);
    acknowledged_ = saved_;
    expect_recovery();
    expect_nothing_lost();
}

// A page in the middle is overwritten: who met it tells the other, and nothing is acknowledged until the file is
// another.
TEST_F(SqliteReplaced, DamageThatOneWorkerMeetsStopsBoth) {
    create_many(200);
    const std::string saved = backup();
    ASSERT_TRUE(eventually([&] { return size_of(path_ + "-wal") == 0; }));
    const std::int64_t root = Stranger(path_).query("SELECT rootpage FROM sqlite_schema WHERE name = 'applications'");
    {
        std::FILE *file = std::fopen(path_.c_str(), "r+b");
        ASSERT_NE(file, nullptr);
        ASSERT_EQ(std::fseek(file, (root - 1) * 4096, SEEK_SET), 0);
        const std::string junk(4096, '\xee');
        ASSERT_EQ(std::fwrite(junk.data(), 1, junk.size(), file), junk.size());
        std::fclose(file);
    }
    // Who has not read the page since goes on; a new worker meets it.
    const auto third = worker();
    EXPECT_TRUE(eventually([&] { return create(*third) == AC_CODE_DATABASE; }));
    EXPECT_EQ(create_many(10), 0);
    EXPECT_TRUE(has_line("the file is damaged"));
    fs::rename(saved, path_);
    acknowledged_ = saved_;
    expect_recovery();
    EXPECT_TRUE(eventually([&] { return create(*third) == AC_CODE_OK; }));
    expect_nothing_lost();
}

}  // namespace
}  // namespace appcreate::test
