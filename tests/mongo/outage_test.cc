// Stores that are down, slow, stalled, refusing or closed to us: 503/3002 in time, one line for each change of state,
// and back to service without help.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <filesystem>

#include "base/failure.h"
#include "harness/presets.h"
#include "harness/replica_set.h"
#include "harness/scripted_server.h"
#include "harness/store_test.h"
#include "support/files.h"
#include "support/process.h"

namespace appcreate::test {
namespace {

using namespace std::chrono_literals;

// Far above the stores' timeouts and far below a hang.
constexpr auto kInTime = 30s;
// For stores that will not answer, and for look-ups of them.
constexpr std::int64_t kHopelessMs = 1'000;
constexpr const char *kSecret = "sesame-open-7531";

Tenant stranger() {
    Tenant tenant;
    tenant.organization = "5f0000000000000000000001";
    const std::string_view slug = "stranger";
    std::copy(tenant.organization.begin(), tenant.organization.end(), tenant.key.id);
    std::copy(tenant.organization.begin(), tenant.organization.end(), tenant.key.organization);
    std::copy(tenant.organization.begin(), tenant.organization.end(), tenant.key.owner);
    std::copy(slug.begin(), slug.end(), tenant.key.organization_slug);
    tenant.key.flags = AC_KEY_MAY_CREATE | AC_KEY_ORG_ENABLED;
    return tenant;
}

void expect_no_look_up_in_time(CoreGateway &gateway) {
    const auto start = std::chrono::steady_clock::now();
    ac_lookup lookup{};
    try {
        gateway.store().find_keys({&lookup, 1}, monotonic_ns() + kHopelessMs * 1'000'000);
        ADD_FAILURE() << "a key look-up cannot succeed";
    } catch (const Failure &failure) {
        EXPECT_TRUE(failure.status() == AC_EUNAVAILABLE || failure.status() == AC_ETIMEOUT) << failure.what();
    }
    EXPECT_LT(std::chrono::steady_clock::now() - start, kInTime);
}

// A key is looked up meanwhile, as other requests have it.
void expect_3002_in_time(CoreGateway &gateway, const Tenant &tenant) {
    const auto looking_up = std::async(std::launch::async, [&] { expect_no_look_up_in_time(gateway); });
    const auto start = std::chrono::steady_clock::now();
    for (const Answer &answer : gateway.create_all(tenant, {order("One"), order("Two")})) {
        EXPECT_EQ(answer.status, 503) << answer;
        EXPECT_REFUSED(answer, AC_CODE_DATABASE);
    }
    EXPECT_LT(std::chrono::steady_clock::now() - start, kInTime);
}

std::string joined(const std::vector<std::string> &lines) {
    std::string out;
    for (const std::string &line : lines) out += line + "\n";
    return out;
}

void expect_one_complaint(CoreGateway &gateway) {
    EXPECT_EQ(gateway.complaints().size(), 1U) << joined(gateway.complaints());
    EXPECT_EQ(joined(gateway.log()).find(kSecret), std::string::npos);
}

bool is_back(CoreGateway &gateway, const Tenant &tenant) {
    return eventually([&] { return gateway.create(tenant).status == 200; });
}

class Outage : public MongoStoreTest {
  protected:
    void SetUp() override {
        MongoStoreTest::SetUp();
        if (!IsSkipped()) tenant_ = admin().make_tenant();
    }
    const Tenant &tenant() { return tenant_; }

    void expect_survived(CoreGateway &gateway, const std::function<void()> &down, const std::function<void()> &up) {
        ASSERT_TRUE(is_back(gateway, tenant()));
        gateway.clear_log();
        down();
        for (int i = 0; i < 3; ++i) expect_3002_in_time(gateway, tenant());
        expect_one_complaint(gateway);
        gateway.clear_log();
        up();
        EXPECT_TRUE(is_back(gateway, tenant()));
        EXPECT_EQ(gateway.create(tenant()).status, 200);
        EXPECT_EQ(gateway.log().size(), 1U) << "it says once that it is back:\n" << joined(gateway.log());
        expect_sound();
    }

  private:
    Tenant tenant_;
};

TEST_F(Outage, Refusing) {
    const auto proxy = make_proxy();
    CoreGateway gateway(uri(*proxy), hasty_ms());
    expect_survived(
        gateway, [&] { proxy->refuse(); }, [&] { proxy->accept(); });
}

TEST_F(Outage, Silent) {
    const auto proxy = make_proxy();
    CoreGateway gateway(uri(*proxy), hasty_ms());
    expect_survived(
        gateway, [&] { proxy->stall(); }, [&] { proxy->resume(); });
}

TEST_F(Outage, TooSlow) {
    const auto proxy = make_proxy();
    CoreGateway gateway(uri(*proxy), hasty_ms());
    expect_survived(
        gateway, [&] { proxy->add({.side = Side::kReply, .fault = Fault::kDelay, .times = 0, .delay = 30s}); },
        [&] {
            proxy->clear();
            proxy->cut_all();
        });
}

TEST_F(Outage, RefusingMeansThatNothingIsCreated) {
    const auto proxy = make_proxy();
    CoreGateway gateway(uri(*proxy), hasty_ms());
    ASSERT_TRUE(is_back(gateway, tenant()));
    const std::int64_t before = stored(tenant());
    proxy->refuse();
    expect_3002_in_time(gateway, tenant());
    EXPECT_EQ(stored(tenant()), before);
}

TEST_F(Outage, DownFromTheStart) {
    const auto proxy = make_proxy();
    proxy->refuse();
    CoreGateway gateway(uri(*proxy), hasty_ms());
    EXPECT_THROW(gateway.store().warm(), Failure);
    for (int i = 0; i < 3; ++i) expect_3002_in_time(gateway, tenant());
    expect_one_complaint(gateway);
    proxy->accept();
    EXPECT_TRUE(is_back(gateway, tenant()));
}

TEST_F(Outage, NoPrimary) {
    ReplicaSet set(server().port());
    CoreGateway gateway(set.uri({}, database()), hasty_ms());
    expect_survived(
        gateway, [&] { set.elect(-1); }, [&] { set.elect(0); });
}

// ---- servers of their own

class OwnServer : public Outage {
  protected:
    JavaServer &server() override {
        if (!server_) server_ = std::make_unique<JavaServer>();
        return *server_;
    }

  private:
    std::unique_ptr<JavaServer> server_;
};

TEST_F(OwnServer, StoppedByASignal) {
    CoreGateway gateway(server().uri({}, database()), hasty_ms());
    expect_survived(
        gateway, [&] { server().stop(); }, [&] { server().go_on(); });
}

TEST_F(OwnServer, Killed) {
    CoreGateway gateway(server().uri({}, database()), hasty_ms());
    ASSERT_TRUE(is_back(gateway, tenant()));
    gateway.clear_log();
    server().kill();
    for (int i = 0; i < 3; ++i) expect_3002_in_time(gateway, tenant());
    expect_one_complaint(gateway);
}

// ---- servers that follow a script

TEST(OutageByScript, WrongCredentials) {
    ScriptedServer server(standalone_hello());
    server.on("saslStart", [](const Command &, int) { return authentication_failed(); });
    CoreGateway gateway(server.uri("authMechanism=SCRAM-SHA-256", std::string("someone:") + kSecret), kHopelessMs);
    for (int i = 0; i < 3; ++i) expect_3002_in_time(gateway, stranger());
    expect_one_complaint(gateway);
    EXPECT_GE(server.count("saslStart"), 1);
    EXPECT_EQ(server.count("insert"), 0);
}

TEST(OutageByScript, TlsIsAskedOfAServerWithout) {
    const ScriptedServer server(standalone_hello());
    CoreGateway gateway(server.uri("tls=true"), kHopelessMs);
    for (int i = 0; i < 3; ++i) expect_3002_in_time(gateway, stranger());
    expect_one_complaint(gateway);
    EXPECT_EQ(server.count("hello"), 0);
}

// Guards: that the remedy, at the end of a message, is not cut off where a set is long and libmongoc names it again.
TEST(OutageByScript, ALongListOfHostsLeavesRoomForTheRemedy) {
    std::string hosts;
    for (int port = 1; port <= 20; ++port)
        hosts += (hosts.empty() ? "127.0.0.1:" : ",127.0.0.1:") + std::to_string(port);
    CoreGateway gateway("mongodb://someone:" + std::string(kSecret) + "@" + hosts + "/things?replicaSet=rs0",
                        kHopelessMs);
    try {
        gateway.store().warm();
        ADD_FAILURE() << "nothing is there";
    } catch (const Failure &failure) {
        const std::string message = failure.what();
        EXPECT_LT(message.size(), sizeof(ac_error::message));
        EXPECT_TRUE(message.starts_with("store \"mongodb://127.0.0.1:1,127.0.0.1:2,")) << message;
        EXPECT_NE(message.find(",.../things\": No suitable servers"), std::string::npos) << message;
        EXPECT_TRUE(message.ends_with("...; check that the server runs, its address, and TLS")) << message;
        EXPECT_EQ(message.find(kSecret), std::string::npos);
    }
}

TEST(OutageByScript, AServerTooOldToTalkTo) {
    const ScriptedServer server(merged(standalone_hello().get(), bson(R"({"maxWireVersion":2})").get()));
    CoreGateway gateway(server.uri(), kHopelessMs);
    expect_3002_in_time(gateway, stranger());
    expect_one_complaint(gateway);
}

TEST(OutageByScript, AnEmptyServerIsNotReady) {
    ScriptedServer server(standalone_hello());
    const Script empty =
        script_of(bson(R"({"ok":1,"cursor":{"id":{"$numberLong":"0"},"ns":"apps.x","firstBatch":[]}})"));
    for (const char *command : {"find", "aggregate", "listIndexes", "listCollections"}) server.on(command, empty);
    CoreGateway gateway(server.uri());
    for (int i = 0; i < 2; ++i) {
        EXPECT_REFUSED(gateway.create(stranger()), AC_CODE_DATABASE);
    }
    EXPECT_EQ(gateway.complaints().size(), 1U) << joined(gateway.complaints());
    EXPECT_NE(joined(gateway.complaints()).find("appctl"), std::string::npos) << "it names the command to run";
    EXPECT_EQ(server.count("insert"), 0);
}

// ---- TLS

class OverTls : public ::testing::Test {
  protected:
    void SetUp() override {
        NEEDS_MONGO_SERVER();
        const Outcome made =
            run({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                 "-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout",
                 file("key.pem"), "-out", file("certificate.pem")});
        ASSERT_EQ(made.status, 0) << made.err;
        const JavaServer::Tls tls{file("certificate.pem"), file("key.pem")};
        server_ = std::make_unique<JavaServer>(&tls);
    }
    [[nodiscard]] std::string file(const char *name) const { return directory_.file(name); }
    JavaServer &server() { return *server_; }

  private:
    TempDir directory_;
    std::unique_ptr<JavaServer> server_;
};

TEST_F(OverTls, CreatesWithTheRightAuthority) {
    CoreGateway gateway(server().uri("tls=true&tlsCAFile=" + file("certificate.pem")));
    gateway.store().init();
    const Tenant tenant = gateway.make_tenant();
    EXPECT_TRUE(is_back(gateway, tenant));
}

TEST_F(OverTls, TrustsNoOtherAuthority) {
    CoreGateway gateway(server().uri("tls=true"), kHopelessMs);
    for (int i = 0; i < 2; ++i) expect_3002_in_time(gateway, stranger());
    expect_one_complaint(gateway);
}

TEST_F(OverTls, PlainIsRefused) {
    CoreGateway gateway(server().uri(), kHopelessMs);
    for (int i = 0; i < 2; ++i) expect_3002_in_time(gateway, stranger());
    expect_one_complaint(gateway);
}

}  // namespace
}  // namespace appcreate::test
