// Another member becomes the primary: what was on its way is resolved there, and a mongos is a server like any.
#include <gtest/gtest.h>

#include "harness/presets.h"
#include "harness/replica_set.h"
#include "harness/store_test.h"

namespace appcreate::test {
namespace {

class Failover : public MongoStoreTest {
  protected:
    void SetUp() override {
        MongoStoreTest::SetUp();
        if (IsSkipped()) return;
        set_ = std::make_unique<ReplicaSet>(server().port());
        gateway_ = std::make_unique<CoreGateway>(set_->uri({}, database()));
        tenant_ = admin().make_tenant();
        EXPECT_CREATED(gateway().create(tenant(), order("Warm")));
        EXPECT_GE(set_->member(0).count("insert"), 1);
    }
    ReplicaSet &set() { return *set_; }
    CoreGateway &gateway() { return *gateway_; }
    const Tenant &tenant() { return tenant_; }
    std::int64_t made() { return stored(tenant()) - 1; }

  private:
    std::unique_ptr<ReplicaSet> set_;
    std::unique_ptr<CoreGateway> gateway_;
    Tenant tenant_;
};

std::vector<Order> orders(int n) {
    std::vector<Order> out;
    for (int i = 0; i < n; ++i) out.push_back(order("Note " + std::to_string(i)));
    return out;
}

TEST_F(Failover, TheSecondAddressTakesOver) {
    set().elect(1);
    const Answer answer = gateway().create(tenant());
    EXPECT_CREATED(answer);
    EXPECT_GE(set().member(1).count("insert"), 1);
    EXPECT_TRUE(is_stored(answer));
    EXPECT_EQ(made(), 1);
}

TEST_F(Failover, TheFirstAddressIsGone) {
    set().elect(1);
    set().member(0).refuse();
    EXPECT_CREATED(gateway().create(tenant()));
    EXPECT_GE(set().member(1).count("insert"), 1);
    EXPECT_EQ(made(), 1);
}

// Guards: resolving a half-written batch at another server than the one that wrote it.
TEST_F(Failover, InTheMiddleOfABatch) {
    set().member(0).add({.command = "insert", .fault = Fault::kChange, .change = first_documents(4)});
    const auto held = set().member(0).hold_reply("insert", "applications");
    auto running = std::async(std::launch::async, [&] { return gateway().create_all(tenant(), orders(10)); });
    ASSERT_TRUE(set().member(0).wait_hits(held));
    set().elect(1);
    set().member(0).cut_all();
    for (const Answer &answer : running.get()) {
        EXPECT_CREATED(answer);
        EXPECT_TRUE(is_stored(answer)) << answer;
    }
    EXPECT_GE(set().member(1).count("insert"), 1);
    EXPECT_EQ(made(), 10);
    expect_sound();
}

TEST_F(Failover, AnElectionIsWaitedFor) {
    set().elect(-1);
    const auto refused =
        set().member(0).add({.command = "insert", .fault = Fault::kAnswer, .change = always(not_writable_primary())});
    std::future<Answer> running = gateway().start(tenant(), order("Patient", "key-1"));
    EXPECT_TRUE(eventually([&] { return set().member(0).round_trips() > 0; }));
    set().member(0).release(refused);
    set().elect(1);
    const Answer answer = running.get();
    EXPECT_CREATED(answer);
    EXPECT_TRUE(gateway().create(tenant(), order("Patient", "key-1")).is_replay);
    EXPECT_EQ(made(), 1);
}

// Guards: looking for a primary until the create's time is up, and not once, where nothing was sent yet.
TEST_F(Failover, AnElectionIsWaitedForByThoseWhoComeMeanwhile) {
    // libmongoc gives up after a quarter.
    constexpr auto kGivesUp = std::chrono::milliseconds(3'000);
    CoreGateway known(set().uri({}, database()), 4 * kGivesUp.count());
    EXPECT_CREATED(known.create(tenant(), order("Known")));
    CoreGateway fresh(set().uri({}, database()), 4 * kGivesUp.count());
    const Tenant other = admin().make_tenant();  // nobody has its plan
    set().elect(-1);
    for (int i = 0; i < 2; ++i) set().member(i).cut_all();
    std::future<Answer> of_known = known.start(other);
    std::future<Answer> of_fresh = fresh.start(other);
    EXPECT_EQ(of_known.wait_for(kGivesUp + std::chrono::milliseconds(500)), std::future_status::timeout);
    EXPECT_EQ(of_fresh.wait_for(std::chrono::seconds(0)), std::future_status::timeout);
    set().elect(1);
    EXPECT_CREATED(of_known.get());
    EXPECT_CREATED(of_fresh.get());
    EXPECT_EQ(stored(other), 2);
    EXPECT_TRUE(known.complaints().empty());
    expect_sound();
}

TEST_F(Failover, AndBack) {
    for (const int primary : {1, 0, 1}) {
        set().elect(primary);
        EXPECT_CREATED(gateway().create(tenant())) << primary;
    }
    EXPECT_EQ(made(), 3);
    expect_sound();
}

class Mongos : public MongoStoreTest {};

TEST_F(Mongos, IsAServerLikeAny) {
    const auto proxy = make_proxy();
    pose_as_mongos(*proxy);
    CoreGateway gateway(uri(*proxy));
    gateway.store().init();
    const Tenant tenant = gateway.make_tenant(2);
    const Answer first = gateway.create(tenant, order("Same", "key-1"));
    EXPECT_CREATED(first);
    EXPECT_EQ(gateway.create(tenant, order("Same", "key-1")).body, first.body);
    EXPECT_EQ(gateway.create(tenant, order("Same")).slug, "same-2");
    EXPECT_REFUSED(gateway.create(tenant), AC_CODE_LIMIT);
    EXPECT_EQ(stored(tenant), 2);
}

// Guards: that every command about applications names its organization, so that a mongos asks one shard.
TEST_F(Mongos, IsAskedWithTheShardKey) {
    const auto proxy = make_proxy();
    pose_as_mongos(*proxy);
    CoreGateway gateway(uri(*proxy));
    const Tenant tenant = admin().make_tenant(5);
    int without = 0;
    proxy->add({.command = "find",
                .collection = "applications",
                .fault = Fault::kChange,
                .times = 0,
                .change = [&without](const Bson &find) {
                    bson_iter_t at;
                    bson_iter_t organization;
                    const bool named = bson_iter_init(&at, find.get()) &&
                                       bson_iter_find_descendant(&at, "filter.organization", &organization);
                    if (!named) ++without;
                    return copy(find.get());
                }});
    for (int i = 0; i < 2; ++i) EXPECT_CREATED(gateway.create(tenant, order("Same", "key-" + std::to_string(i))));
    EXPECT_CREATED(gateway.create(tenant, order("Same", "key-0")));
    EXPECT_GE(proxy->count("find"), 3);
    proxy->clear();
    EXPECT_EQ(without, 0);
}

}  // namespace
}  // namespace appcreate::test
