// Expired Idempotency-Keys are forgotten many at a time, by one process at a time.
#include <gtest/gtest.h>

#include "harness/store_test.h"
#include "kinds.h"
#include "mongo/create/batch.h"
#include "mongo/schema/schema.h"
#include "mongo/serve/key_use.h"
#include "mongo/serve/sweeper.h"
#include "mongo/serve/upkeep.h"

namespace appcreate::test {
namespace {

class SweeperTest : public MongoStoreTest {
  protected:
    void SetUp() override {
        MongoStoreTest::SetUp();
        if (IsSkipped()) return;
        proxy_ = make_proxy();
        pool_ = std::make_unique<mongo::Pool>(parse_uri(uri(*proxy_)), 20'000, 2);
    }
    FaultProxy &proxy() { return *proxy_; }
    mongo::Client client() { return pool_->lend(); }
    // Records whose requests are kept until then.
    void keep(const Tenant &tenant, int n, std::int64_t until) {
        std::vector<Bson> documents;
        for (int i = 0; i < n; ++i) {
            const std::string id = ObjectId::make().hex();
            documents.push_back(bson(
                R"({"_id":{"$oid":")" + id + R"("},"organization":{"$oid":")" + tenant.organization +
                R"("},"slug":"kept-)" + id + R"(","place":{"$oid":")" + id + R"("},"request":{"$binary":{"base64":")" +
                digest_of(i, until) + R"(","subType":"00"}},"fingerprint":{"$binary":{"base64":")" +
                digest_of(i, until) + R"(","subType":"00"}},"answer":"{}","keptUntil":{"$date":{"$numberLong":")" +
                std::to_string(until) + R"("}}})"));
        }
        ASSERT_TRUE(direct().insert("applications", documents).ok);
    }
    std::int64_t kept() { return direct().count("applications", bson(R"({"keptUntil":{"$exists":true}})")); }

  private:
    // 32 bytes in base64, another one for each.
    static std::string digest_of(int i, std::int64_t until) {
        std::string digits = std::to_string(until) + "x" + std::to_string(i);
        digits.resize(42, 'A');
        return digits + "A=";
    }

    std::unique_ptr<FaultProxy> proxy_;
    std::unique_ptr<mongo::Pool> pool_;
};

TEST_F(SweeperTest, ForgetsHundredsInTwoRoundTrips) {
    const Tenant tenant = admin().make_tenant();
    keep(tenant, 1'100, 1'000);
    keep(tenant, 5, now_ms() - mongo::kClockSlackMs / 2);
    const mongo::Client one = client();
    proxy().reset_counts();
    EXPECT_TRUE(mongo::sweep_expired_requests(one, now_ms()));
    EXPECT_TRUE(mongo::sweep_expired_requests(one, now_ms()));
    EXPECT_FALSE(mongo::sweep_expired_requests(one, now_ms()));
    EXPECT_EQ(proxy().round_trips(), 6);
    EXPECT_EQ(kept(), 5);
    EXPECT_EQ(direct().count("applications", bson(R"({"answer":{"$exists":true}})")), 5);
    expect_sound();
}

TEST_F(SweeperTest, OneProcessDoesItAtATime) {
    const mongo::Client one = client();
    mongo::SweepLease first;
    mongo::SweepLease second;
    const std::int64_t now = now_ms();
    EXPECT_TRUE(first.take(one, now));
    EXPECT_FALSE(second.take(one, now));
    EXPECT_TRUE(first.take(one, now + 80'000)) << "it holds it for longer";
    EXPECT_FALSE(second.take(one, now + 100'000));
    EXPECT_TRUE(second.take(one, now + 200'000)) << "the first is gone";
    EXPECT_FALSE(first.take(one, now + 201'000));
}

// A store that is closed waits for a sweep until its time is up, and begins no other one.
TEST_F(SweeperTest, OneThatIsSlowIsNotWaitedForAndIsTheLast) {
    constexpr std::int64_t kMinuteNs = 60LL * 1'000'000'000;
    constexpr int kMore = 3;
    keep(admin().make_tenant(), 2 * static_cast<int>(mongo::kSweep) + kMore, 1'000);
    const auto pool = std::make_shared<mongo::Pool>(parse_uri(uri(proxy())), 240'000, 2);
    const auto held = proxy().hold_reply("find", "applications");
    {
        mongo::Upkeep upkeep(pool, std::make_shared<mongo::SchemaCheck>(nullptr, nullptr),
                             std::make_shared<mongo::KeyUse>());
        upkeep.start(mongo::SweepPace(monotonic_ns() - kMinuteNs));
        ASSERT_TRUE(proxy().wait_hits(held));
        upkeep.stop(monotonic_ns());
    }
    EXPECT_GT(pool.use_count(), 1) << "its thread has the pool still: it was waited for";
    proxy().release(held);
    ASSERT_TRUE(eventually([&pool] { return pool.use_count() == 1; }));
    EXPECT_EQ(kept(), static_cast<std::int64_t>(mongo::kSweep) + kMore) << "more than what it was at";
}

}  // namespace
}  // namespace appcreate::test
