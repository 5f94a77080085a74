// Expired Idempotency-Keys are forgotten many at a time, by one process at a time.
#include <gtest/gtest.h>

#include "harness/store_test.h"
#include "mongo/batch.h"
#include "mongo/sweeper.h"

namespace appcreate::mongotest {
namespace {

class SweeperTest : public StoreTest {
  protected:
    void SetUp() override {
        StoreTest::SetUp();
        if (IsSkipped()) return;
        proxy_ = make_proxy();
        pool_ = std::make_unique<mongo::Pool>(parse_uri(uri(*proxy_)), 20'000, 2);
    }
    FaultProxy &proxy() { return *proxy_; }
    mongo::Session session() { return pool_->lend(); }
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
    const mongo::Session one = session();
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
    const mongo::Session one = session();
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

}  // namespace
}  // namespace appcreate::mongotest
