// Reload, kill, quit, upgrade, all under load: every acknowledged create is there, exactly once.
#include <signal.h>
#include <sys/prctl.h>

#include "harness/answers.h"
#include "harness/load.h"
#include "harness/suite.h"

namespace appcreate::test {
namespace {

constexpr int kClients = 8;

class Lifecycle : public OwnGateway, public ::testing::WithParamInterface<int> {
  protected:
    Gateway &start(GatewayOptions options = {}) {
        options.workers = GetParam();
        Gateway &server = make(options);
        org_ = server.store().organization();
        key_ = server.store().key(org_);
        server.start();
        return server;
    }
    Load load(Load::Policy policy) { return {gateway(), org_, key_, kClients, policy}; }
    void expect_nothing_strange(const Load &load) {
        for (const std::string &one : load.surprises()) {
            ADD_FAILURE() << one;
        }
    }
    // Requests that the worker has read and the locked store keeps waiting.
    std::vector<std::unique_ptr<RawConnection>> in_flight(int n) {
        std::vector<std::unique_ptr<RawConnection>> all;
        for (int i = 0; i < n; ++i) {
            all.push_back(std::make_unique<RawConnection>(gateway().port(Protocol::http1)));
            all.back()->send(http1_bytes(Gateway::request(org_, key_, R"({"name":"In flight"})")));
        }
        // A worker that answers these has read those.
        for (int i = 0; i < 20; ++i) {
            EXPECT_EQ(gateway().static_file(), "static\n");
        }
        return all;
    }

    Organization org_;
    Key key_;
};
INSTANTIATE_TEST_SUITE_P(Workers, Lifecycle, kWorkers, workers_name);

TEST_P(Lifecycle, ReloadUnderLoad) {
    start();
    Load clients = load(Load::Policy::until_answered);
    ASSERT_TRUE(clients.advance(100));
    for (int i = 0; i < 5; ++i) {
        gateway().nginx().reload();
        ASSERT_TRUE(clients.advance(100));
    }
    clients.stop();
    expect_nothing_strange(clients);
    EXPECT_EQ(clients.unavailable(), 0U) << "a reload makes nothing unavailable";
    expect_exactly(gateway(), org_, clients.acknowledged());
}

TEST_P(Lifecycle, KillOfAWorkerUnderLoad) {
    start();
    gateway().provoke("exited on signal 9");
    Load clients = load(Load::Policy::until_answered);
    ASSERT_TRUE(clients.advance(100));
    for (int i = 0; i < 5; ++i) {
        const std::vector<pid_t> workers = gateway().nginx().workers();
        ASSERT_FALSE(workers.empty());
        ::kill(workers.front(), SIGKILL);
        ASSERT_TRUE(eventually([&] { return !is_alive(workers.front()); }));
        ASSERT_TRUE(clients.advance(100));
        ASSERT_TRUE(
            eventually([&] { return gateway().nginx().workers().size() == static_cast<std::size_t>(GetParam()); }));
    }
    clients.stop();
    expect_nothing_strange(clients);
    expect_exactly(gateway(), org_, clients.acknowledged());
}

TEST_P(Lifecycle, QuitUnderLoadAnswersAllThatItTook) {
    start();
    Load clients = load(Load::Policy::once);
    ASSERT_TRUE(clients.advance(200));
    EXPECT_EQ(gateway().stop(), 0);
    clients.join();
    expect_nothing_strange(clients);
    // What got no answer was not begun.
    expect_exactly(gateway(), org_, clients.acknowledged());
}

TEST_P(Lifecycle, QuitWaitsForWhatIsInFlight) {
    NEEDS_LOCK();
    GatewayOptions options;
    options.server = "app_create_timeout 30s;";
    start(options);
    expect_created(gateway().client().send(Gateway::request(org_, key_, R"({"name":"First"})")));
    std::vector<std::unique_ptr<RawConnection>> waiting;
    {
        const auto lock = gateway().store().lock();
        waiting = in_flight(20);
        gateway().nginx().signal(SIGQUIT);
        ASSERT_TRUE(gateway().logs("gracefully shutting down"));
    }
    std::vector<std::string> ids;
    for (const auto &one : waiting) {
        const auto response = one->receive();
        ASSERT_TRUE(response) << "a request in flight got no answer";
        ids.push_back(expect_created(*response).string("/id"));
    }
    EXPECT_EQ(gateway().stop(), 0);
    EXPECT_EQ(gateway().store().count(org_), 21);
    EXPECT_EQ(gateway().store().appctl({"check"}).status, 0);
}

TEST_P(Lifecycle, ReloadWaitsForWhatIsInFlight) {
    NEEDS_LOCK();
    GatewayOptions options;
    options.server = "app_create_timeout 30s;";
    start(options);
    std::vector<std::unique_ptr<RawConnection>> waiting;
    {
        const auto lock = gateway().store().lock();
        waiting = in_flight(10);
        gateway().nginx().reload();
    }
    for (const auto &one : waiting) {
        const auto response = one->receive();
        ASSERT_TRUE(response) << "a request in flight got no answer";
        expect_created(*response);
    }
    EXPECT_EQ(gateway().store().count(org_), 10);
}

TEST_P(Lifecycle, ShutdownTimeoutEndsWhatIsInFlight) {
    NEEDS_LOCK();
    GatewayOptions options;
    options.main = "worker_shutdown_timeout 1s;";
    options.server = "app_create_timeout 4s;";
    start(options);
    expect_created(gateway().client().send(Gateway::request(org_, key_, R"({"name":"First"})")));
    {
        const auto lock = gateway().store().lock();
        const auto waiting = in_flight(10);
        EXPECT_EQ(gateway().stop(), 0);
        for (const auto &one : waiting) {
            const auto response = one->receive();
            EXPECT_TRUE(!response || response->status == 503);
        }
    }
    const std::int64_t made = gateway().store().count(org_);
    EXPECT_GE(made, 1);
    EXPECT_LE(made, gateway().store().traits().works_off_late ? 11 : 1);
    EXPECT_EQ(gateway().store().appctl({"check"}).status, 0);
}

TEST_P(Lifecycle, FastShutdownWhileTheStoreIsLockedEnds) {
    NEEDS_LOCK();
    GatewayOptions options;
    options.server = "app_create_timeout 2s;";
    start(options);
    expect_created(gateway().client().send(Gateway::request(org_, key_, R"({"name":"First"})")));
    // A master kills the workers that take longer than some 1.5 seconds.
    gateway().provoke("exited on signal 9");
    {
        const auto lock = gateway().store().lock();
        const auto waiting = in_flight(10);
        EXPECT_EQ(gateway().nginx().terminate(), 0);
    }
    EXPECT_EQ(gateway().store().appctl({"check"}).status, 0);
}

TEST_P(Lifecycle, BinaryUpgradeUnderLoad) {
    // The old master's children come to this process when it is gone.
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    GatewayOptions options;
    options.daemon = true;
    options.workers = GetParam();
    options.store = "env:APP_CREATE_TEST_UPGRADE";
    Gateway &server = make(options);
    org_ = server.store().organization();
    key_ = server.store().key(org_);
    server.start({{"APP_CREATE_TEST_UPGRADE", server.store().uri()}});
    Load clients = load(Load::Policy::until_answered);
    ASSERT_TRUE(clients.advance(100));
    const pid_t old_master = server.nginx().master();
    server.nginx().signal(SIGUSR2);
    pid_t new_master = 0;
    ASSERT_TRUE(eventually([&] {
        new_master = server.nginx().master_of_file();
        return new_master > 0 && new_master != old_master && !children_of(new_master, "worker process").empty();
    })) << server.nginx().error_log();
    ASSERT_TRUE(clients.advance(100));
    EXPECT_EQ(server.nginx().quit(), 0);
    server.nginx().adopt_master(new_master);
    ASSERT_TRUE(clients.advance(100));
    clients.stop();
    expect_nothing_strange(clients);
    EXPECT_EQ(clients.unavailable(), 0U);
    expect_exactly(server, org_, clients.acknowledged());
}

}  // namespace
}  // namespace appcreate::test
