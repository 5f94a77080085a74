// A backup is one whole file of one moment, however busy the store is; and nothing is written over.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "kinds.h"
#include "sqlite_copies.h"
#include "sqlite_support.h"

namespace appcreate::test {
namespace {

class SqliteBackup : public SqliteCopies {
  protected:
    static std::string header_of(const std::string &path) {
        std::string bytes(20, '\0');
        std::ifstream(path).read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
        return bytes;
    }
};

TEST_F(SqliteBackup, IsOneWholeFileForItsOwnerAlone) {
    create(*store_, 300);
    const std::optional<Contents> contents = store_->backup(file_, false, {});
    ASSERT_TRUE(contents);
    EXPECT_EQ(contents->organizations, 1U);
    EXPECT_EQ(contents->keys, 1U);
    EXPECT_EQ(contents->applications, 300U);
    struct stat info {};
    ASSERT_EQ(stat(file_.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 07777, 0600U);
    EXPECT_EQ(side_files(), std::vector<std::string>{});
    // File format 1 for reading and writing: no log.
    EXPECT_EQ(header_of(file_).substr(18), "\x01\x01");
    EXPECT_EQ(apps_of(file_), apps_of(path_));
}

// SQLite starts a backup again when somebody writes between two of its steps, unless it sees one moment all along.
TEST_F(SqliteBackup, EndsUnderLoadAndSeesOneMoment) {
    create(*store_, 3000);
    const std::vector<std::string> before = apps_of(path_);
    const auto writer = under_test_.open();
    std::uint64_t calls = 0;
    std::uint64_t last = 0;
    const auto progress = [&](std::uint64_t done, std::uint64_t) {
        EXPECT_GE(done, last) << "it started again";
        last = done;
        create(*writer, 1);
        return ++calls < 1000;
    };
    ASSERT_TRUE(store_->backup(file_, false, progress));
    EXPECT_GT(calls, 4U);
    EXPECT_EQ(apps_of(file_), before);
    EXPECT_EQ(apps_of(path_).size(), before.size() + calls);
}

TEST_F(SqliteBackup, ReplacesNothingUnasked) {
    create(*store_, 1);
    write_file(file_, "precious");
    EXPECT_EQ(status_of([&] { store_->backup(file_, false, {}); }), AC_EEXISTS);
    EXPECT_EQ(read_file(file_), "precious");
    EXPECT_TRUE(store_->backup(file_, true, {}));
    EXPECT_EQ(side_files(), std::vector<std::string>{});
    EXPECT_EQ(apps_of(file_).size(), 1U);
}

TEST_F(SqliteBackup, IsNotWrittenOverTheStore) {
    create(*store_, 1);
    const std::string link = directory() + "/link";
    const std::string hard = directory() + "/hard";
    ASSERT_EQ(symlink(path_.c_str(), link.c_str()), 0);
    ASSERT_EQ(::link(path_.c_str(), hard.c_str()), 0);
    for (const std::string &file : {path_, link, hard, path_ + "-wal", path_ + "-shm", path_ + "-journal"}) {
        EXPECT_EQ(status_of([&] { store_->backup(file, true, {}); }), AC_EINVAL) << file;
    }
    unlink(hard.c_str());
    EXPECT_EQ(expect_sound(*store_, org_.slug).size(), 1U);

    // A backup is written as FILE.part.
    const std::string odd = file_ + ".part";
    const auto store = open_store(options_of(odd));
    store->init();
    EXPECT_EQ(status_of([&] { store->backup(file_, true, {}); }), AC_EINVAL);
    EXPECT_EQ(rows([&](const RowSink &sink) { store->org_list(sink); }).size(), 0U);
}

TEST_F(SqliteBackup, WantsANameOfItsOwn) {
    for (const std::string &file : {std::string(), directory() + "/", directory(), std::string(600, 'x')}) {
        EXPECT_EQ(status_of([&] { store_->backup(file, true, {}); }), AC_EINVAL) << file;
    }
    // A database that is opened later would take these for its own.
    write_file(file_ + "-wal", "of another database");
    EXPECT_EQ(status_of([&] { store_->backup(file_, true, {}); }), AC_EINVAL);
    EXPECT_EQ(read_file(file_ + "-wal"), "of another database");
}

TEST_F(SqliteBackup, LeavesNothingWhenItIsStopped) {
    create(*store_, 300);
    EXPECT_FALSE(store_->backup(file_, false, [](std::uint64_t, std::uint64_t) { return false; }));
    EXPECT_EQ(file_size(file_), -1);
    EXPECT_EQ(side_files(), std::vector<std::string>{});
}

TEST_F(SqliteBackup, OfAStoreThatBreaksAPromiseIsNone) {
    create(*store_, 2);
    Stranger(path_).execute("UPDATE organizations SET applications = 7");
    EXPECT_EQ(status_of([&] { store_->backup(file_, false, {}); }), AC_ECHECK);
    const std::string message = message_of([&] { store_->backup(file_, false, {}); });
    EXPECT_NE(message.find("counts 7 applications"), std::string::npos) << message;
    EXPECT_EQ(file_size(file_), -1);
    EXPECT_EQ(side_files(), std::vector<std::string>{});
}

TEST_F(SqliteBackup, TakesOverWhatACrashLeft) {
    create(*store_, 1);
    write_file(file_ + ".part", std::string(1 << 20, 'x'));
    ASSERT_TRUE(store_->backup(file_, false, {}));
    EXPECT_EQ(side_files(), std::vector<std::string>{});
    EXPECT_EQ(apps_of(file_).size(), 1U);
}

TEST_F(SqliteBackup, DoesNotDisturbAnotherOne) {
    const int other = open((file_ + ".part").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    ASSERT_EQ(flock(other, LOCK_EX), 0);
    EXPECT_EQ(write(other, "x", 1), 1);
    EXPECT_EQ(status_of([&] { store_->backup(file_, false, {}); }), AC_EUNAVAILABLE);
    EXPECT_EQ(read_file(file_ + ".part"), "x");
    close(other);
}

TEST_F(SqliteBackup, OnAFullDiskIsNone) {
    create(*store_, 300);
    SmallDisk disk;
    if (!disk.mounted()) GTEST_SKIP() << "only root may mount a file system that is full";
    const std::string file = disk.path() + "/backup.db";
    EXPECT_EQ(status_of([&] { store_->backup(file, false, {}); }), AC_EUNAVAILABLE);
    const std::string message = message_of([&] { store_->backup(file, false, {}); });
    EXPECT_NE(message.find(file), std::string::npos) << message;
    EXPECT_NE(message.find("free space"), std::string::npos) << message;
    EXPECT_EQ(file_size(file), -1);
    EXPECT_EQ(file_size(file + ".part"), -1);
    EXPECT_EQ(expect_sound(*store_, org_.slug).size(), 300U);
}

TEST_F(SqliteBackup, OfMongodbIsMongodbsAffair) {
    StoreOptions options;
    options.uri = parse_uri("mongodb://127.0.0.1:1/apps");
    const auto store = open_store(options);
    EXPECT_EQ(status_of([&] { store->backup(file_, false, {}); }), AC_EINVAL);
    EXPECT_NE(message_of([&] { store->backup(file_, false, {}); }).find("mongodump --oplog"), std::string::npos);
    EXPECT_EQ(status_of([&] { store->restore(file_, false, {}); }), AC_EINVAL);
    EXPECT_NE(message_of([&] { store->restore(file_, false, {}); }).find("mongorestore"), std::string::npos);
}

}  // namespace
}  // namespace appcreate::test
