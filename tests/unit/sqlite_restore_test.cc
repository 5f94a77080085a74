// A restore makes the store what the file is, under the hands of those who use it: nothing that was acknowledged gets
// lost without a copy, and whatever ends it early leaves the store as it was, or as the file is.
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "kinds.h"
#include "sqlite_copies.h"

namespace appcreate::test {
namespace {

class SqliteRestore : public SqliteCopies {
  protected:
    // A backup of so many applications, and as many more in the store.
    void prepare(std::size_t n) {
        create(*store_, n);
        ASSERT_TRUE(store_->backup(file_, false, {}));
        backed_up_ = apps_of(path_);
        create(*store_, n);
        all_ = apps_of(path_);
        ASSERT_EQ(all_.size(), 2 * n);
    }
    [[nodiscard]] std::vector<std::string> apps() const { return ids(*store_, org_); }
    // The files that a restore may leave, beside the store.
    void expect_no_rest() const {
        for (const char *name : {".restore", ".restore.part", ".before-restore.part"}) {
            EXPECT_EQ(file_size(path_ + name), -1) << name;
        }
    }
    void expect_refused(ac_status status, const std::string &file, const std::string &says) {
        EXPECT_EQ(status_of([&] { store_->restore(file, false, {}); }), status) << file;
        const std::string message = message_of([&] { store_->restore(file, false, {}); });
        EXPECT_NE(message.find(says), std::string::npos) << message;
        EXPECT_EQ(apps(), all_);
        EXPECT_EQ(file_size(before_), -1);
        expect_no_rest();
    }

    const std::string before_ = path_ + ".before-restore";
    std::vector<std::string> backed_up_, all_;
};

TEST_F(SqliteRestore, BringsTheStateBackAndKeepsTheOther) {
    prepare(300);
    const std::optional<Contents> contents = store_->restore(file_, false, {});
    ASSERT_TRUE(contents);
    EXPECT_EQ(contents->applications, 300U);
    EXPECT_EQ(apps(), backed_up_);
    struct stat info {};
    ASSERT_EQ(stat(before_.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 07777, 0600U);
    EXPECT_EQ(file_size(before_ + "-wal"), -1);
    expect_no_rest();
    EXPECT_EQ(apps_of(before_), all_);
    expect_sound(*store_, org_.slug);
}

// Workers need no stop: what they remember of the content before must not get into the one after.
TEST_F(SqliteRestore, OthersGoOnWithTheNewContent) {
    const auto worker = under_test_.open();
    create(*worker, 1);
    ASSERT_TRUE(store_->backup(file_, false, {}));
    create(*worker, 20);
    ASSERT_TRUE(store_->restore(file_, false, {}));
    EXPECT_EQ(find_key(*worker, org_.token).found, 1);
    const auto made = named(org_.key, "App");
    write_one(*worker, *made);
    ASSERT_EQ(code_of(*made), AC_CODE_OK);
    EXPECT_EQ(slug_of(*made), "app-2") << "the series begins where the content does";
    EXPECT_EQ(expect_sound(*worker, org_.slug).size(), 2U);
}

// An organization of the content before may have the place of another one.
TEST_F(SqliteRestore, HintsOfOneOrganizationDoNotMeetAnother) {
    SqliteUnderTest other;
    const auto its_store = other.open();
    const Org its_org = make_org(*its_store, "other");
    ASSERT_TRUE(its_store->backup(file_, false, {}));
    const auto worker = under_test_.open();
    create(*worker, 20);
    ASSERT_TRUE(store_->restore(file_, false, {}));
    const auto made = named(its_org.key, "App");
    write_one(*worker, *made);
    ASSERT_EQ(code_of(*made), AC_CODE_OK);
    EXPECT_EQ(slug_of(*made), "app");
    const auto refused = named(org_.key, "App");
    write_one(*worker, *refused);
    EXPECT_EQ(code_of(*refused), AC_CODE_NOT_FOUND);
}

// Whatever was acknowledged is in what was kept, or in what came back.
TEST_F(SqliteRestore, LosesNothingThatIsAcknowledgedMeanwhile) {
    prepare(300);
    const auto worker = open_store(under_test_.options(20));
    std::vector<std::string> acknowledged;
    std::size_t refused = 0;
    const auto progress = [&](std::uint64_t, std::uint64_t) {
        const auto made = named(org_.key, "App");
        Pending pending;
        pending.add(made.get());
        worker->write(pending.source(), in_ms(20));
        if (code_of(*made) == AC_CODE_OK) {
            acknowledged.push_back(id_of(*made));
        } else {
            EXPECT_EQ(code_of(*made), AC_CODE_DATABASE);
            ++refused;
        }
        return true;
    };
    ASSERT_TRUE(store_->restore(file_, false, progress));
    EXPECT_GT(acknowledged.size(), 0U) << "while the file was checked, the store served";
    EXPECT_GT(refused, 0U) << "while the store was written, nobody else wrote";
    const std::vector<std::string> kept = apps_of(before_);
    const std::vector<std::string> now = apps();
    EXPECT_TRUE(std::includes(kept.begin(), kept.end(), all_.begin(), all_.end()));
    EXPECT_TRUE(std::includes(now.begin(), now.end(), backed_up_.begin(), backed_up_.end()));
    for (const std::string &id : acknowledged) {
        EXPECT_TRUE(std::binary_search(kept.begin(), kept.end(), id) || std::binary_search(now.begin(), now.end(), id))
            << id;
    }
    create(*worker, 1);
    EXPECT_EQ(apps().size(), now.size() + 1);
    expect_sound(*store_, org_.slug);
}

// kill -9 at each of its steps.
TEST_F(SqliteRestore, KilledLeavesOneStateOrTheOther) {
    prepare(900);
    store_.reset();
    int killed = 0;
    for (int step = 1;; ++step) {
        Child child([&] {
            int calls = 0;
            const auto progress = [&](std::uint64_t, std::uint64_t) {
                if (++calls == step) kill(getpid(), SIGKILL);
                return true;
            };
            return open_store(options_of(path_))->restore(file_, true, progress) ? 0 : 1;
        });
        const int status = child.wait();
        const std::vector<std::string> now = apps_of(path_);
        if (status != kKilled) {
            EXPECT_EQ(status, 0);
            EXPECT_EQ(now, backed_up_);
            break;
        }
        ++killed;
        // The last step tells of what is committed already.
        if (now == backed_up_) {
            EXPECT_EQ(apps_of(before_), all_) << step;
        } else {
            EXPECT_EQ(now, all_) << step;
        }
        bool is_whole = open_store(options_of(path_))->check(false, [](std::string_view) { return true; });
        EXPECT_TRUE(is_whole) << step;
    }
    EXPECT_GT(killed, 4);
}

TEST_F(SqliteRestore, OnAFullDiskChangesNothing) {
    SmallDisk disk("1500k");
    if (!disk.mounted()) GTEST_SKIP() << "only root may mount a file system that is full";
    const std::string path = disk.path() + "/apps.db";
    const auto store = open_store(options_of(path));
    store->init();
    const Org org = make_org(*store, "small");
    write_all(*store, named(org.key, "App", 300));
    ASSERT_TRUE(store->backup(file_, false, {}));
    write_all(*store, named(org.key, "App", 30));
    const std::vector<std::string> before = ids(*store, org);
    EXPECT_EQ(status_of([&] { store->restore(file_, false, {}); }), AC_EUNAVAILABLE);
    EXPECT_EQ(ids(*store, org), before);
    for (const char *name : {".restore.part", ".before-restore.part", ".before-restore"}) {
        EXPECT_EQ(file_size(path + name), -1) << name;
    }
    expect_sound(*store, org.slug);
}

TEST_F(SqliteRestore, OfWhatIsNoWholeStoreIsRefused) {
    prepare(10);
    const std::string file = directory() + "/other.db";
    expect_refused(AC_EUNAVAILABLE, file, "No such file");
    write_file(file, "");
    expect_refused(AC_ECHECK, file, "empty");
    write_file(file, std::string(10000, 'x'));
    expect_refused(AC_ECHECK, file, "not a database; name another backup");
    unlink(file.c_str());
    Stranger(file).execute("CREATE TABLE theirs(a)");
    expect_refused(AC_EUNAVAILABLE, file, "another program's");

    const std::string whole = read_file(file_);
    write_file(file, whole.substr(0, whole.size() - 4096));
    expect_refused(AC_ECHECK, file, "malformed");
    std::string damaged = whole;
    std::fill(damaged.end() - 4096, damaged.end(), 'x');
    write_file(file, damaged);
    expect_refused(AC_ECHECK, file, "damaged");
    write_file(file, whole);
    Stranger(file).execute("UPDATE organizations SET applications = 7");
    expect_refused(AC_ECHECK, file, "counts 7 applications");
    write_file(file, whole);
    Stranger(file).execute("PRAGMA user_version = 99; UPDATE meta SET value = 99 WHERE name = 'readable_from'");
    expect_refused(AC_EVERSION, file, "version 99");
}

TEST_F(SqliteRestore, OfAFileWithALogIsRefused) {
    prepare(10);
    const std::string file = directory() + "/other.db";
    copy_file(file_, file);
    Stranger stranger(file);
    stranger.execute("PRAGMA journal_mode=WAL; UPDATE organizations SET name = 'in the log'");
    ASSERT_GT(file_size(file + "-wal"), 0);
    expect_refused(AC_EINVAL, file, "-wal");
}

TEST_F(SqliteRestore, OfTheStoreItselfIsRefused) {
    prepare(10);
    const std::string link = directory() + "/link";
    const std::string hard = directory() + "/hard";
    ASSERT_EQ(symlink(path_.c_str(), link.c_str()), 0);
    ASSERT_EQ(::link(path_.c_str(), hard.c_str()), 0);
    for (const std::string &file : {path_, link, hard}) expect_refused(AC_EINVAL, file, "the store itself");
    unlink(hard.c_str());
}

TEST_F(SqliteRestore, WritesOverNoOlderOne) {
    prepare(10);
    ASSERT_TRUE(store_->restore(file_, false, {}));
    const std::string kept = read_file(before_);
    create(*store_, 1);
    EXPECT_EQ(status_of([&] { store_->restore(file_, false, {}); }), AC_EEXISTS);
    EXPECT_EQ(read_file(before_), kept);
    EXPECT_EQ(apps().size(), backed_up_.size() + 1);
    ASSERT_TRUE(store_->restore(file_, true, {}));
    EXPECT_EQ(apps_of(before_).size(), backed_up_.size() + 1);
    EXPECT_EQ(apps(), backed_up_);
}

TEST_F(SqliteRestore, IsUndoneByAnother) {
    prepare(10);
    ASSERT_TRUE(store_->restore(file_, false, {}));
    ASSERT_TRUE(store_->restore(before_, true, {}));
    EXPECT_EQ(apps(), all_);
    EXPECT_EQ(apps_of(before_), backed_up_);
}

// What one that was killed has left is not read and emptied at once.
TEST_F(SqliteRestore, OfItsOwnRestIsRefused) {
    prepare(10);
    const std::string rest = path_ + ".restore.part";
    copy_file(file_, rest);
    const std::string bytes = read_file(rest);
    EXPECT_EQ(status_of([&] { store_->restore(rest, false, {}); }), AC_EINVAL);
    EXPECT_EQ(read_file(rest), bytes);
}

TEST_F(SqliteRestore, OfPagesOfAnotherSize) {
    prepare(10);
    const std::string file = directory() + "/other.db";
    copy_file(file_, file);
    Stranger(file).execute("PRAGMA page_size=8192; VACUUM");
    const std::string bytes = read_file(file);
    ASSERT_TRUE(store_->restore(file, false, {}));
    EXPECT_EQ(apps(), backed_up_);
    EXPECT_EQ(Stranger(path_).number("PRAGMA page_size"), 4096);
    EXPECT_EQ(read_file(file), bytes) << "it is only read";
}

// ---- stores that cannot be read

TEST_F(SqliteRestore, OfAStoreWhoseFileIsMissing) {
    prepare(10);
    for (const char *side : {"", "-wal", "-shm"}) unlink((path_ + side).c_str());
    ASSERT_TRUE(open_store(options_of(path_))->restore(file_, false, {}));
    EXPECT_EQ(apps_of(path_), backed_up_);
    EXPECT_EQ(file_size(before_), -1);
    expect_no_rest();
    EXPECT_TRUE(eventually([&] {
        const auto made = named(org_.key, "App");
        Pending pending;
        pending.add(made.get());
        store_->write(pending.source(), in_ms(1000));
        return code_of(*made) == AC_CODE_OK;
    })) << "a worker that was there finds the new file";
    EXPECT_EQ(apps_of(path_).size(), backed_up_.size() + 1);
}

TEST_F(SqliteRestore, OfAnEmptiedStoreKeepsItsLog) {
    prepare(10);
    const std::string log = read_file(path_ + "-wal");
    ASSERT_GT(log.size(), 0U);
    ASSERT_EQ(truncate(path_.c_str(), 0), 0);
    ASSERT_TRUE(open_store(options_of(path_))->restore(file_, false, {}));
    EXPECT_EQ(apps_of(path_), backed_up_);
    EXPECT_EQ(file_size(before_), 0);
    EXPECT_EQ(read_file(before_ + "-wal"), log);
    expect_no_rest();
}

TEST_F(SqliteRestore, OfADamagedStoreKeepsTheDamagedFile) {
    prepare(10);
    store_.reset();
    for (const char *side : {"-wal", "-shm"}) unlink((path_ + side).c_str());
    std::string damaged = read_file(file_);
    std::fill(damaged.begin() + 100, damaged.begin() + 4096, 'x');
    write_file(path_, damaged);
    struct stat info {};
    ASSERT_EQ(chmod(path_.c_str(), 0640), 0);
    ASSERT_TRUE(open_store(options_of(path_))->restore(file_, false, {}));
    EXPECT_EQ(apps_of(path_), backed_up_);
    EXPECT_EQ(read_file(before_), damaged);
    ASSERT_EQ(stat(path_.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 07777, 0640U);
    expect_no_rest();
}

TEST_F(SqliteRestore, OfWhatMayNeverHaveBeenAStoreWantsForce) {
    prepare(10);
    const std::string path = directory() + "/letter.txt";
    write_file(path, std::string(5000, 'x'));
    const auto store = open_store(options_of(path));
    EXPECT_EQ(status_of([&] { store->restore(file_, false, {}); }), AC_EUNAVAILABLE);
    EXPECT_EQ(read_file(path), std::string(5000, 'x'));
    ASSERT_TRUE(store->restore(file_, true, {}));
    EXPECT_EQ(apps_of(path), backed_up_);
    EXPECT_EQ(read_file(path + ".before-restore"), std::string(5000, 'x'));

    const std::string foreign = directory() + "/foreign.db";
    Stranger(foreign).execute("CREATE TABLE theirs(a)");
    EXPECT_EQ(status_of([&] { open_store(options_of(foreign))->restore(file_, true, {}); }), AC_EUNAVAILABLE);
    EXPECT_EQ(Stranger(foreign).number("SELECT count(*) FROM theirs"), 0);
}

TEST_F(SqliteRestore, FollowsTheStoresLink) {
    prepare(10);
    const std::string link = directory() + "/link.db";
    ASSERT_EQ(symlink(path_.c_str(), link.c_str()), 0);
    ASSERT_TRUE(open_store(options_of(link))->restore(file_, false, {}));
    EXPECT_TRUE(std::filesystem::is_symlink(link));
    EXPECT_EQ(apps(), backed_up_);
    EXPECT_EQ(apps_of(before_), all_);
}

}  // namespace
}  // namespace appcreate::test
