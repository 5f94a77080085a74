// Litestream replicates the store of a serving gateway; when the host dies, what its replica had comes back.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "harness/answers.h"
#include "harness/load.h"
#include "harness/suite.h"

namespace appcreate::test {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds kPatience(120);

class Litestream : public OwnGateway, public ::testing::WithParamInterface<int> {
  protected:
    void SetUp() override {
        SQLITE_ALONE("Litestream replicates SQLite");
        if (!fs::exists(APP_CREATE_LITESTREAM)) {
            GTEST_SKIP() << "there is no Litestream; see tests/litestream/prepare.sh";
        }
        GatewayOptions options;
        options.workers = GetParam();
        options.store = "@store@?checkpoint=external";
        make(options);
        replica_ = gateway().directory() + "/replica";
        write_file(gateway().directory() + "/litestream.yml",
                   "dbs:\n"
                   "  - path: " +
                       path() +
                       "\n"
                       "    monitor-interval: 100ms\n"
                       "    replica:\n"
                       "      type: file\n"
                       "      path: " +
                       replica_ +
                       "\n"
                       "      sync-interval: 100ms\n");
    }
    void TearDown() override {
        kill_litestream();
        OwnGateway::TearDown();
    }
    [[nodiscard]] std::string path() { return gateway().directory() + "/store/apps.db"; }
    void start_litestream() {
        litestream_ = start({APP_CREATE_LITESTREAM, "replicate", "-config", gateway().directory() + "/litestream.yml"},
                            gateway().directory() + "/litestream.log");
    }
    void kill_litestream() {
        if (litestream_ <= 0) return;
        kill(litestream_, SIGKILL);
        reap(litestream_);
        litestream_ = 0;
    }
    // Every process of the host at once.
    void kill_host() {
        const std::vector<pid_t> workers = gateway().nginx().workers();
        gateway().nginx().signal(SIGKILL);
        for (const pid_t worker : workers) kill(worker, SIGKILL);
        kill_litestream();
        gateway().nginx().kill();
        EXPECT_TRUE(eventually([&] {
            return std::none_of(workers.begin(), workers.end(), [](pid_t worker) { return is_alive(worker); });
        }));
    }
    // What the replica holds, as a store of its own.
    bool restore(const std::string &to) {
        for (const char *side : {"", "-wal", "-shm"}) fs::remove(to + side);
        const Outcome outcome = run({APP_CREATE_LITESTREAM, "restore", "-o", to, "file://" + replica_});
        last_words_ = outcome.out + outcome.err;
        return outcome.status == 0;
    }
    std::set<std::string> ids_in(const std::string &file) { return ids_in_file(file, gateway().organization()); }

    std::string replica_, last_words_;
    pid_t litestream_ = 0;
};
INSTANTIATE_TEST_SUITE_P(Workers, Litestream, kWorkers, workers_name);

TEST_P(Litestream, WhatTheReplicaHadComesBack) {
    gateway().start();
    start_litestream();
    // One client: the order of the answers is that of the commits.
    Load load(gateway(), gateway().organization(), gateway().key(), 1, Load::Policy::once);
    ASSERT_TRUE(load.advance(300));
    const std::vector<std::string> before = load.acknowledged();
    const std::string copy = gateway().directory() + "/copy.db";
    // The replica says what it has by what comes out of it.
    ASSERT_TRUE(eventually([&] { return restore(copy) && ids_in(copy).contains(before.back()); }, kPatience))
        << last_words_ << read_file(gateway().directory() + "/litestream.log");
    ASSERT_TRUE(load.advance(100));
    kill_host();
    load.join();

    const std::string restored = gateway().directory() + "/store/restored.db";
    ASSERT_TRUE(restore(restored)) << last_words_;
    const std::set<std::string> found = ids_in(restored);
    const std::vector<std::string> acknowledged = load.acknowledged();
    for (const std::string &id : before) EXPECT_TRUE(found.contains(id)) << id;
    // Of one moment: nothing is missing before the last one that is there.
    const auto last = std::find_if(acknowledged.rbegin(), acknowledged.rend(),
                                   [&](const std::string &id) { return found.contains(id); });
    const auto until = static_cast<std::size_t>(acknowledged.rend() - last);
    for (std::size_t i = 0; i < until; ++i) EXPECT_TRUE(found.contains(acknowledged[i])) << i;
    EXPECT_EQ(run({appctl_path(), "--store", "sqlite:" + restored, "check"}).status, 0);
    // It was one answer at most that was on its way.
    EXPECT_LE(found.size(), acknowledged.size() + 1);

    // The new host serves it, and replicates it anew.
    for (const char *side : {"", "-wal", "-shm"}) fs::remove(path() + side);
    fs::remove_all(gateway().directory() + "/store/.apps.db-litestream");
    fs::remove_all(replica_);
    fs::rename(restored, path());
    if (worker_user().switched) {
        ASSERT_EQ(chown(path().c_str(), worker_user().uid, worker_user().gid), 0);
    }
    gateway().start();
    start_litestream();
    Client client = gateway().client();
    const Json created = expect_created(client.send(gateway().request(R"({"name":"Afterwards"})")));
    EXPECT_TRUE(eventually([&] { return restore(copy) && ids_in(copy).contains(created.string("/id")); }, kPatience))
        << last_words_ << read_file(gateway().directory() + "/litestream.log");
}

}  // namespace
}  // namespace appcreate::test
