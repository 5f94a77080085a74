// Whose the log beside a file is: whatever copy of whatever moment is put beside whatever log, the file that lies there
// is served, alone or with its own log, and nothing is mixed.
#include <unistd.h>

#include <chrono>
#include <memory>
#include <thread>

#include "sqlite_replaced.h"

namespace appcreate::test {
namespace {

class SqlitePairing : public SqliteReplaced {
  protected:
    void put_over_crashed(const std::string &saved) {
        ASSERT_GT(file_size(path_ + "-wal"), 0);
        crash();
        copy_file(saved, path_);
        acknowledged_ = saved_;
        start();
    }
};

// The copy is of an epoch whose last commit is the file's state now: of the epoch, but not of that state.
TEST_F(SqlitePairing, CopyOfBeforeTheLastCheckpointIsCopiedOverTheFile) {
    create_many(20);
    const std::string saved = page_copy();
    create_many(200);
    become_idle();
    create_many(20);
    copy_file(saved, path_);
    acknowledged_ = saved_;
    expect_served_without_the_log();
}

TEST_F(SqlitePairing, CopyOfBeforeTheLastCheckpointIsCopiedOverACrashedFile) {
    create_many(20);
    const std::string saved = page_copy();
    create_many(200);
    become_idle_for_good();
    create_many(20);
    put_over_crashed(saved);
    expect_served_without_the_log();
}

// The log has all that came after it.
TEST_F(SqlitePairing, CopyOfSinceTheLastCheckpointIsCopiedOverACrashedFile) {
    create_many(20);
    become_idle_for_good();
    create_many(20);
    const std::string saved = page_copy();
    create_many(20);
    const std::size_t all = acknowledged_;
    put_over_crashed(saved);
    acknowledged_ = all;
    expect_recovery();
    expect_nothing_lost();
    EXPECT_EQ(file_size(path_ + "-wal.replaced"), -1);
}

// A VACUUM INTO lays the pages out anew: no log is its own, although it shows the commit that the log continues.
TEST_F(SqlitePairing, VacuumedCopyOfTheSameEpochIsCopiedOverACrashedFile) {
    create_many(20);
    become_idle_for_good();
    create_many(20);
    const std::string saved = backup();
    create_many(2);
    put_over_crashed(saved);
    expect_served_without_the_log();
}

// SQLite calls it malformed: the file says that it has more pages than the log knows of.
TEST_F(SqlitePairing, LargerFileIsPutBesideTheLogOfASmallerOne) {
    const std::string small = page_copy();
    create_many(300);
    const std::string large = under_test_.directory.path() + "/large.db";
    EXPECT_TRUE(tool()->backup(large, true, {}));
    const std::size_t of_large = acknowledged_;
    stop();
    fs::rename(small, path_);
    acknowledged_ = 0;
    start();
    create_many(2);
    become_idle_for_good();
    create_many(1);
    saved_ = of_large;
    put_over_crashed(large);
    expect_served_without_the_log();
}

// The new content of a file that another program brings the log into is in the log alone; those that had found the old
// content damaged take it.
TEST_F(SqlitePairing, RestoreOfADamagedFileWhoseLogIsLeftToAnotherProgram) {
    create_many(20);
    const std::string saved = page_copy();
    become_idle();
    stop();
    damage("keys");
    StoreOptions options = under_test_.options(3000);
    options.uri.external_checkpoint = true;
    const auto tool = open_store(options);
    options.turn = turn_.data();
    options.maintain = true;
    first_ = open_store(options);
    second_ = open_store(options);
    EXPECT_NE(status_of([&] { find_key(*first_, org_.token); }), AC_OK);
    EXPECT_EQ(create_many(4), 0);
    tool->restore(saved, true, {});
    acknowledged_ = saved_;
    expect_recovery();
    EXPECT_EQ(find_key(*second_, org_.token).found, 1);
    expect_nothing_lost();
}

// Nobody who has the WAL open has met yet that it was cut short: its content cannot change in a transaction.
TEST_F(SqlitePairing, RestoreOverAWalThatWasCutUnderThoseWhoHaveItOpen) {
    for (const bool is_emptied : {false, true}) {
        create_many(20);
        const std::string saved = page_copy();
        become_idle();
        create_many(20);
        const std::int64_t size = file_size(path_ + "-wal");
        ASSERT_GT(size, 0);
        ASSERT_EQ(::truncate((path_ + "-wal").c_str(), is_emptied ? 0 : size / 2), 0);
        EXPECT_EQ(message_of([&] { tool()->restore(saved, true, {}); }), "") << is_emptied;
        acknowledged_ = saved_;
        expect_recovery();
        expect_nothing_lost();
        for (const char *kept : {"", "-wal", "-shm"}) fs::remove(path_ + ".before-restore" + kept);
    }
}

// As who reads a file first after a crash does for a moment.
TEST_F(SqlitePairing, RestoreWaitsForWhoHasTheFileLocked) {
    create_many(20);
    const std::string saved = page_copy();
    create_many(4);
    stop();
    auto holder = std::make_unique<Stranger>(path_);
    holder->execute("PRAGMA locking_mode=EXCLUSIVE; BEGIN IMMEDIATE; UPDATE organizations SET name = name");
    const std::jthread letting_go([&] {
        EXPECT_TRUE(eventually([&] { return fs::exists(path_ + ".restore.part"); }));
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
        holder.reset();
    });
    EXPECT_EQ(status_of([&] { tool()->restore(saved, true, {}); }), AC_OK);
    start();
    acknowledged_ = saved_;
    expect_recovery();
    expect_nothing_lost();
}

// By a program that wrote marks without serials.
TEST_F(SqlitePairing, StoreWithTheMarkOfAFormerVersion) {
    create_many(20);
    stop();
    Stranger(path_).execute(
        "UPDATE meta SET value = substr(value, 1, 48) WHERE name = 'log_mark'; PRAGMA wal_checkpoint(TRUNCATE)");
    start();
    create_many(20);
    crash();
    start();
    expect_recovery();
    expect_nothing_lost();
    EXPECT_EQ(file_size(path_ + "-wal.replaced"), -1);
}

}  // namespace
}  // namespace appcreate::test
