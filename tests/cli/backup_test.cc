// appctl backup and restore as operators and scripts see them.
#include <sys/stat.h>
#include <unistd.h>

#include "harness.h"

namespace appcreate::test {
namespace {

class Backups : public AppctlTest {
  protected:
    [[nodiscard]] std::size_t apps() const { return json({"app", "list", "--org", "acme"}).size(); }
};

TEST_F(Backups, GoesAndComesBack) {
    make_organization();
    EXPECT_EQ(create_applications({"One", "Two"}).size(), 2U);
    const std::string file = this->file("backup.db");
    const Json made = json({"backup", file});
    EXPECT_EQ(made.keys(), (std::vector<std::string>{"organizations", "providers", "keys", "applications"}));
    EXPECT_EQ(made.integer("/organizations"), 1);
    EXPECT_EQ(made.integer("/applications"), 2);
    struct stat info {};
    ASSERT_EQ(::stat(file.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 07777, 0600U);

    EXPECT_EQ(create_applications({"Three"}).size(), 1U);
    const Json restored = json({"restore", file});
    EXPECT_EQ(restored.integer("/applications"), 2);
    EXPECT_EQ(apps(), 2U);
    EXPECT_EQ(appctl({"check"}).out, "every promise holds\n");
    const Outcome before = run({APPCTL, "--store", uri_ + ".before-restore", "app", "count", "--org", "acme"});
    EXPECT_EQ(before.out, "count: 3\n") << before.err;
}

TEST_F(Backups, WritesOverNothingWithoutForce) {
    make_organization();
    write_file("backup.db", "precious");
    expect_failure(1, {"backup", file("backup.db")}, "--force");
    EXPECT_EQ(appctl({"backup", "--force", file("backup.db")}).status, 0);
    EXPECT_EQ(appctl({"restore", file("backup.db")}).status, 0);
    expect_failure(1, {"restore", file("backup.db")}, "apps.db.before-restore");
    EXPECT_EQ(appctl({"restore", "--force", file("backup.db")}).status, 0);
}

TEST_F(Backups, WrongUsageIsSaid) {
    make_organization();
    expect_failure(2, {"backup"}, "FILE");
    expect_failure(2, {"restore"}, "FILE");
    expect_failure(2, {"backup", path_}, "a file of the store itself");
    expect_failure(2, {"restore", path_}, "a file of the store itself");
    expect_failure(1, {"restore", file("missing.db")}, "missing.db");
}

TEST_F(Backups, AStoreThatIsNotThereHasNone) {
    expect_failure(1, {"backup", file("backup.db")}, "init");
    EXPECT_NE(::access(file("backup.db").c_str(), F_OK), 0);
    EXPECT_NE(::access(file("backup.db.part").c_str(), F_OK), 0);
}

TEST_F(Backups, MongodbHasToolsOfItsOwn) {
    const Outcome backup = run({APPCTL, "--store", "mongodb://127.0.0.1:1/apps", "backup", file("backup.db")});
    EXPECT_EQ(backup.status, 2);
    EXPECT_NE(backup.err.find("mongodump --oplog"), std::string::npos) << backup.err;
    const Outcome restore = run({APPCTL, "--store", "mongodb://127.0.0.1:1/apps", "restore", file("backup.db")});
    EXPECT_EQ(restore.status, 2);
    EXPECT_NE(restore.err.find("mongorestore"), std::string::npos) << restore.err;
}

TEST_F(Backups, ABarIsForTerminals) {
    make_organization();
    const Outcome seen = appctl({"backup", file("a.db")}, {.terminal_errors = true});
    EXPECT_NE(seen.err.find("backing up [########################################] 100%"), std::string::npos)
        << seen.err;
    EXPECT_EQ(appctl({"backup", file("b.db")}).err, "");
}

}  // namespace
}  // namespace appcreate::test
