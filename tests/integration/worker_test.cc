// What a worker has of its own: threads, connections, and none of it in a process that is its own master
// (docs/architecture.md, "Life cycle").
#include <csignal>
#include <filesystem>

#include "harness/answers.h"
#include "harness/suite.h"

namespace appcreate::test {
namespace {

namespace fs = std::filesystem;

class Worker : public OwnGateway {
  protected:
    static std::vector<fs::path> threads(pid_t process) {
        std::vector<fs::path> all;
        for (const auto &entry : fs::directory_iterator("/proc/" + std::to_string(process) + "/task")) {
            all.push_back(entry.path());
        }
        return all;
    }
    static std::uint64_t blocked(const fs::path &thread) {
        const std::string status = read_file(thread.string() + "/status");
        const std::size_t at = status.find("SigBlk:");
        return at == std::string::npos ? 0 : std::stoull(status.substr(at + 7), nullptr, 16);
    }
    Response create(const std::string &path) {
        Request request = gateway().request(R"({"name":"Worker"})");
        request.path = path;
        return gateway().client().send(request);
    }
    std::size_t threads_with(int locations) {
        GatewayOptions options;
        for (int i = 1; i <= locations; ++i) {
            options.server += "location = /l" + std::to_string(i) + " { app_create org-1; app_create_timeout " +
                              std::to_string(i + 2) + "s; app_create_queue " + std::to_string(i + 100) + "; }\n";
        }
        make(options).start();
        for (int i = 1; i <= locations; ++i) {
            EXPECT_TRUE(eventually([&] { return create("/l" + std::to_string(i)).status == 200; }));
        }
        return threads(gateway().nginx().workers().front()).size();
    }
};

TEST_F(Worker, HasOneStoreForLocationsThatDifferInAllElse) {
    const std::size_t one = threads_with(1);
    TearDown();
    EXPECT_EQ(threads_with(20), one);
}

TEST_F(Worker, SignalsAreTheMainThreadsAlone) {
    make().start();
    EXPECT_TRUE(eventually([&] { return create("/v1/organizations/org-1/apps").status == 200; }));
    const pid_t worker = gateway().nginx().workers().front();
    for (const fs::path &thread : threads(worker)) {
        if (thread.filename() == std::to_string(worker)) {
            continue;
        }
        for (const int one : {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGWINCH, SIGCHLD, SIGALRM, SIGIO}) {
            EXPECT_NE(blocked(thread) & (1ULL << (one - 1)), 0U)
                << strsignal(one) << " may come to thread " << read_file(thread.string() + "/comm");
        }
    }
}

TEST_F(Worker, ConnectionsAreAllForClients) {
    GatewayOptions options;
    // Three that listen, the master's channel, and one client.
    options.connections = 5;
    make(options).start();
    expect_created(create("/v1/organizations/org-1/apps"));
}

// There a reload closes what the process has, and gives its descriptors to others.
TEST_F(Worker, ProcessWithoutAMasterOpensNoStore) {
    GatewayOptions options;
    options.main = "master_process off;";
    make(options).start();
    EXPECT_TRUE(gateway().logs("app_create opens no store"));
    const Outcome test = gateway().nginx().test();
    EXPECT_EQ(test.status, 0);
    EXPECT_NE(test.err.find("[warn]"), std::string::npos) << test.err;
    EXPECT_NE(test.err.find("\"master_process off\""), std::string::npos) << test.err;

    const std::string path = "/v1/organizations/org-1/apps";
    for (int i = 0; i < 3; ++i) {
        expect_database_error(create(path));
    }
    EXPECT_EQ(gateway().static_file(), "static\n");
    const std::string before = read_file(gateway().directory() + "/store/apps.db");
    gateway().nginx().signal(SIGHUP);
    EXPECT_TRUE(eventually([&] { return lines_with(gateway().log_of_test(), "event method").size() == 2; }));
    for (const auto &entry : fs::directory_iterator("/proc/" + std::to_string(gateway().nginx().master()) + "/fd")) {
        std::error_code gone;
        EXPECT_EQ(fs::read_symlink(entry.path(), gone).string().find("apps.db"), std::string::npos);
    }
    // With that configuration nginx itself accepts nobody any more, and ends its thread pools badly.
    gateway().nginx().signal(SIGKILL);
    EXPECT_NE(gateway().nginx().terminate(), 0);
    EXPECT_TRUE(read_file(gateway().directory() + "/store/apps.db") == before) << "the store was written to";
    EXPECT_EQ(gateway().store().count(gateway().organization()), 0);
    EXPECT_EQ(gateway().store().appctl({"check"}).status, 0);
}

}  // namespace
}  // namespace appcreate::test
