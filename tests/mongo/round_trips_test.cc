// How often a batch asks the server, as the server sees it.
#include <gtest/gtest.h>

#include <algorithm>

#include "harness/store_test.h"

namespace appcreate::mongotest {
namespace {

using Commands = std::vector<std::string>;

class RoundTrips : public StoreTest {
  protected:
    void SetUp() override {
        StoreTest::SetUp();
        if (IsSkipped()) return;
        proxy_ = make_proxy();
        gateway_ = std::make_unique<Gateway>(uri(*proxy_));
    }
    Gateway &gateway() { return *gateway_; }
    // One create, so that the organization is known.
    Tenant warm_tenant(std::optional<std::int64_t> limit = std::nullopt) {
        Tenant tenant = admin().make_tenant(limit);
        EXPECT_CREATED(gateway().create(tenant, order("Warm")));
        return tenant;
    }
    // What the server was asked for a batch that is created as a whole.
    Commands commands_of(const Tenant &tenant, const std::vector<Order> &batch) {
        proxy_->reset_counts();
        for (const Answer &answer : gateway().create_all(tenant, batch)) EXPECT_CREATED(answer);
        return proxy_->commands();
    }

  private:
    std::unique_ptr<FaultProxy> proxy_;
    std::unique_ptr<Gateway> gateway_;
};

std::ptrdiff_t inserts(const Commands &commands) {
    return std::count(commands.begin(), commands.end(), "insert applications");
}

std::vector<Order> orders(int n, const std::string &prefix, bool keyed = false) {
    std::vector<Order> out;
    for (int i = 0; i < n; ++i) {
        const std::string name = prefix + " " + std::to_string(i);
        out.push_back(keyed ? order(name, name + unique_name("key")) : order(name));
        std::replace(out.back().body.begin(), out.back().body.end(), '\n', ' ');
        if (keyed) {
            std::string &key = *out.back().idempotency_key;
            std::replace(key.begin(), key.end(), ' ', '-');
        }
    }
    return out;
}

TEST_F(RoundTrips, UsuallyOne) {
    const Tenant tenant = warm_tenant();
    EXPECT_EQ(commands_of(tenant, orders(1, "Alone")), (Commands{"insert applications"}));
    EXPECT_EQ(commands_of(tenant, orders(100, "Many")), (Commands{"insert applications"}));
}

TEST_F(RoundTrips, TwoMoreForAnOrganizationThatIsNotKnownYet) {
    const Tenant tenant = admin().make_tenant();
    warm_tenant();
    EXPECT_LE(commands_of(tenant, orders(1, "First")).size(), 3U);
    EXPECT_EQ(commands_of(tenant, orders(1, "Second")).size(), 1U);
}

TEST_F(RoundTrips, KeyedTwo) {
    const Tenant tenant = warm_tenant();
    const Commands expected{"find applications", "insert applications"};
    EXPECT_EQ(commands_of(tenant, orders(1, "Alone", true)), expected);
    EXPECT_EQ(commands_of(tenant, orders(50, "Many", true)), expected);
}

TEST_F(RoundTrips, ReplayOne) {
    const Tenant tenant = warm_tenant();
    const std::vector<Order> keyed = orders(10, "Kept", true);
    commands_of(tenant, keyed);
    EXPECT_EQ(commands_of(tenant, keyed), (Commands{"find applications"}));
}

TEST_F(RoundTrips, OneMoreForALimitedOrganizationWithoutPlaces) {
    const Tenant tenant = admin().make_tenant(100'000);
    EXPECT_CREATED(gateway().create(tenant, order("Warm")));
    int batches_with_more = 0;
    for (int i = 0; i < 10; ++i) {
        const Commands commands = commands_of(tenant, orders(10, "Batch " + std::to_string(i)));
        EXPECT_EQ(inserts(commands), 1);
        EXPECT_LE(commands.size(), 2U) << ::testing::PrintToString(commands);
        if (commands.size() == 2) ++batches_with_more;
    }
    EXPECT_LT(batches_with_more, 10) << "places are taken in blocks";
}

TEST_F(RoundTrips, OneMoreForEachTakenNameAndOneInsertForAll) {
    const Tenant tenant = warm_tenant();
    commands_of(tenant, orders(3, "Taken"));
    std::vector<Order> batch = orders(20, "Free");
    for (const Order &one : orders(3, "Taken")) batch.push_back(one);
    const Commands commands = commands_of(tenant, batch);
    EXPECT_EQ(inserts(commands), 2);
    EXPECT_LE(commands.size(), 2U + 3U) << ::testing::PrintToString(commands);
}

TEST_F(RoundTrips, ManyOfOneTakenNameAskOnceForIt) {
    const Tenant tenant = warm_tenant();
    const Commands commands = commands_of(tenant, std::vector<Order>(30, order("Warm")));
    EXPECT_LE(inserts(commands), 2);
    EXPECT_LE(commands.size(), 3U) << ::testing::PrintToString(commands);
}

TEST_F(RoundTrips, FewForTheThousandthOfOneName) {
    const Tenant tenant = warm_tenant();
    for (int i = 0; i < 5; ++i) commands_of(tenant, std::vector<Order>(200, order("Warm")));
    EXPECT_LE(commands_of(tenant, {order("Warm")}).size(), 3U);
    Gateway cold(server().uri({}, database()));
    EXPECT_EQ(cold.create(tenant, order("Warm")).slug.rfind("warm-", 0), 0U);
}

TEST_F(RoundTrips, NoneForValidateOnlyButReads) {
    const Tenant tenant = warm_tenant();
    Order only = order("Seen");
    only.validate_only = true;
    for (const std::string &command : commands_of(tenant, {only})) {
        EXPECT_TRUE(command.starts_with("find ") || command.starts_with("aggregate ")) << command;
    }
    EXPECT_EQ(stored(tenant), 1);
}

}  // namespace
}  // namespace appcreate::mongotest
