// A name server that does not answer holds no worker: not at its end either. What the store makes of it is in
// tests/mongo.
#include "harness/name_server.h"

#include "harness/suite.h"

namespace appcreate::test {
namespace {

class SilentNameServer : public OwnGateway, public ::testing::WithParamInterface<const char *> {
  protected:
    void SetUp() override { MONGODB_ALONE("its servers have names"); }
};
INSTANTIATE_TEST_SUITE_P(Uris, SilentNameServer,
                         ::testing::Values("mongodb+srv://cluster.test.example/apps?tls=false",
                                           "mongodb://db.test.example/apps"),
                         [](const auto &one) { return one.index == 0 ? "OfACluster" : "OfAServer"; });

// The resolver's own patience is more than two minutes, nginx is waited for for one.
TEST_P(SilentNameServer, HoldsNoWorkerThatEnds) {
    if (!is_inside()) return;
    const NameServer names;
    GatewayOptions options;
    options.store = GetParam();
    options.server = "app_create_timeout 1s;";
    Gateway &server = make(options);
    server.start();
    std::vector<std::unique_ptr<RawConnection>> waiting;
    for (int i = 0; i < 8; ++i) {
        waiting.push_back(std::make_unique<RawConnection>(server.port(Protocol::http1)));
        waiting.back()->send(http1_bytes(server.request(R"({"name":"Waits"})")));
    }
    EXPECT_TRUE(eventually([&names] { return names.questions() > 0; }));
    const pid_t worker = server.nginx().workers().front();
    server.nginx().reload();
    EXPECT_TRUE(eventually([worker] { return !is_alive(worker); }, std::chrono::seconds(60)));
    for (const auto &one : waiting) {
        const auto response = one->receive();
        ASSERT_TRUE(response);
        EXPECT_EQ(response->status, 503);
    }
    EXPECT_EQ(server.nginx().terminate(), 0);
}

}  // namespace
}  // namespace appcreate::test
