// app_create_health of a MongoDB store whose server is taken away and comes back: nobody creates meanwhile.
#include "harness/answers.h"
#include "harness/client.h"
#include "harness/fault_proxy.h"
#include "harness/metrics.h"
#include "harness/server.h"
#include "harness/suite.h"

namespace appcreate::test {
namespace {

class HealthOfServer : public OwnGateway {
  protected:
    void SetUp() override {
        MONGODB_ALONE("a proxy stands between it and nginx");
        NEEDS_LOCK();
        GatewayOptions options;
        options.workers = 2;
        options.server = kWatching;
        options.http = "app_create_timeout 1s;";
        Gateway &server = make(options);
        const int port = shared_server().port();
        proxy_ = std::make_unique<FaultProxy>(port);
        server.nginx().write_configuration(
            replace_all(server.configuration(), "127.0.0.1:" + std::to_string(port), proxy_->address()));
        server.start();
    }
    // Until it answers so.
    void expect_ready(bool expected) {
        Response response;
        EXPECT_TRUE(eventually(
            [&] {
                response = get(gateway(), "/ready");
                return response.status == (expected ? 200 : 503);
            },
            std::chrono::seconds(60)))
            << response.status << " " << response.body;
        EXPECT_EQ(Json::parse(response.body).string("/stores/0/state"), expected ? "ok" : "unreachable");
        EXPECT_EQ(get(gateway(), "/live").status, 200);
        // Credentials are nobody's business.
        EXPECT_EQ(response.body.find('@'), std::string::npos);
    }
    FaultProxy &proxy() { return *proxy_; }

  private:
    std::unique_ptr<FaultProxy> proxy_;
};

TEST_F(HealthOfServer, IsTakenAwayAndComesBack) {
    expect_ready(true);
    proxy().refuse();
    expect_ready(false);
    EXPECT_TRUE(gateway().logs("check that the server runs"));
    EXPECT_TRUE(eventually([&] { return metrics_of(gateway()).sum("app_create_store_failures_total") >= 1; }));
    proxy().accept();
    expect_ready(true);
    EXPECT_TRUE(gateway().logs("works again"));
    EXPECT_TRUE(eventually([&] { return metrics_of(gateway()).sum("app_create_store_recoveries_total") >= 1; }));
    EXPECT_EQ(metrics_of(gateway()).sum("app_create_store_up"), 1);
    expect_created(gateway().client().send(gateway().request(R"({"name":"Healthy"})")));
}

}  // namespace
}  // namespace appcreate::test
