// The same promises on the MongoDB that operators run: a standalone server, a replica set, a sharded cluster, each
// named by a variable. Each test uses a database of its own and drops it. Members may be killed while it runs.
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <set>

#include "harness/client.h"
#include "harness/core_gateway.h"
#include "harness/deployment.h"
#include "harness/socket.h"
#include "request/record.h"

namespace appcreate::test {
namespace {

constexpr std::int64_t kTimeoutMs = 20'000;

struct Real {
    const char *name;
    Deployment deployment;
};

class RealServer : public ::testing::TestWithParam<Real> {
  protected:
    void SetUp() override {
        const Deployment &deployment = GetParam().deployment;
        if (const std::string why = why_absent(deployment); !why.empty()) GTEST_SKIP() << why;
        database_ = unique_database();
        uri_ = in_database(uri_of(deployment), database_);
        direct_ = std::make_unique<MongoClient>(uri_, database_);
        a_ = std::make_unique<CoreGateway>(uri_, kTimeoutMs);
        b_ = std::make_unique<CoreGateway>(uri_, kTimeoutMs);
        a().store().init();
    }
    void TearDown() override {
        if (direct_) direct_->drop();
    }
    [[nodiscard]] const std::string &uri() const { return uri_; }
    CoreGateway &a() { return *a_; }
    CoreGateway &b() { return *b_; }
    MongoClient &direct() { return *direct_; }
    std::int64_t stored(const Tenant &tenant) {
        return direct().count("applications", bson(R"({"organization":{"$oid":")" + tenant.organization + "\"}}"));
    }
    void expect_sound() {
        std::string problems;
        EXPECT_TRUE(a().store().check(false, [&](std::string_view row) {
            problems += std::string(row) + "\n";
            return true;
        })) << problems;
    }

  private:
    std::string database_;
    std::string uri_;
    std::unique_ptr<MongoClient> direct_;
    std::unique_ptr<CoreGateway> a_;
    std::unique_ptr<CoreGateway> b_;
};

TEST_P(RealServer, CreatesAndReplaysAtEveryGateway) {
    const Tenant tenant = a().make_tenant();
    const Answer first = a().create(tenant, order("Field notes", "key-1"));
    ASSERT_EQ(first.status, 200) << first;
    const Answer replay = b().create(tenant, order("Field notes", "key-1"));
    EXPECT_TRUE(replay.is_replay);
    EXPECT_EQ(replay.body, first.body);
    EXPECT_REFUSED(b().create(tenant, order("Other", "key-1")), AC_CODE_KEY_REUSED);
    std::string shown;
    b().store().app_show(tenant.organization, first.slug, [&](std::string_view row) {
        shown = row;
        return true;
    });
    EXPECT_EQ(shown, record_of(first.body));
    EXPECT_EQ(stored(tenant), 1);
    expect_sound();
}

TEST_P(RealServer, InitIsSafeToRepeat) {
    const Tenant tenant = a().make_tenant();
    EXPECT_CREATED(a().create(tenant));
    b().store().init();
    EXPECT_CREATED(b().create(tenant));
    EXPECT_EQ(stored(tenant), 2);
}

TEST_P(RealServer, KeepsMetadataExactly) {
    const Tenant tenant = a().make_tenant();
    const std::string metadata =
        R"({"":1,"a.b":2,"$set":3,"i":9223372036854775807,"r":5e-324,"one":1.0,"s":"a\u0000b","deep":[[{"x":[]}]]})";
    const Order exact{R"({"name":"Exact","metadata":)" + metadata + "}", "key-1"};
    const Answer answer = a().create(tenant, exact);
    ASSERT_EQ(answer.status, 200) << answer;
    EXPECT_NE(answer.body.find(R"("metadata":)" + metadata), std::string::npos);
    EXPECT_EQ(b().create(tenant, exact).body, answer.body);
    b().store().app_show(tenant.organization, answer.id, [&](std::string_view row) {
        EXPECT_EQ(row, record_of(answer.body));
        return true;
    });
}

TEST_P(RealServer, TooLargeIsAViolation) {
    const Tenant tenant = a().make_tenant();
    const std::string large(16'777'216 - 300, 'x');
    EXPECT_REFUSED(a().create(tenant, {R"({"name":"Large","metadata":{"x":")" + large + R"("}})"}), AC_CODE_VALIDATION);
    EXPECT_EQ(stored(tenant), 0);
}

TEST_P(RealServer, NeverMoreThanTheLimitAndNeverLess) {
    constexpr int kLimit = 40;
    const Tenant tenant = a().make_tenant(kLimit);
    std::vector<std::future<std::vector<Answer>>> running;
    for (CoreGateway *gateway : {&a(), &b()}) {
        for (int t = 0; t < 3; ++t) {
            running.push_back(std::async(std::launch::async, [gateway, &tenant] {
                std::vector<Answer> answers;
                for (int i = 0; i < 5; ++i) {
                    for (const Answer &one : gateway->create_all(tenant, std::vector<Order>(2, order("Same")))) {
                        answers.push_back(one);
                    }
                }
                return answers;
            }));
        }
    }
    std::map<int, int> codes;
    std::set<std::string> slugs;
    for (auto &one : running) {
        for (const Answer &answer : one.get()) {
            ++codes[answer.code];
            if (answer.status == 200) slugs.insert(answer.slug);
        }
    }
    // Who meets others at every one of its inserts is told 3002, having created nothing.
    EXPECT_EQ(codes[0], kLimit);
    EXPECT_EQ(codes[0] + codes[AC_CODE_LIMIT] + codes[AC_CODE_DATABASE], 60);
    EXPECT_LT(codes[AC_CODE_DATABASE], 60 - kLimit);
    EXPECT_EQ(slugs.size(), static_cast<std::size_t>(kLimit));
    EXPECT_EQ(stored(tenant), kLimit);
    expect_sound();
}

TEST_P(RealServer, OneKeyAtTwoGatewaysAtOnceIsOneApplication) {
    const Tenant tenant = a().make_tenant();
    for (int i = 0; i < 20; ++i) {
        const Order keyed = order("Once", "key-" + std::to_string(i));
        std::future<Answer> at_a = a().start(tenant, keyed);
        std::future<Answer> at_b = b().start(tenant, keyed);
        const Answer first = at_a.get();
        const Answer second = at_b.get();
        EXPECT_TRUE(first.status == 200 || first.code == AC_CODE_CONFLICT) << first;
        EXPECT_TRUE(second.status == 200 || second.code == AC_CODE_CONFLICT) << second;
        if (first.status == 200 && second.status == 200) {
            EXPECT_EQ(first.body, second.body);
        }
    }
    EXPECT_EQ(stored(tenant), 20);
}

// Elections while two gateways create, each with one Idempotency-Key per application and repeating what is 503. From
// outside, members may be killed at the same time.
TEST_P(RealServer, ElectionsLoseAndDoubleNothing) {
    constexpr int kEach = 300;
    const Tenant tenant = a().make_tenant(2 * kEach);
    std::atomic<bool> is_done{false};
    std::vector<std::future<std::map<std::string, std::string>>> running;
    for (CoreGateway *gateway : {&a(), &b()}) {
        running.push_back(std::async(std::launch::async, [gateway, &tenant] {
            std::map<std::string, std::string> bodies;
            for (int i = 0; i < kEach; ++i) {
                const Order keyed = order("Same", unique_name("key"));
                Answer answer;
                const bool answered = eventually(
                    [&] {
                        answer = gateway->create(tenant, keyed);
                        return answer.code != AC_CODE_DATABASE;
                    },
                    std::chrono::minutes(3));
                EXPECT_TRUE(answered) << "the set did not come back";
                EXPECT_CREATED(answer);
                bodies[keyed.idempotency_key] = answer.body;
            }
            return bodies;
        }));
    }
    std::future<void> elections = std::async(std::launch::async, [&] {
        while (!is_done) {
            // A standalone server and a mongos refuse; a primary steps down for two seconds.
            MongoClient admin(uri(), "admin");
            admin.command(bson(R"({"replSetStepDown":2,"secondaryCatchUpPeriodSecs":2,"force":true})"));
            eventually([&] { return is_done.load(); }, std::chrono::seconds(8));
        }
    });
    std::map<std::string, std::string> bodies;
    for (auto &one : running) bodies.merge(one.get());
    is_done = true;
    elections.get();
    EXPECT_EQ(bodies.size(), 2U * kEach);
    EXPECT_EQ(stored(tenant), 2 * kEach);
    CoreGateway fresh(uri(), kTimeoutMs);
    for (const auto &[key, body] : bodies) {
        const Answer replay = fresh.create(tenant, order("Same", key));
        EXPECT_TRUE(replay.is_replay) << replay;
        EXPECT_EQ(replay.body, body);
    }
    EXPECT_REFUSED(fresh.create(tenant), AC_CODE_LIMIT);
    expect_sound();
}

TEST_P(RealServer, WrongCredentialsAreA3002AndOneLine) {
    const std::size_t hosts = uri().find("://") + 3;
    const std::size_t at = uri().find('@');
    const std::string rest = uri().substr(at == std::string::npos ? hosts : at + 1);
    CoreGateway stranger(uri().substr(0, hosts) + "nobody:sesame@" + rest);
    const Tenant tenant = a().make_tenant();
    for (int i = 0; i < 3; ++i) EXPECT_REFUSED(stranger.create(tenant), AC_CODE_DATABASE);
    EXPECT_EQ(stranger.complaints().size(), 1U);
    EXPECT_EQ(stored(tenant), 0);
}

INSTANTIATE_TEST_SUITE_P(Mongo, RealServer,
                         ::testing::Values(Real{"Standalone", kStandalone}, Real{"ReplicaSet", kReplicaSet},
                                           Real{"Sharded", kShardedCluster}),
                         [](const auto &one) { return one.param.name; });

}  // namespace
}  // namespace appcreate::test
