// What operators and tidy-up jobs do to the files of a store that is in use: replaced, deleted, emptied, cut, linked.
// Nothing that was acknowledged is lost unless it was destroyed, and nothing is acknowledged that will be lost.
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <thread>

#include "sqlite/file/files.h"
#include "sqlite_replaced.h"

namespace appcreate::test {
namespace {

constexpr char kRootOfMeta[] = "SELECT rootpage FROM sqlite_schema WHERE name = 'meta'";

// ---- one file, whole by itself

TEST_F(SqliteReplaced, CleanStopLeavesOneFile) {
    create_many(300);
    stop();
    EXPECT_EQ(file_size(path_ + "-wal"), -1);
    EXPECT_EQ(file_size(path_ + "-shm"), -1);
    EXPECT_EQ(records_in_file_alone(), 300);
}

TEST_F(SqliteReplaced, IdleSecondEmptiesTheLogOfOtherProgramsToo) {
    create_many(10);
    tool()->org_set(org_.slug, {}, [](std::string_view) { return true; });
    EXPECT_TRUE(eventually([&] { return file_size(path_ + "-wal") == 0; }));
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
    // A log that was copied away and back.
    acknowledged_ = saved_;
    start();
    expect_served_without_the_log();
}

TEST_F(SqliteReplaced, OlderCopyMovedOverTheFileOfACrashedHost) {
    create_many(20);
    become_idle();
    const std::string saved = under_test_.directory.path() + "/saved.db";
    copy_file(path_, saved);
    saved_ = acknowledged_;
    create_many(10);
    become_idle_for_good();
    create_many(10);
    crash();
    fs::rename(saved, path_);
    acknowledged_ = saved_;
    start();
    expect_recovery();
    EXPECT_TRUE(has_line("belongs to another file"));
    EXPECT_GT(file_size(path_ + "-wal.replaced"), 0) << "what it held can still be had";
    expect_nothing_lost();
    EXPECT_EQ(list_apps(*tool(), org_.slug).size(), acknowledged_) << "the former log was not mixed in";
}

TEST_F(SqliteReplaced, BackupCopiedOverTheFile) {
    create_many(30);
    const std::string saved = backup();
    become_idle();
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
    Stranger(path_).execute("CREATE INDEX operators_own ON applications(created_at)");
    create_many(10);
    crash();
    start();
    expect_recovery();
    expect_nothing_lost();
}

TEST_F(SqliteReplaced, VacuumUnderTheGateway) {
    create_many(60);
    Stranger(path_).execute("VACUUM");
    EXPECT_EQ(create_many(10), 10);
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
    StoreOptions options = options_of(link, &under_test_.log, 3000);
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
    EXPECT_EQ(file_size(other + "-wal"), -1);
    EXPECT_EQ(Stranger(path_).number("SELECT count(*) FROM applications"), 20) << "the former file has its own";
    EXPECT_EQ(Stranger(other).number("SELECT count(*) FROM applications"), 20);
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
    ASSERT_GT(file_size(path_ + "-shm"), 0);
    ASSERT_EQ(truncate((path_ + "-shm").c_str(), file_size(path_ + "-shm") / 2), 0);
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

// Who deletes the log may be about to copy over the file: a part of that, mixed with what the log held, need not be met
// by creates.
TEST_F(SqliteReplaced, FileWrittenToAsItsLogIsDeleted) {
    create_many(40);
    const std::string saved = backup();
    become_idle();
    create_many(4);
    damage("providers_organization");
    fs::remove(path_ + "-wal");
    EXPECT_EQ(create_many(10), 0);
    EXPECT_TRUE(has_line("its log was deleted"));
    EXPECT_TRUE(has_line("the file is damaged"));
    expect_served_anew(saved);
}

TEST_F(SqliteReplaced, PartOfAFileCopiedOverIt) {
    create_many(40);
    const std::string saved = backup();
    const std::string older = page_copy();
    become_idle();
    create_many(4);
    become_idle();
    copy_file(older, path_);
    damage("providers_organization");
    EXPECT_EQ(create_many(10), 0);
    EXPECT_TRUE(has_line("the file is damaged"));
    expect_served_anew(saved);
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
    const auto waiting = open_store(under_test_.options());
    std::atomic<bool> is_open = false;
    std::thread opener([&] {
        waiting->warm();
        is_open = true;
    });
    ac_lookup lookup{};
    const auto status = [&] { return status_of([&] { waiting->find_keys({&lookup, 1}, in_ms(50)); }); };
    EXPECT_TRUE(eventually([&] { return status() == AC_ETIMEOUT; })) << "it waits for another one that opens";
    EXPECT_FALSE(is_open);
    holder.reset();
    opener.join();
    EXPECT_EQ(find_key(*waiting, org_.token).found, 1);
}

TEST_F(SqliteReplaced, LogEmptied) {
    create_many(20);
    become_idle_for_good();
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
    EXPECT_EQ(file_size(path_), 0);
    EXPECT_GT(file_size(path_ + "-wal"), 0) << "what could still be recovered";
    fs::remove(path_ + "-wal");
    expect_served_anew(saved);
}

// A connection that is opened then would take the log away, and say that there never was a store.
TEST_F(SqliteReplaced, FileEmptiedBeforeASecondConnectionIsOpened) {
    create_many(20);
    stop();
    start();
    create(*first_);
    ASSERT_EQ(truncate(path_.c_str(), 0), 0);
    ac_lookup lookup{};
    EXPECT_NE(status_of([&] { first_->find_keys({&lookup, 1}, in_ms(1000)); }), AC_OK);
    EXPECT_TRUE(has_line("emptied"));
    EXPECT_FALSE(has_line(" init"));
    EXPECT_GT(file_size(path_ + "-wal"), 0) << "what could still be recovered";
}

TEST_F(SqliteReplaced, FileCutShort) {
    create_many(200);
    const std::string saved = backup();
    become_idle();
    create_many(2);
    ASSERT_EQ(truncate(path_.c_str(), file_size(path_) / 2), 0);
    EXPECT_EQ(create_many(10), 0);
    EXPECT_TRUE(has_line("emptied or cut short"));
    stop();
    start();
    EXPECT_EQ(create_many(4), 0) << "also by who comes later";
    fs::remove(path_ + "-wal");
    expect_served_anew(saved);
}

// A restore made the file shorter, and the checkpoint after it finds no room: the file says that it is longer than it
// is, to a worker that has not looked at it since, and all that is missing is in the log.
TEST_F(SqliteReplaced, CheckpointThatFindsNoRoomCutsNothing) {
    const std::string small = page_copy();
    create_many(300);
    restart_without_upkeep();
    second_ = worker(false);
    ASSERT_TRUE(tool()->restore(small, true, {}));
    acknowledged_ = saved_;
    for (int i = 0; i < 80; ++i) ASSERT_EQ(create(*second_), AC_CODE_OK);
    checkpoint_with_room_for(file_size(path_) + 2 * 4096);
    ASSERT_LT(file_size(path_), 4096 * Stranger(path_).number("PRAGMA page_count"));
    EXPECT_EQ(create(*first_), AC_CODE_OK);
    const auto newcomer = worker();
    EXPECT_EQ(create(*newcomer), AC_CODE_OK);
    EXPECT_FALSE(has_line("cut short"));
    EXPECT_FALSE(has_line("damaged"));
    expect_nothing_lost();
}

// The first page says where tables are since a VACUUM, and there the file has what was there before it: nothing can be
// read of the file alone, and nothing is missing.
TEST_F(SqliteReplaced, CheckpointOfAVacuumThatFindsNoRoomCutsNothing) {
    create_many(300);
    restart_without_upkeep();
    const std::int64_t before = Stranger(path_).number(kRootOfMeta);
    Stranger(path_).execute("PRAGMA auto_vacuum = FULL; VACUUM");  // takes a page at the beginning for itself
    ASSERT_NE(Stranger(path_).number(kRootOfMeta), before);
    checkpoint_with_room_for(4096);
    EXPECT_THROW(records_in_file_alone(), std::runtime_error);
    EXPECT_EQ(create(*first_), AC_CODE_OK);
    second_ = worker(false);
    EXPECT_EQ(create(*second_), AC_CODE_OK);
    EXPECT_EQ(create(*second_), AC_CODE_OK);
    EXPECT_FALSE(has_line("cut short"));
    EXPECT_FALSE(has_line("damaged"));
    expect_nothing_lost();
}

// The end of that checkpoint makes the file look right, and mends nothing.
TEST_F(SqliteReplaced, FileThatWasSeenCutAndDamagedStaysSo) {
    create_many(20);
    restart_without_upkeep();
    for (int i = 0; i < 80; ++i) ASSERT_EQ(create(*first_), AC_CODE_OK);
    checkpoint_with_room_for(file_size(path_) + 2 * 4096);
    damage("providers_organization");  // neither creates nor look-ups read it
    const auto newcomer = worker();
    EXPECT_EQ(create(*newcomer), AC_CODE_DATABASE);
    EXPECT_TRUE(has_line("damaged"));
    {
        Stranger stranger(path_);
        stranger.number("SELECT 1 FROM sqlite_schema LIMIT 1");  // opens the log
        ASSERT_EQ(sqlite3_wal_checkpoint_v2(stranger.raw(), nullptr, SQLITE_CHECKPOINT_FULL, nullptr, nullptr),
                  SQLITE_OK);
        ASSERT_EQ(file_size(path_), 4096 * stranger.number("PRAGMA page_count"));
    }
    EXPECT_EQ(create(*newcomer), AC_CODE_DATABASE);
    EXPECT_EQ(create(*first_), AC_CODE_DATABASE);
    EXPECT_TRUE(fs::exists(path_ + ".damaged"));
}

// A page in the middle is overwritten: who met it tells the other, and nothing is acknowledged until the file is
// another.
TEST_F(SqliteReplaced, DamageThatOneWorkerMeetsStopsBoth) {
    create_many(200);
    const std::string saved = backup();
    become_idle();
    damage("applications");
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

// A tool, or a checkpoint of a worker that did not know yet, writes to the file: that makes it no other one.
TEST_F(SqliteReplaced, DamagedFileThatIsWrittenToStaysDamaged) {
    create_many(20);
    const std::string saved = backup();
    become_idle();
    stop();
    damage("keys");
    start();
    create_many(2);
    EXPECT_NE(status_of([&] { find_key(*first_, org_.token); }), AC_OK);
    EXPECT_EQ(create_many(4), 0);
    Stranger(path_).execute("UPDATE organizations SET name = name");
    EXPECT_EQ(create_many(10), 0);
    // In its place, and whole.
    copy_file(saved, path_);
    acknowledged_ = saved_;
    expect_recovery();
    EXPECT_EQ(find_key(*first_, org_.token).found, 1);
    expect_nothing_lost();
}

}  // namespace
}  // namespace appcreate::test
