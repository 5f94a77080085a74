// app_create_health: live and ready are told apart, and what is told of the store is what its files or its server are.
#include <filesystem>

#include "harness/answers.h"
#include "harness/held_thread.h"
#include "harness/metrics.h"
#include "harness/suite.h"

namespace appcreate::test {
namespace {

namespace fs = std::filesystem;

class HealthTest : public OwnGateway {
  protected:
    static GatewayOptions options(int workers) {
        GatewayOptions options;
        options.workers = workers;
        options.key_cache = "app_create_key_cache zone=keys:1m valid=1h invalid=1s;";
        options.server = kWatching;
        return options;
    }
    // Until it answers so.
    Json ready(bool expected) {
        Response response;
        EXPECT_TRUE(eventually([&] {
            response = get(gateway(), "/ready");
            return response.status == (expected ? 200 : 503);
        })) << response.status
            << " " << response.body;
        EXPECT_EQ(response.header("Content-Type"), "application/json; charset=utf-8");
        Json json = Json::parse(response.body);
        EXPECT_EQ(json.at("/ready").text(), expected ? "true" : "false");
        return json;
    }
    void expect_live() {
        const Response response = get(gateway(), "/live");
        EXPECT_EQ(response.status, 200);
        EXPECT_EQ(response.body, R"({"live":true})");
    }
    Response create() { return gateway().client().send(gateway().request(R"({"name":"Healthy"})")); }
};

TEST_F(HealthTest, TellsOfStoreQueueAndCommit) {
    make(options(2)).start();
    Json json = ready(true);
    EXPECT_EQ(json.string("/stores/0/state"), "ok");
    EXPECT_EQ(json.at("/stores/0/secondsSinceCommit").text(), "null");
    EXPECT_EQ(json.integer("/stores/0/queue/creates"), 0);
    // A worker counts from when it runs; the first one to answer may be alone.
    EXPECT_TRUE(eventually([&] { return ready(true).integer("/stores/0/queue/limit") == 2 * 4096; }));
    expect_created(create());
    json = ready(true);
    EXPECT_NE(json.at("/stores/0/secondsSinceCommit").text(), "null");
    expect_live();
}

TEST_F(HealthTest, AQueueThatIsFullIsNotReady) {
    NEEDS_LOCK();
    GatewayOptions one = options(1);
    one.location = "app_create_queue 1; app_create_timeout 30s;";
    make(one).start();
    expect_created(create());
    ready(true);
    RawConnection waiting(gateway().port(Protocol::http1));
    {
        const auto lock = gateway().store().lock();
        waiting.send(http1_bytes(gateway().request(R"({"name":"Waits"})")));
        EXPECT_EQ(ready(false).string("/stores/0/state"), "queue full");
        expect_live();
    }
    EXPECT_TRUE(waiting.receive());
    ready(true);
}

class HealthOfFiles : public HealthTest, public ::testing::WithParamInterface<int> {
  protected:
    void SetUp() override {
        if (store_kind() != StoreKind::sqlite) GTEST_SKIP() << "the store's file is what is taken away";
    }
    std::string path() { return gateway().directory() + "/store/apps.db"; }
    void move(const std::string &from, const std::string &to) {
        for (const char *suffix : {"", "-wal", "-shm"}) {
            if (fs::exists(from + suffix)) {
                fs::rename(from + suffix, to + suffix);
            }
        }
    }
};
INSTANTIATE_TEST_SUITE_P(Workers, HealthOfFiles, kWorkers, workers_name);

// No create is sent: it is the watch that notices, and that says so in the log.
TEST_P(HealthOfFiles, StoreIsTakenAwayAndComesBack) {
    make(options(GetParam())).start();
    expect_created(create());
    ready(true);
    move(path(), path() + ".away");
    EXPECT_EQ(ready(false).string("/stores/0/state"), "unreachable");
    EXPECT_TRUE(eventually([&] { return metrics_of(gateway()).sum("app_create_store_up") == 0; }));
    expect_live();
    EXPECT_EQ(gateway().static_file(), "static\n");
    EXPECT_TRUE(gateway().logs("looking up keys fails"));
    EXPECT_GE(metrics_of(gateway()).sum("app_create_store_failures_total"), 1);

    move(path() + ".away", path());
    ready(true);
    EXPECT_TRUE(gateway().logs("looking up keys works again"));
    // As loud as the failure: the log may have the level "error".
    for (const std::string &line : lines_with(gateway().log_of_test(), "works again")) {
        EXPECT_NE(line.find("[error]"), std::string::npos) << line;
    }
    EXPECT_TRUE(eventually([&] { return metrics_of(gateway()).sum("app_create_store_recoveries_total") >= 1; }));
    EXPECT_EQ(metrics_of(gateway()).sum("app_create_store_up"), 1);
    expect_created(create());
}

TEST_P(HealthOfFiles, StoreIsNotThereAtTheStart) {
    Gateway &server = make(options(GetParam()));
    move(path(), path() + ".away");
    server.start();
    ready(false);
    expect_live();
    move(path() + ".away", path());
    ready(true);
}

TEST_P(HealthOfFiles, LogAndCheckpointAreTold) {
    make(options(GetParam())).start();
    expect_created(create());
    // After an idle second the log is brought into the file and emptied.
    EXPECT_TRUE(eventually(
        [&] { return metrics_of(gateway()).sum("app_create_store_last_checkpoint_timestamp_seconds") > 1e9; }));
    EXPECT_TRUE(eventually([&] { return metrics_of(gateway()).sum("app_create_store_log_bytes") == 0; }));
}

TEST_P(HealthOfFiles, WorkersThatEndWaitForNoWatch) {
    make(options(GetParam())).start();
    ready(true);
    gateway().reload_with(options(GetParam()));
    ready(true);
    EXPECT_TRUE(eventually([&] { return metrics_of(gateway()).at("app_create_workers") == GetParam(); }));
    EXPECT_EQ(gateway().stop(), 0);
}

}  // namespace
}  // namespace appcreate::test
