// A MongoDB that is not there, or not prepared, or cut off while it works, seen through nginx. What the store makes of
// each of these is in tests/mongo.
#include <future>
#include <set>

#include "harness/answers.h"
#include "harness/client.h"
#include "harness/fault_proxy.h"
#include "harness/fault_suite.h"
#include "harness/load.h"
#include "harness/server.h"

namespace appcreate::test {
namespace {

class MongodbFault : public FaultSuite {
  protected:
    void SetUp() override {
        MONGODB_ALONE("a proxy stands between it and nginx");
        NEEDS_LOCK();
    }
    // nginx reaches the server through proxy(), appctl does not.
    Gateway &make_behind_proxy(const GatewayOptions &options) {
        Gateway &server = make(options);
        const JavaServer &mongodb = shared_server();
        proxy_ = std::make_unique<FaultProxy>(mongodb.port());
        server.nginx().write_configuration(
            replace_all(server.configuration(), "127.0.0.1:" + std::to_string(mongodb.port()), proxy_->address()));
        return server;
    }
    FaultProxy &proxy() { return *proxy_; }

  private:
    std::unique_ptr<FaultProxy> proxy_;
};
INSTANTIATE_TEST_SUITE_P(Workers, MongodbFault, kWorkers, workers_name);

TEST_P(MongodbFault, Refusing) {
    make_behind_proxy(options()).start();
    warm();
    proxy().refuse();
    expect_fault();
    expect_few_lines(proxy().address(), "check that the server runs");
    proxy().accept();
    expect_recovery();
}

TEST_P(MongodbFault, RefusingAtStart) {
    Gateway &server = make_behind_proxy(options());
    proxy().refuse();
    server.start();
    expect_fault();
    expect_few_lines(proxy().address(), "check that the server runs");
    proxy().accept();
    expect_recovery();
}

// nginx cuts a line of its log too, and the remedy stands at its end.
TEST_P(MongodbFault, ALongListOfHostsLeavesRoomForTheRemedy) {
    Gateway &server = make(options());
    const std::string host = "[0000:0000:0000:0000:0000:0000:0000:0001]:";
    std::string hosts = "someone:sesame-open-7531@" + host + "1";
    for (int port = 2; port <= 45; ++port) hosts += "," + host + std::to_string(port);
    const std::string address = "127.0.0.1:" + std::to_string(shared_server().port());
    server.nginx().write_configuration(replace_all(server.configuration(), address, hosts));
    server.start();
    expect_fault();
    expect_few_lines();
    for (const std::string &line : lines_with(gateway().log_of_test(), " fails: ")) {
        EXPECT_NE(line.find("store \"mongodb://" + host + "1,"), std::string::npos) << line;
        EXPECT_NE(line.find("check that the server runs"), std::string::npos) << line;
    }
    EXPECT_TRUE(lines_with(gateway().log_of_test(), "sesame").empty());
}

TEST_P(MongodbFault, DatabaseThatIsNotPreparedNamesTheCommand) {
    Gateway &server = make(options());
    const std::string uri = server.store().uri();
    MongoClient(uri, uri.substr(uri.rfind('/') + 1)).drop();
    server.start();
    expect_fault();
    expect_few_lines(uri, "appctl --store URI init");
    server.store().init();
    const Organization org = server.store().organization();
    const Request request = Gateway::request(org, server.store().key(org), R"({"name":"Prepared"})");
    Response last;
    EXPECT_TRUE(eventually([&] {
        last = server.client().send(request);
        return last.status == 200;
    })) << last.body;
}

TEST_P(MongodbFault, ConnectionsCutUnderLoad) {
    GatewayOptions patient = options();
    patient.server = "app_create_timeout 10s;";
    Gateway &server = make_behind_proxy(patient);
    server.start();
    const Organization org = server.store().organization();
    Load clients(server, org, server.store().key(org), 8, Load::Policy::until_answered);
    ASSERT_TRUE(clients.advance(100));
    for (int i = 0; i < 5; ++i) {
        proxy().cut_all();
        ASSERT_TRUE(clients.advance(100));
    }
    clients.stop();
    for (const std::string &one : clients.surprises()) {
        ADD_FAILURE() << one;
    }
    expect_exactly(server, org, clients.acknowledged());
}

// While the server works on one batch a second one goes out, once enough creates wait; never a third.
TEST_P(MongodbFault, SecondBatchGoesOutWhileTheFirstIsWaitedFor) {
    GatewayOptions patient = options();
    patient.workers = 1;
    patient.server = "app_create_timeout 20s;";
    patient.thread_pool = "threads=8";
    Gateway &server = make_behind_proxy(patient);
    server.start();
    warm();
    const auto held = proxy().add({.command = "insert", .collection = "applications", .times = 0});
    const Request request = server.request(R"({"name":"Held"})");
    std::vector<std::future<Response>> answers;
    const auto send = [&](int n) {
        for (int i = 0; i < n; ++i) {
            answers.push_back(std::async(std::launch::async, [&] { return server.client().send(request); }));
        }
    };
    send(1);
    ASSERT_TRUE(proxy().wait_hits(held, 1));
    send(80);
    ASSERT_TRUE(proxy().wait_hits(held, 2));
    EXPECT_EQ(proxy().hits(held), 2);
    proxy().release(held);
    std::set<std::string> slugs;
    for (std::future<Response> &answer : answers) {
        slugs.insert(expect_created(answer.get()).string("/slug"));
    }
    EXPECT_EQ(slugs.size(), answers.size());
}

}  // namespace
}  // namespace appcreate::test
