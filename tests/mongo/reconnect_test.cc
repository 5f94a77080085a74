// A server that was away comes back with other data. A gateway whose last look at it was a moment ago acknowledges
// nothing that rests on that look.
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "harness/store_test.h"
#include "mongo/schema/schema.h"

namespace appcreate::test {
namespace {

using mongo::kFitNs;

class Reconnect : public MongoStoreTest {
  protected:
    void SetUp() override {
        MongoStoreTest::SetUp();
        if (IsSkipped()) return;
        proxy_ = make_proxy();
        gateway_ = std::make_unique<CoreGateway>(uri(*proxy_));
        tenant_ = admin().make_tenant();
        ASSERT_EQ(gateway_->create(tenant_).status, 200);
    }
    // As a server that was stopped, and started with other data.
    template <class Change>
    void come_back(const Change &change) {
        proxy_->refuse();
        change();
        proxy_->accept();
    }
    // A create is on its way to the server when that goes away; it does not arrive.
    template <class Change>
    Answer create_meanwhile(const Change &change) {
        const auto held = proxy_->hold_request("insert", "applications");
        auto answer = gateway_->start(tenant_, order("On its way"));
        EXPECT_TRUE(proxy_->wait_hits(held));
        come_back(change);
        return answer.get();
    }
    void run(const std::string &command) { ASSERT_TRUE(direct().command(bson(command)).ok) << command; }
    void drop_index(const char *name) { run(R"({"dropIndexes":"applications","index":")" + std::string(name) + "\"}"); }
    void lose_organization() {
        run(R"({"delete":"organizations","deletes":[{"q":{"_id":{"$oid":")" + tenant_.organization +
            R"("}},"limit":1}]})");
    }
    CoreGateway &gateway() { return *gateway_; }
    FaultProxy &proxy() { return *proxy_; }
    [[nodiscard]] const Tenant &tenant() const { return tenant_; }

  private:
    std::unique_ptr<FaultProxy> proxy_;
    std::unique_ptr<CoreGateway> gateway_;
    Tenant tenant_;
};

TEST_F(Reconnect, AnEmptyOneGetsNothing) {
    come_back([this] { direct().drop(); });
    EXPECT_REFUSED(gateway().create(tenant()), AC_CODE_DATABASE);
    EXPECT_EQ(stored(tenant()), 0);
    ASSERT_FALSE(gateway().complaints().empty());
    EXPECT_NE(gateway().complaints().back().find("restore a backup"), std::string::npos);
}

TEST_F(Reconnect, OneWithoutItsUniqueIndexesGetsNothing) {
    come_back([this] { drop_index("organization_slug"); });
    EXPECT_REFUSED(gateway().create(tenant()), AC_CODE_DATABASE);
    EXPECT_EQ(stored(tenant()), 1);
    admin().store().init();
    EXPECT_TRUE(eventually([&] { return gateway().create(tenant()).status == 200; }));
}

TEST_F(Reconnect, AnOlderCopyKnowsNothingOfAnOrganization) {
    come_back([this] { lose_organization(); });
    EXPECT_REFUSED(gateway().create(tenant()), AC_CODE_DATABASE) << "the first is sent over the old connection";
    EXPECT_REFUSED(gateway().create(tenant()), AC_CODE_NOT_FOUND);
    EXPECT_EQ(stored(tenant()), 1);
}

TEST_F(Reconnect, WhatWasOnItsWayIsNotRepeatedIntoAnEmptyOne) {
    EXPECT_REFUSED(create_meanwhile([this] { direct().drop(); }), AC_CODE_DATABASE);
    EXPECT_EQ(stored(tenant()), 0);
}

TEST_F(Reconnect, WhatWasOnItsWayIsNotRepeatedIntoAnOlderCopy) {
    EXPECT_REFUSED(create_meanwhile([this] { lose_organization(); }), AC_CODE_DATABASE);
    EXPECT_EQ(stored(tenant()), 1);
}

TEST_F(Reconnect, WhatWasOnItsWayIsRepeatedWhereNothingHasChanged) {
    EXPECT_CREATED(create_meanwhile([] {}));
    EXPECT_EQ(stored(tenant()), 2);
}

// The look at the schema before an insert may itself be what connects anew: where another thread's connection broke,
// the driver makes new ones for all, and says so to nobody.
TEST_F(Reconnect, WhatWasAskedBeforeALookConnectedAnewIsAskedOnceMore) {
    const auto stale = std::chrono::nanoseconds(kFitNs + kFitNs / 10);
    std::this_thread::sleep_for(stale);
    const auto plan = proxy().hold_reply("find", "organizations");
    auto answer = gateway().start(tenant(), order("On its way"));
    ASSERT_TRUE(proxy().wait_hits(plan));
    std::this_thread::sleep_for(stale);  // so that the schema is looked at once more
    const auto look = proxy().hold_request("find", "schema");
    proxy().release(plan);
    ASSERT_TRUE(proxy().wait_hits(look));
    const auto cut = proxy().cut_request("find", "apiKeys");
    ac_lookup lookup{};
    gateway().store().find_keys({&lookup, 1}, monotonic_ns() + CoreGateway::kTimeoutMs * 1'000'000);
    ASSERT_TRUE(proxy().wait_hits(cut));
    lose_organization();
    proxy().release(look);
    EXPECT_REFUSED(answer.get(), AC_CODE_NOT_FOUND);
    EXPECT_EQ(stored(tenant()), 1);
}

// No create asks more because of all that: that would be a round trip for each.
TEST_F(Reconnect, NothingMoreIsAskedWhileTheConnectionLasts) {
    proxy().reset_counts();
    const std::int64_t start = monotonic_ns();
    for (int i = 0; i < 10; ++i) EXPECT_CREATED(gateway().create(tenant(), order("Note " + std::to_string(i))));
    const auto seconds = static_cast<int>(1 + (monotonic_ns() - start) / 1'000'000'000);
    EXPECT_EQ(proxy().count("insert"), 10);
    EXPECT_LE(proxy().count("listIndexes"), seconds);
    EXPECT_LE(proxy().round_trips(), 10 + 3 * seconds) << "the schema, its indexes and the plan, each once a second";
}

}  // namespace
}  // namespace appcreate::test
