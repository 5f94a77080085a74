// A store file that fails: missing, foreign, corrupt, old, full, replaced (docs/api.md, "Errors").
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "harness/answers.h"
#include "harness/fault_suite.h"
#include "support/sqlite_file.h"

namespace appcreate::test {
namespace {

namespace fs = std::filesystem;

class SqliteFault : public FaultSuite {
  protected:
    void SetUp() override { SQLITE_ALONE("the store's file is what fails"); }
    std::string path() { return gateway().directory() + "/store/apps.db"; }
    // They name the file.
    void expect_few_lines(const std::string &remedy) { FaultSuite::expect_few_lines(path(), remedy); }
    void make_database(const std::string &sql) {
        SqliteFile(path(), SqliteFile::Mode::create).execute(sql);
        if (worker_user().switched) {
            EXPECT_EQ(chown(path().c_str(), worker_user().uid, worker_user().gid), 0);
        }
    }
    static void write_over(const std::string &file, std::string_view content) {
        remove_all_of(file);
        write_file(file, content);
        if (worker_user().switched) {
            EXPECT_EQ(chown(file.c_str(), worker_user().uid, worker_user().gid), 0);
        }
    }
    static void remove_all_of(const std::string &file) {
        for (const char *suffix : {"", "-wal", "-shm"}) {
            fs::remove(file + suffix);
        }
    }
    // A copy that stands alone, as a backup has it; returns its path.
    std::string save() {
        std::string copy = gateway().directory() + "/saved.db";
        SqliteFile(path()).execute("VACUUM INTO '" + copy + "'");
        return copy;
    }
    // The store's files go away, and come back.
    void hide() {
        for (const char *suffix : {"", "-wal", "-shm"}) {
            if (fs::exists(path() + suffix)) {
                fs::rename(path() + suffix, path() + ".hidden" + suffix);
            }
        }
    }
    void bring_back() {
        remove_all_of(path());
        for (const char *suffix : {"", "-wal", "-shm"}) {
            if (fs::exists(path() + ".hidden" + suffix)) {
                fs::rename(path() + ".hidden" + suffix, path() + suffix);
            }
        }
    }
};
INSTANTIATE_TEST_SUITE_P(Workers, SqliteFault, kWorkers, workers_name);

TEST_P(SqliteFault, FileMissing) {
    start();
    warm();
    hide();
    expect_fault();
    expect_few_lines("put it back");
    EXPECT_FALSE(fs::exists(path())) << "a gateway makes no store by itself";
    bring_back();
    expect_recovery();
}

TEST_P(SqliteFault, FileMissingAtStart) {
    make(options());
    hide();
    gateway().start();
    expect_fault();
    expect_few_lines("appctl");
    bring_back();
    expect_recovery();
}

TEST_P(SqliteFault, FileOfAnotherProgram) {
    start();
    warm();
    hide();
    make_database("CREATE TABLE other(x); INSERT INTO other VALUES(1);");
    expect_fault();
    expect_few_lines("name another file");
    EXPECT_EQ(SqliteFile(path()).number("SELECT count(*) FROM sqlite_schema"), 1) << "it was written to";
    bring_back();
    expect_recovery();
}

TEST_P(SqliteFault, FileThatIsNoDatabase) {
    start();
    warm();
    hide();
    const std::string text = "this is a letter to my grandmother, and not a database at all\n";
    write_over(path(), text);
    expect_fault();
    expect_few_lines(path());
    EXPECT_EQ(read_file(path()), text) << "it was written to";
    bring_back();
    expect_recovery();
}

TEST_P(SqliteFault, FileCorrupt) {
    start();
    warm();
    const std::string saved = save();
    std::string broken = read_file(saved);
    ASSERT_GT(broken.size(), 8192U);
    broken.replace(4096, broken.size() - 4096, std::string(broken.size() - 4096, '\x5a'));
    gateway().stop();
    write_over(path(), broken);
    gateway().start();
    expect_fault();
    expect_few_lines(path());
    write_over(path(), read_file(saved));
    expect_recovery();
}

TEST_P(SqliteFault, SchemaTooOldNamesTheCommand) {
    start();
    warm();
    SqliteFile(path()).execute("PRAGMA user_version=0");
    expect_fault();
    expect_few_lines("appctl --store " + gateway().store().uri() + " init");
    SqliteFile(path()).execute("PRAGMA user_version=1");
    expect_recovery();
}

TEST_P(SqliteFault, SchemaTooNewNamesTheVersion) {
    start();
    warm();
    SqliteFile(path()).execute("PRAGMA user_version=99; UPDATE meta SET value=99 WHERE name='readable_from'");
    expect_fault();
    expect_few_lines("version 99");
    SqliteFile(path()).execute("PRAGMA user_version=1; UPDATE meta SET value=1 WHERE name='readable_from'");
    expect_recovery();
}

TEST_P(SqliteFault, SchemaNewerButReadableIsServed) {
    start();
    warm();
    SqliteFile(path()).execute("PRAGMA user_version=99");
    warm();
}

TEST_P(SqliteFault, FileReadOnly) {
    if (!worker_user().switched) {
        GTEST_SKIP() << "permissions bind only workers of another user, which root alone can start";
    }
    start();
    warm();
    const std::string saved = save();
    remove_all_of(path());
    write_file(path(), read_file(saved));
    ASSERT_EQ(chmod(path().c_str(), 0444), 0);
    expect_fault();
    expect_few_lines(path());
    ASSERT_EQ(chmod(path().c_str(), 0666), 0);
    expect_recovery();
}

TEST_P(SqliteFault, FullDisk) {
    GatewayOptions larger = options();
    larger.server += " client_max_body_size 2m;";
    Gateway &server = make(larger);
    const std::string directory = server.directory() + "/store";
    const std::string saved = save();
    if (mount("none", directory.c_str(), "tmpfs", 0, "size=2m,mode=0777") != 0) {
        GTEST_SKIP() << "a small file system cannot be mounted here";
    }
    write_over(path(), read_file(saved));
    server.start();
    expect_created(create());
    const Request large = server.request(R"({"name":"Fill","metadata":{"m":")" + std::string(200000, 'm') + "\"}}");
    Client client = server.client();
    Response response;
    int made = 0;
    for (int i = 0; i < 100 && (response = client.send(large)).status == 200; ++i) {
        ++made;
    }
    expect_database_error(response);
    EXPECT_EQ(server.static_file(), "static\n");
    expect_database_error(client.send(large));
    EXPECT_FALSE(lines_with(server.log_of_test(), path()).empty());
    EXPECT_EQ(server.store().count(server.organization()), made + 1) << "what was refused is not there";
    EXPECT_EQ(mount("none", directory.c_str(), "tmpfs", MS_REMOUNT, "size=64m,mode=0777"), 0);
    expect_recovery();
    EXPECT_EQ(server.store().appctl({"check"}).status, 0);
    server.stop();
    EXPECT_EQ(umount2(directory.c_str(), MNT_DETACH), 0);
}

// A promise of the schema that a record breaks is a bug, and the client's business alone.
TEST_P(SqliteFault, RecordThatTheSchemaRefusesIs1000) {
    start();
    warm();
    const Organization other = gateway().store().organization();
    const Request of_other = Gateway::request(other, gateway().store().key(other), R"({"name":"Other"})");
    const auto before = gateway().store().count(gateway().organization());
    SqliteFile(path()).execute("CREATE UNIQUE INDEX bug ON applications(length(id)) WHERE slug LIKE 'bug%'");
    const Request bug = gateway().request(R"({"name":"Bug"})");
    Client client = gateway().client();
    expect_created(client.send(bug));
    for (int i = 0; i < 3; ++i) {
        expect_error(client.send(bug), 500, 1000, "Internal error");
        expect_created(client.send(of_other));
        EXPECT_EQ(gateway().static_file(), "static\n");
    }
    EXPECT_FALSE(lines_with(gateway().log_of_test(), "app_create failed").empty()) << "nothing was logged";
    EXPECT_EQ(gateway().store().count(gateway().organization()), before + 1) << "what was refused is not there";
    EXPECT_EQ(gateway().store().appctl({"check"}).status, 0);
    SqliteFile(path()).execute("DROP INDEX bug");
    expect_created(client.send(bug));
}

TEST_P(SqliteFault, ReplacedWhileServing) {
    start();
    warm();
    const std::string saved = save();
    const auto before = gateway().store().count(gateway().organization());
    expect_created(create());
    // A backup is brought back, as an operator does it: by a rename.
    const std::string ready = gateway().directory() + "/store/ready.db";
    write_over(ready, read_file(saved));
    hide();
    fs::rename(ready, path());
    expect_recovery();
    EXPECT_GE(gateway().store().count(gateway().organization()), before + 10) << "written to the old file";
    EXPECT_EQ(gateway().store().appctl({"check"}).status, 0);
}

}  // namespace
}  // namespace appcreate::test
