// What is done to the files while a batch is being written: its commit goes into files that are not, or no longer, the
// store's, so nothing of it is acknowledged.
#include <unistd.h>

#include "sqlite_replaced.h"

namespace appcreate::test {
namespace {

class SqliteCommit : public SqliteReplaced {
  protected:
    // A create, whose transaction has begun when `change` comes; its code.
    int create_while(const std::function<void()> &change) {
        const auto made = named(org_.key, "Meanwhile");
        Pending pending;
        pending.add(made.get());
        bool is_done = false;
        pending.on_take = [&] {
            if (!std::exchange(is_done, true)) change();
        };
        first_->write(pending.source(), in_ms(3000));
        EXPECT_TRUE(is_done);
        return code_of(*made);
    }
    // The same with a store of 20 records; what is left is served.
    void expect_refused(const std::function<void()> &change) {
        create_many(20);
        EXPECT_EQ(create_while(change), AC_CODE_DATABASE);
        expect_recovery();
        expect_nothing_lost();
    }
};

TEST_F(SqliteCommit, IntoAFileThatWasReplaced) {
    expect_refused([&] { fs::rename(backup(), path_); });
}

TEST_F(SqliteCommit, IntoAFileThatAnotherOneWasCopiedOver) {
    const std::string file = backup();
    create_many(20);
    EXPECT_EQ(create_while([&] { copy_file(file, path_); }), AC_CODE_DATABASE);
}

TEST_F(SqliteCommit, IntoAFileThatWasMovedAway) {
    create_many(20);
    const std::string away = path_ + ".away";
    EXPECT_EQ(create_while([&] { fs::rename(path_, away); }), AC_CODE_DATABASE);
    EXPECT_EQ(create(*second_), AC_CODE_DATABASE);
    fs::rename(away, path_);
    expect_recovery();
    expect_nothing_lost();
}

TEST_F(SqliteCommit, IntoAFileThatWasEmptied) {
    create_many(20);
    EXPECT_EQ(create_while([&] { ASSERT_EQ(truncate(path_.c_str(), 0), 0); }), AC_CODE_DATABASE);
}

TEST_F(SqliteCommit, IntoALogThatWasDeleted) {
    expect_refused([&] { fs::remove(path_ + "-wal"); });
}

TEST_F(SqliteCommit, IntoALogThatWasEmptied) {
    become_idle_for_good();
    EXPECT_EQ(create_while([&] { ASSERT_EQ(truncate((path_ + "-wal").c_str(), 0), 0); }), AC_CODE_OK)
        << "there was nothing in it";
    create_many(20);
    EXPECT_EQ(create_while([&] { ASSERT_EQ(truncate((path_ + "-wal").c_str(), 0), 0); }), AC_CODE_DATABASE);
}

TEST_F(SqliteCommit, BesideAnIndexThatWasDeleted) {
    expect_refused([&] { fs::remove(path_ + "-shm"); });
}

TEST_F(SqliteCommit, ThroughALinkThatWasSwitched) {
    stop();
    const std::string target = under_test_.directory.path() + "/target.db";
    for (const char *side : {"-wal", "-shm"}) fs::remove(path_ + side);
    fs::rename(path_, target);
    fs::create_symlink(target, path_);
    sqlite::init_turn(turn_.data());
    start();
    create_many(20);
    const std::string other = backup();
    EXPECT_EQ(create_while([&] {
                  fs::remove(path_);
                  fs::create_symlink(other, path_);
              }),
              AC_CODE_DATABASE);
    expect_recovery();
    expect_nothing_lost();
}

}  // namespace
}  // namespace appcreate::test
