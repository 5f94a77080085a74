// appctl init and check, and stores that are not as they should be.
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <thread>

#include "harness.h"
#include "support/sqlite_file.h"

namespace appcreate::test {
namespace {

class Stores : public AppctlTest {
  protected:
    static uid_t owner_of(const std::string &path) {
        struct stat info {};
        EXPECT_EQ(::stat(path.c_str(), &info), 0) << path;
        return info.st_uid;
    }
};

constexpr uid_t kNobodyUser = 65534;

TEST_F(Stores, InitIsSafeToRepeat) {
    EXPECT_EQ(appctl({"--json", "init"}).out, "{\"initialized\":true}\n");
    EXPECT_EQ(appctl({"init"}).out, "initialized: true\n");
    EXPECT_EQ(appctl({"org", "create", "--name", "A", "--slug", "acme"}).status, 0);
    EXPECT_EQ(appctl({"--json", "init"}).out, "{\"initialized\":true}\n");
    EXPECT_EQ(json({"org", "list"}).size(), 1U);
}

TEST_F(Stores, OneThatIsNotThereIsNotMade) {
    expect_failure(1, {"org", "list"}, "appctl --store " + uri_ + " init");
    expect_failure(1, {"org", "create", "--name", "A", "--slug", "acme"}, path_);
    expect_failure(1, {"check"}, path_);
    EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(Stores, TwoStoresAreTwo) {
    make_organization();
    const std::string first = uri_;
    uri_ = "sqlite:" + file("second.db");
    EXPECT_EQ(appctl({"init"}).status, 0);
    EXPECT_EQ(json({"org", "list"}).size(), 0U);
    EXPECT_EQ(appctl({"org", "create", "--name", "Second", "--slug", "acme"}).status, 0);
    uri_ = first;
    EXPECT_EQ(json({"org", "show", "acme"}).string("/name"), "Acme");
}

TEST_F(Stores, AnotherProgramsFileIsLeftAlone) {
    SqliteFile(path_, SqliteFile::Mode::create).execute("CREATE TABLE theirs(a); INSERT INTO theirs VALUES (1)");
    const auto before = std::filesystem::file_size(path_);
    for (const auto &words : std::vector<std::vector<std::string>>{
             {"init"}, {"org", "list"}, {"org", "create", "--name", "A", "--slug", "acme"}, {"check", "--repair"}}) {
        expect_failure(1, words, path_);
    }
    EXPECT_EQ(std::filesystem::file_size(path_), before);
    SqliteFile(path_).execute("SELECT a FROM theirs");
}

TEST_F(Stores, AFileThatIsNoDatabaseIsLeftAlone) {
    const std::string text(10000, 'x');
    write_file("apps.db", text);
    expect_failure(1, {"init"}, path_);
    expect_failure(1, {"org", "list"}, path_);
    EXPECT_EQ(read_file(path_), text);
}

TEST_F(Stores, ADirectoryIsNoStore) {
    std::filesystem::create_directory(path_);
    expect_failure(1, {"init"}, path_);
}

TEST_F(Stores, ADirectoryThatIsNotThereIsNamed) {
    uri_ = "sqlite:" + file("missing/apps.db");
    expect_failure(1, {"init"}, file("missing"));
}

TEST_F(Stores, ADirectoryThatCannotBeWrittenIsNamed) {
    if (::geteuid() == 0) {
        // Root may write anywhere; as somebody else, who may not.
        EXPECT_EQ(::chmod(dir_.c_str(), 0755), 0);
        const Outcome result = run(
            {"/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", APPCTL, "--store", uri_, "init"});
        EXPECT_EQ(result.status, 1) << result.err;
        EXPECT_NE(result.err.find(dir_.string()), std::string::npos) << result.err;
    } else {
        EXPECT_EQ(::chmod(dir_.c_str(), 0555), 0);
        expect_failure(1, {"init"}, dir_.string());
    }
    EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(Stores, FilesBelongToTheDirectorysOwner) {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root, to give files to others";
    ASSERT_EQ(::chown(dir_.c_str(), kNobodyUser, kNobodyUser), 0);
    make_organization();
    for (const auto &entry : std::filesystem::directory_iterator(dir_)) {
        EXPECT_EQ(owner_of(entry.path()), kNobodyUser) << entry.path();
    }
    // So that a worker that runs as that user can write.
    ASSERT_EQ(::chmod(dir_.c_str(), 0755), 0);
    const Outcome result = run({"/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", APPCTL,
                                "--store", uri_, "org", "create", "--name", "B", "--slug", "bee"});
    EXPECT_EQ(result.status, 0) << result.err;
}

TEST_F(Stores, FilesBelongToTheOwnerThatIsNamed) {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root, to give files to others";
    const passwd *nobody = ::getpwuid(kNobodyUser);
    ASSERT_NE(nobody, nullptr);
    EXPECT_EQ(appctl({"init", "--owner", nobody->pw_name}).status, 0);
    EXPECT_EQ(owner_of(path_), kNobodyUser);
    EXPECT_EQ(appctl({"init", "--owner", "0:0"}).status, 0);
    EXPECT_EQ(owner_of(path_), 0U);
    EXPECT_EQ(appctl({"init", "--owner", "1234:1235"}).status, 0);
    EXPECT_EQ(owner_of(path_), 1234U);
    expect_failure(2, {"init", "--owner", "no-such-user"}, "there is no user \"no-such-user\"");
    expect_failure(2, {"init", "--owner", "root:no-such-group"}, "there is no group \"no-such-group\"");
    expect_failure(2, {"init", "--owner", "4294967295:0"}, "there is no user");
    uri_ = "mongodb://127.0.0.1:1/apps";
    expect_failure(2, {"init", "--owner", "0:0"}, "stores in files only");
}

TEST_F(Stores, ALinkIsNotFollowedByTheOwner) {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root, to give files to others";
    write_file("theirs", "");
    std::filesystem::create_symlink(file("theirs"), path_);
    EXPECT_EQ(appctl({"init", "--owner", "1234:1235"}).status, 1);
    EXPECT_EQ(owner_of(file("theirs")), 0U);
}

TEST_F(Stores, ASoundStoreChecksWell) {
    make_organization();
    static_cast<void>(create_applications({"One", "One"}));
    EXPECT_EQ(appctl({"--json", "check"}).out, "[]\n");
    const Outcome result = appctl({"check"});
    EXPECT_EQ(result.status, 0);
    EXPECT_EQ(result.out, "every promise holds\n");
}

TEST_F(Stores, AConcurrentWriterAndReaders) {
    make_organization();
    const std::vector<std::string> names(200, "The same name");
    std::thread writer([&] {
        for (int i = 0; i < 5; ++i) EXPECT_EQ(create_applications(names).size(), names.size());
    });
    for (int i = 0; i < 10; ++i) {
        const std::string slug = "org-" + std::to_string(i);
        const Outcome created = appctl({"org", "create", "--name", "Other", "--slug", slug});
        EXPECT_EQ(created.status, 0) << created.err;
        const Json list = json({"app", "list", "--org", "acme"});
        const long long count = json({"app", "count", "--org", "acme"}).integer("/count");
        EXPECT_LE(list.size(), static_cast<std::size_t>(count));
    }
    writer.join();
    EXPECT_EQ(json({"app", "count", "--org", "acme"}).integer("/count"), 1000);
    EXPECT_EQ(json({"app", "list", "--org", "acme"}).size(), 1000U);
    EXPECT_EQ(json({"org", "list"}).size(), 11U);
    EXPECT_EQ(appctl({"--json", "check"}).out, "[]\n");
}

TEST_F(Stores, TwoWritersAtOnce) {
    make_organization();
    std::vector<std::thread> writers;
    for (int w = 0; w < 4; ++w) {
        writers.emplace_back([this, w] {
            for (int i = 0; i < 10; ++i) {
                const std::string slug = "org-" + std::to_string(w) + "-" + std::to_string(i);
                const Outcome result = appctl({"org", "create", "--name", "Other", "--slug", slug});
                EXPECT_EQ(result.status, 0) << result.err;
            }
        });
    }
    for (std::thread &writer : writers) writer.join();
    EXPECT_EQ(json({"org", "list"}).size(), 41U);
}

}  // namespace
}  // namespace appcreate::test
