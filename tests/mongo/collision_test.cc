// A unique index refused a record, and the server does not say which one: what stands in the way is looked for.
#include <gtest/gtest.h>

#include "harness/presets.h"
#include "harness/store_test.h"

namespace appcreate::test {
namespace {

constexpr const char *kApplications = "applications";

class UnnamedCollision : public MongoStoreTest {
  protected:
    void SetUp() override {
        MongoStoreTest::SetUp();
        if (IsSkipped()) return;
        proxy_ = make_proxy();
        unnamed_ = proxy_->add({.command = "insert",
                                .collection = kApplications,
                                .side = Side::kReply,
                                .fault = Fault::kChange,
                                .times = 0,
                                .change = name_duplicates()});
        gateway_ = std::make_unique<CoreGateway>(uri(*proxy_));
    }
    FaultProxy &proxy() { return *proxy_; }
    CoreGateway &gateway() { return *gateway_; }
    // A create of the gateway, whose insert arrives when another gateway has made `first`.
    Answer create_after(const Tenant &tenant, const Order &first, const Order &second) {
        const auto held = proxy().hold_request("insert", kApplications);
        std::future<Answer> slow = gateway().start(tenant, second);
        EXPECT_TRUE(proxy().wait_hits(held));
        EXPECT_CREATED(admin().create(tenant, first));
        proxy().release(held);
        return slow.get();
    }

  private:
    std::unique_ptr<FaultProxy> proxy_;
    FaultProxy::RuleId unnamed_ = 0;
    std::unique_ptr<CoreGateway> gateway_;
};

// Guards: looking for the slug, and numbering it.
TEST_F(UnnamedCollision, OfTheSlug) {
    const Tenant tenant = admin().make_tenant();
    EXPECT_CREATED(admin().create(tenant, order("Same")));
    const Answer answer = gateway().create(tenant, order("Same"));
    EXPECT_CREATED(answer);
    EXPECT_EQ(answer.slug, "same-2");
    EXPECT_EQ(stored(tenant), 2);
    expect_sound();
}

// Guards: looking for the place, and taking another one or none.
TEST_F(UnnamedCollision, OfThePlace) {
    const Tenant tenant = admin().make_tenant(1);
    EXPECT_REFUSED(create_after(tenant, order("Fast"), order("Slow")), AC_CODE_LIMIT);
    EXPECT_EQ(stored(tenant), 1);
    expect_sound();
}

// Guards: looking for the request, and replaying it.
TEST_F(UnnamedCollision, OfTheIdempotencyKey) {
    const Tenant tenant = admin().make_tenant();
    const Answer answer = create_after(tenant, order("Once", "key-1"), order("Once", "key-1"));
    EXPECT_CREATED(answer);
    EXPECT_TRUE(answer.is_replay);
    EXPECT_EQ(stored(tenant), 1);
    expect_sound();
}

// Guards: that a request of another body under one key is told apart, also where the name collides too.
TEST_F(UnnamedCollision, OfTheIdempotencyKeyWithAnotherBody) {
    const Tenant tenant = admin().make_tenant();
    EXPECT_REFUSED(create_after(tenant, order("Once", "key-1"), {R"({"name":"Once","metadata":{}})", "key-1"}),
                   AC_CODE_KEY_REUSED);
    EXPECT_EQ(stored(tenant), 1);
}

// Guards: that the own record, made by an insert whose reply was lost, is success and no collision, whichever of its
// indexes the server asks first: nothing else is taken for it.
class CollisionWithItself : public MongoStoreTest, public ::testing::WithParamInterface<const char *> {};

TEST_P(CollisionWithItself, IsSuccess) {
    const Tenant tenant = admin().make_tenant(10);
    const auto proxy = make_proxy();
    CoreGateway gateway(uri(*proxy));
    EXPECT_CREATED(gateway.create(tenant, order("Warm", "warm")));
    proxy->lose_reply("insert", kApplications);
    const auto named = proxy->add({.command = "insert",
                                   .collection = kApplications,
                                   .side = Side::kReply,
                                   .fault = Fault::kChange,
                                   .times = 0,
                                   .change = name_duplicates(GetParam())});
    proxy->reset_counts();
    const Answer answer = gateway.create(tenant, order("Lost", "key-1"));
    EXPECT_CREATED(answer);
    EXPECT_FALSE(answer.is_replay);
    EXPECT_EQ(answer.slug, "lost");
    EXPECT_EQ(proxy->hits(named), 1);
    EXPECT_EQ(proxy->count("insert"), 2) << "the lost one and its repetition";
    EXPECT_EQ(proxy->count("findAndModify"), 0) << "no place and no number beside its own";
    EXPECT_EQ(stored(tenant), 2);
    EXPECT_TRUE(is_stored(answer));
    expect_sound();
}

INSTANTIATE_TEST_SUITE_P(UnnamedCollision, CollisionWithItself,
                         ::testing::Values("", "_id_", "organization_slug", "organization_place",
                                           "organization_request"),
                         [](const auto &one) {
                             const std::string name = one.param;
                             return name.empty() ? "Unnamed" : name == "_id_" ? "Id" : "Of" + name.substr(13);
                         });

}  // namespace
}  // namespace appcreate::test
