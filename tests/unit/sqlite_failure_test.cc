// What is said of a failing file names the system's own reason, and a remedy that mends it without harm to others.
#include <dirent.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "kinds.h"
#include "sqlite_support.h"

namespace appcreate::test {
namespace {

std::string message_of(Store &store) {
    try {
        store.org_list([](std::string_view) { return true; });
    } catch (const Failure &failure) {
        return failure.what();
    }
    return {};
}

void expect_says(const std::string &message, const std::vector<std::string> &parts) {
    for (const std::string &part : parts) {
        EXPECT_NE(message.find(part), std::string::npos) << part << "\n" << message;
    }
}

// A file system with next to no room.
class SmallDisk {
  public:
    explicit SmallDisk(const std::string &path) : path_(path) {
        std::filesystem::create_directory(path);
        mounted_ = mount("none", path.c_str(), "tmpfs", 0, "size=1m") == 0;
    }
    SmallDisk(const SmallDisk &) = delete;
    SmallDisk &operator=(const SmallDisk &) = delete;
    ~SmallDisk() {
        if (mounted_) umount2(path_.c_str(), MNT_DETACH);
    }
    [[nodiscard]] bool is_mounted() const { return mounted_; }
    void fill() const { std::ofstream(path_ + "/ballast") << std::string(2 << 20, 'x'); }

  private:
    std::string path_;
    bool mounted_;
};

class SqliteFailure : public testing::Test {
  protected:
    SqliteUnderTest under_test_;
    const std::string path_ = under_test_.path();
};

TEST_F(SqliteFailure, NoDescriptorIsLeft) {
    make_org(*under_test_.open());
    const auto store = open_store(options_of(path_));
    rlimit before{};
    ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
    const int next = dup(0);
    ASSERT_GE(next, 0);
    close(next);
    const rlimit none = {static_cast<rlim_t>(next), before.rlim_max};
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
    const std::string message = message_of(*store);
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
    expect_says(message, {path_, "Too many open files", "worker_rlimit_nofile"});
    EXPECT_EQ(message_of(*store), "") << "it works again";
}

TEST_F(SqliteFailure, NoRoomForSideFiles) {
    const SmallDisk disk(under_test_.directory.path() + "/small");
    if (!disk.is_mounted()) GTEST_SKIP() << "mounting is not allowed here";
    const std::string path = under_test_.directory.path() + "/small/apps.db";
    {
        const auto store = open_store(options_of(path));
        store->init();
        make_org(*store);
    }
    std::remove((path + "-shm").c_str());
    disk.fill();
    expect_says(message_of(*open_store(options_of(path))), {path, "No space left on device", "free space"});
}

TEST_F(SqliteFailure, LockedOnAFullDisk) {
    const SmallDisk disk(under_test_.directory.path() + "/small");
    if (!disk.is_mounted()) GTEST_SKIP() << "mounting is not allowed here";
    const std::string path = under_test_.directory.path() + "/small/apps.db";
    const auto store = open_store(options_of(path, nullptr, 50));
    store->init();
    const Org org = make_org(*store);
    Stranger stranger(path);
    stranger.execute("BEGIN IMMEDIATE");
    disk.fill();
    try {
        store->org_set(org.slug, {}, [](std::string_view) { return true; });
        FAIL() << "it was not locked";
    } catch (const Failure &failure) {
        expect_says(failure.what(), {path, "its file system is full", "free space"});
    }
}

TEST_F(SqliteFailure, TempDir) {
    expect_says(message_of(*open_store(options_of(under_test_.directory.path()))),
                {under_test_.directory.path(), "add a file name"});
}

// Nobody is told to give away what may be everybody's.
TEST_F(SqliteFailure, DirectoryOfSomebodyElse) {
    if (!is_root()) GTEST_SKIP() << "needs root, to become another user";
    ASSERT_EQ(chmod(under_test_.directory.path().c_str(), 0755), 0);
    EXPECT_TRUE(in_child([&] {
        if (setgid(65534) != 0 || setuid(65534) != 0) return false;
        try {
            open_store(options_of(under_test_.directory.path() + "/other.db"))->init();
        } catch (const Failure &failure) {
            expect_says(failure.what(),
                        {"/other.db", "Permission denied", "make a directory of its own", "sqlite:DIRECTORY/"});
            return !HasFailure();
        }
        return false;
    }));
}

}  // namespace
}  // namespace appcreate::test
