// A store on a read-only mount, or in a directory that is another user's, can be read, and reading changes nothing.
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <map>

#include "copy/copy.h"
#include "kinds.h"
#include "sqlite_copies.h"

namespace appcreate::test {
namespace {

// The store's directory a second time, where nothing can be written.
class ReadOnlyMount {
  public:
    explicit ReadOnlyMount(const std::string &source) {
        mounted_ = is_root() && mount(source.c_str(), path().c_str(), nullptr, MS_BIND, nullptr) == 0;
        if (!mounted_) return;
        EXPECT_EQ(mount(nullptr, path().c_str(), nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY, nullptr), 0);
    }
    ReadOnlyMount(const ReadOnlyMount &) = delete;
    ReadOnlyMount &operator=(const ReadOnlyMount &) = delete;
    ~ReadOnlyMount() {
        if (mounted_) umount2(path().c_str(), MNT_DETACH);
    }
    [[nodiscard]] bool mounted() const { return mounted_; }
    [[nodiscard]] const std::string &path() const { return directory_.path(); }
    [[nodiscard]] std::string store() const { return path() + "/apps.db"; }

  private:
    TempDir directory_;
    bool mounted_ = false;
};

#define MOUNT_READ_ONLY(name)              \
    const ReadOnlyMount name(directory()); \
    if (!name.mounted()) GTEST_SKIP() << "only root may mount a directory read-only"

class SqliteFrozen : public SqliteCopies {
  protected:
    // All files and what they hold.
    [[nodiscard]] std::map<std::string, std::string> files() const {
        std::map<std::string, std::string> out;
        for (const auto &entry : std::filesystem::directory_iterator(directory())) {
            out[entry.path().filename().string()] = read_file(entry.path().string());
        }
        return out;
    }
    // Everything that only reads works there, finds `n` applications, and leaves all files as they were.
    void expect_readable(const std::string &path, std::size_t n) {
        const auto before = files();
        const auto store = open_store(options_of(path));
        EXPECT_EQ(list_apps(*store, org_.slug).size(), n);
        EXPECT_TRUE(store->check(false, [](std::string_view) { return true; }));
        EXPECT_EQ(rows([&](const RowSink &sink) { store->org_list(sink); }).size(), 1U);
        const TempDir elsewhere;
        const auto contents = store->backup(elsewhere.path() + "/backup.db", false, {});
        ASSERT_TRUE(contents);
        EXPECT_EQ(contents->applications, n);
        const auto target = open_store(options_of(elsewhere.path() + "/copy.db"));
        EXPECT_EQ(copy_store(*store, *target, {})->applications, n);
        EXPECT_NE(status_of([&] { store->org_set(org_.slug, {}, [](std::string_view) { return true; }); }), AC_OK);
        EXPECT_EQ(files(), before);
    }
    // As after a clean stop of all, with a plain SQLite.
    void bring_log_into_file() {
        store_.reset();
        Stranger(path_).execute("PRAGMA wal_checkpoint(TRUNCATE)");
        for (const char *side : {"-wal", "-shm"}) unlink((path_ + side).c_str());
    }
};

TEST_F(SqliteFrozen, OneThatIsServedElsewhere) {
    create(*store_, 30);
    MOUNT_READ_ONLY(mount);
    const auto store = open_store(options_of(mount.store()));
    EXPECT_EQ(list_apps(*store, org_.slug).size(), 30U);
    create(*store_, 3);
    EXPECT_EQ(list_apps(*store, org_.slug).size(), 33U) << "it sees what is written elsewhere";
}

TEST_F(SqliteFrozen, OneThatWasClosed) {
    create(*store_, 30);
    bring_log_into_file();
    MOUNT_READ_ONLY(mount);
    expect_readable(mount.store(), 30);
}

TEST_F(SqliteFrozen, OneWhoseHostDied) {
    create(*store_, 30);
    const std::string file = read_file(path_);
    const std::string log = read_file(path_ + "-wal");
    ASSERT_GT(log.size(), 0U);
    bring_log_into_file();
    write_file(path_, file);
    write_file(path_ + "-wal", log);
    MOUNT_READ_ONLY(mount);
    expect_readable(mount.store(), 30);
}

TEST_F(SqliteFrozen, OneThatIsABackup) {
    create(*store_, 30);
    ASSERT_TRUE(store_->backup(file_, false, {}));
    MOUNT_READ_ONLY(mount);
    expect_readable(mount.path() + "/backup.db", 30);
}

TEST_F(SqliteFrozen, OneThatAnotherUserOwns) {
    create(*store_, 30);
    bring_log_into_file();
    if (!is_root()) GTEST_SKIP() << "only root may become another user";
    ASSERT_EQ(chmod(directory().c_str(), 0755), 0);
    ASSERT_EQ(chmod(path_.c_str(), 0644), 0);
    EXPECT_TRUE(in_child(
        [&] { return seteuid(65534) == 0 && list_apps(*open_store(options_of(path_)), org_.slug).size() == 30; }));
    EXPECT_EQ(file_size(path_ + "-shm"), -1);
}

// What was read without locks is not believed when somebody came meanwhile.
TEST_F(SqliteFrozen, OneThatIsWrittenMeanwhile) {
    create(*store_, 1200);
    bring_log_into_file();
    MOUNT_READ_ONLY(mount);
    const auto reader = open_store(options_of(mount.store()));
    std::unique_ptr<Store> writer;
    const auto progress = [&](std::uint64_t, std::uint64_t) {
        if (!writer) {
            writer = under_test_.open();
            create(*writer, 1);
        }
        return true;
    };
    const TempDir elsewhere;
    const std::string file = elsewhere.path() + "/backup.db";
    EXPECT_EQ(status_of([&] { reader->backup(file, false, progress); }), AC_EUNAVAILABLE);
    EXPECT_EQ(file_size(file), -1);
    EXPECT_EQ(file_size(file + ".part"), -1);
    EXPECT_TRUE(reader->backup(file, false, {})) << "with somebody there, there is an index to read by";
}

}  // namespace
}  // namespace appcreate::test
