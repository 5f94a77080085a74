// A store's file and directory never keep nginx from starting or reloading: "nginx -t" warns, with place, user and
// remedy, the store answers 503 until it is mended, and then works without a reload.
#include <sys/mount.h>
#include <sys/stat.h>

#include <filesystem>

#include "harness/answers.h"
#include "harness/config_suite.h"
#include "harness/fault_suite.h"

namespace appcreate::test {
namespace {

namespace fs = std::filesystem;

class StoreWarning : public ConfigSuite {
  protected:
    static std::string store(const std::string &path) {
        return server("app_create_store sqlite:" + path + "; #here\nlocation / { app_create org; }");
    }
    static std::string user() { return "user \"" + worker_user().name + "\""; }
    static std::string install(const std::string &directory) {
        return "\"install -d -o " + worker_user().name + " -g " + worker_user().group + " -m 750 " + directory + "\"";
    }
    // A remedy that gives such a directory to the workers would harm everybody else.
    void expect_moved(const std::string &path, const std::string &directory) {
        expect_warned(store(path), {"\"" + directory + "\"", user(), "make a directory of its own",
                                    install("/var/lib/app-create"), "sqlite:/var/lib/app-create/"});
    }
};

TEST_F(StoreWarning, DirectoryThatDoesNotExist) {
    expect_warned(store("@dir@/absent/store/apps.db"), {"\"" + directory_.path() + "/absent\" does not exist",
                                                        install(directory_.path() + "/absent/store")});
}

TEST_F(StoreWarning, DirectoryThatIsAFile) {
    write_file(directory_.path() + "/file", "");
    expect_warned(store("@dir@/file/apps.db"), {"\"" + directory_.path() + "/file\" is not a directory"});
}

TEST_F(StoreWarning, FileThatIsADirectory) {
    expect_warned(store("@dir@/store"), {"is a directory; add a file name", "sqlite:" + directory_.path() + "/store/"});
    expect_warned(store("/var/lib"), {"is a directory; add a file name, as in sqlite:/var/lib/app-create/apps.db"});
}

TEST_F(StoreWarning, FileThatDoesNotExistOrIsEmpty) {
    const std::string init = "\"appctl --store sqlite:" + directory_.path() + "/store/apps.db init\"";
    expect_warned(store("@dir@/store/apps.db"), {"does not exist", init});
    EXPECT_TRUE(fs::is_empty(directory_.path() + "/store")) << "nginx -t made something";
    write_file(directory_.path() + "/store/apps.db", "");
    expect_warned(store("@dir@/store/apps.db"), {"is empty", "restore a backup", init});
}

TEST_F(StoreWarning, FileThatIsNoStore) {
    const std::string file = directory_.path() + "/store/apps.db";
    const std::string quoted = '"' + file + '"';
    const std::string appctl = "\"appctl --store sqlite:" + file + " ";
    const auto expect_said = [&](const std::vector<std::string> &parts) {
        if (worker_user().switched) {
            ASSERT_EQ(chown(file.c_str(), worker_user().uid, worker_user().gid), 0);
        }
        const std::string content = read_file(file);
        expect_warned(store("@dir@/store/apps.db"), parts);
        EXPECT_EQ(read_file(file), content);
    };
    write_file(file, "some text\n");
    expect_said({quoted + " does not begin as an SQLite database does", appctl + "restore --force BACKUP\""});
    write_file(file + "-wal", "records");
    expect_said({quoted + " does not begin as an SQLite database does, but has a log", "copy both away",
                 appctl + "restore --force BACKUP\""});
    EXPECT_EQ(read_file(file + "-wal"), "records");
    fs::remove(file + "-wal");
    write_file(file, "");
    SqliteFile(file).execute("VACUUM");
    expect_said({quoted + " is a database that holds nothing", "restore a backup", appctl + "init\""});
    SqliteFile(file).execute("CREATE TABLE theirs(x)");
    expect_said({quoted + " is another program's SQLite database; name another path"});
    write_file(file, read_file(file).substr(0, 16) + std::string(8176, '\0'));
    expect_said({quoted + " is damaged; copy it and its -wal and -shm files away", appctl + "restore BACKUP\""});
    EXPECT_EQ(std::distance(fs::directory_iterator(directory_.path() + "/store"), {}), 1) << "nginx -t made something";
}

TEST_F(StoreWarning, NothingIsSaidOfAStore) {
    make_file("apps.db");
    const Outcome outcome = expect_taken(store("@dir@/store/apps.db"));
    EXPECT_TRUE(lines_with(outcome.err, "[warn]").empty()) << outcome.err;
}

// Its records may be in the log: nobody may be told to make a new store there.
TEST_F(StoreWarning, FileThatIsLostBesideItsLog) {
    write_file(directory_.path() + "/store/apps.db-wal", "records");
    const auto expect_no_init = [&](const std::string &what) {
        const Outcome outcome = expect_taken(store("@dir@/store/apps.db"));
        EXPECT_EQ(lines_with(outcome.err, what).size(), 1U) << outcome.err;
        EXPECT_NE(outcome.err.find("copy both away"), std::string::npos) << outcome.err;
        EXPECT_EQ(outcome.err.find(" init"), std::string::npos) << outcome.err;
    };
    expect_no_init("is missing");
    write_file(directory_.path() + "/store/apps.db", "");
    expect_no_init("is empty");
}

TEST_F(StoreWarning, OneLineForAStoreThatManyLocationsUse) {
    expect_warned(server("app_create_store sqlite:@dir@/store/apps.db; #here\nlocation /a { app_create org; }\n"
                         "location /b { app_create org; app_create_timeout 1s; }"),
                  {"does not exist"});
}

TEST_F(StoreWarning, IsThereWhateverTheLevelOfTheLog) {
    const std::string text = replace_all(store("@dir@/absent/apps.db"), "error.log;", "error.log crit;");
    expect_warned(text, {"does not exist"});
    EXPECT_EQ(lines_with(read_file(directory_.path() + "/error.log"), "does not exist").size(), 1U);
}

TEST_F(StoreWarning, CertificateOfAServerMayComeLater) {
    expect_taken(
        server("app_create_store mongodb://127.0.0.1:1/apps?tls=true&tlsCAFile=@dir@/ca.pem;\n"
               "location / { app_create org; }"));
}

// What follows binds only workers of another user, which root alone can start.
class StoreWarningOfRights : public StoreWarning {
  protected:
    void SetUp() override {
        if (!worker_user().switched) {
            GTEST_SKIP() << "permissions bind only workers of another user, which root alone can start";
        }
    }
};

TEST_F(StoreWarningOfRights, DirectoryOfItsOwn) {
    fs::create_directory(directory_.path() + "/closed");
    expect_warned(store("@dir@/closed/apps.db"),
                  {directory_.path() + "/closed\" cannot be written", user(), install(directory_.path() + "/closed")});
    write_file(directory_.path() + "/closed/apps.db", "x");
    write_file(directory_.path() + "/closed/apps.db-wal", "x");
    expect_warned(store("@dir@/closed/apps.db"), {install(directory_.path() + "/closed")});
}

TEST_F(StoreWarningOfRights, DirectoryOfOthers) {
    fs::create_directory(directory_.path() + "/shared");
    write_file(directory_.path() + "/shared/of-another-program", "");
    expect_moved("@dir@/shared/apps.db", directory_.path() + "/shared");
}

TEST_F(StoreWarningOfRights, DirectoriesOfTheSystem) {
    expect_moved("/apps.db", "/");
    expect_moved("/etc/apps.db", "/etc");
    expect_moved("/root/apps.db", "/root");
    expect_moved("/var/lib/apps.db", "/var/lib");
    expect_moved("/srv/apps.db", "/srv");
    expect_moved("/usr/local/games/apps.db", "/usr/local/games");
}

TEST_F(StoreWarningOfRights, DirectoryBehindAClosedOne) {
    worker_directory(directory_.path() + "/private/store");
    ASSERT_EQ(chmod((directory_.path() + "/private").c_str(), 0700), 0);
    expect_moved("@dir@/private/store/apps.db", directory_.path() + "/private");
}

TEST_F(StoreWarningOfRights, File) {
    const std::string file = directory_.path() + "/store/apps.db";
    write_file(file, "not empty");
    ASSERT_EQ(chmod(file.c_str(), 0444), 0);
    expect_warned(store("@dir@/store/apps.db"),
                  {'"' + file + "\" cannot be read and written", user(),
                   "chown " + worker_user().name + ":" + worker_user().group + " " + file});
}

TEST_F(StoreWarningOfRights, FileOfTheWorkersThatTheyMayNotWrite) {
    const std::string file = directory_.path() + "/store/apps.db";
    write_file(file, "not empty");
    ASSERT_EQ(chown(file.c_str(), worker_user().uid, worker_user().gid), 0);
    ASSERT_EQ(chmod(file.c_str(), 0444), 0);
    expect_warned(store("@dir@/store/apps.db"),
                  {'"' + file + "\" cannot be read and written", user(), "chmod u+rw " + file});
}

TEST_F(StoreWarningOfRights, ReadOnlyFileSystem) {
    const std::string directory = directory_.path() + "/store";
    if (mount("none", directory.c_str(), "tmpfs", MS_RDONLY, "size=1m,mode=0777") != 0) {
        GTEST_SKIP() << "a file system cannot be mounted here";
    }
    expect_warned(store("@dir@/store/apps.db"), {directory + "\" is on a file system that is mounted read-only"});
    EXPECT_EQ(umount2(directory.c_str(), MNT_DETACH), 0);
}

class StoreMendedLater : public FaultSuite {
  protected:
    void SetUp() override { SQLITE_ALONE("its directory is what is missing"); }
    std::string directory() { return gateway().directory() + "/store"; }
};
INSTANTIATE_TEST_SUITE_P(Workers, StoreMendedLater, kWorkers, workers_name);

TEST_P(StoreMendedLater, DirectoryMissingAtStartAndReload) {
    Gateway &server = make(options());
    fs::remove_all(directory());
    server.start();
    EXPECT_FALSE(lines_with(read_file(server.nginx().stderr_path()), "does not exist; mount").empty());
    expect_fault();
    server.nginx().reload();
    EXPECT_TRUE(server.logs("does not exist; mount"));
    expect_fault();

    worker_directory(directory());
    server.store().init();
    const Organization organization = server.store().organization();
    const Request request = Gateway::request(organization, server.store().key(organization), R"({"name":"After all"})");
    // Each worker comes back by itself.
    Response last;
    for (int i = 0; i < 10 * GetParam(); ++i) {
        EXPECT_TRUE(eventually([&] {
            last = server.client().send(request);
            return last.status == 200;
        })) << last.body;
    }
}

TEST_P(StoreMendedLater, DirectoryMountedLate) {
    Gateway &server = make(options());
    fs::rename(directory(), directory() + ".away");
    server.start();
    expect_fault();
    fs::rename(directory() + ".away", directory());
    expect_recovery();
}

TEST_P(StoreMendedLater, DirectoryOfAWrongMode) {
    if (!worker_user().switched) {
        GTEST_SKIP() << "permissions bind only workers of another user, which root alone can start";
    }
    Gateway &server = make(options());
    ASSERT_EQ(chmod(directory().c_str(), 0500), 0);
    ASSERT_EQ(chown(directory().c_str(), 0, 0), 0);
    server.start();
    expect_fault();
    server.nginx().reload();
    expect_fault();
    ASSERT_EQ(chown(directory().c_str(), worker_user().uid, worker_user().gid), 0);
    ASSERT_EQ(chmod(directory().c_str(), 0750), 0);
    expect_recovery();
}

}  // namespace
}  // namespace appcreate::test
