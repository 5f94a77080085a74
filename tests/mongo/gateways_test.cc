// Several gateways on one store: the last place, one Idempotency-Key, one name, late inserts.
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "harness/store_test.h"

namespace appcreate::test {
namespace {

constexpr const char *kApplications = "applications";
// A gateway whose requests are held must not time out before the other one has done its part.
constexpr std::int64_t kLong = 120'000;

class Gateways : public MongoStoreTest {
  protected:
    void SetUp() override {
        MongoStoreTest::SetUp();
        if (IsSkipped()) return;
        proxy_ = make_proxy();
        patient_ = std::make_unique<CoreGateway>(uri(*proxy_), kLong);
        hasty_ = std::make_unique<CoreGateway>(uri(*proxy_), repeating_ms());
        other_ = std::make_unique<CoreGateway>(server().uri({}, database()));
    }
    FaultProxy &proxy() { return *proxy_; }
    // Both behind the proxy.
    CoreGateway &patient() { return *patient_; }
    CoreGateway &hasty() { return *hasty_; }
    // Straight to the server.
    CoreGateway &other() { return *other_; }

    std::set<std::int64_t> places(const Tenant &tenant) {
        std::set<std::int64_t> out;
        for (const Bson &one :
             direct().find(kApplications, bson(R"({"organization":{"$oid":")" + tenant.organization + "\"}}"))) {
            if (const auto place = integer_at(one.get(), "place")) out.insert(*place);
        }
        return out;
    }

  private:
    std::unique_ptr<FaultProxy> proxy_;
    std::unique_ptr<CoreGateway> patient_;
    std::unique_ptr<CoreGateway> hasty_;
    std::unique_ptr<CoreGateway> other_;
};

// Guards: the unique index on (organization, place), and that a collision there is looked into before 5017 is said.
TEST_F(Gateways, TwoRaceForTheLastPlace) {
    const Tenant tenant = admin().make_tenant(1);
    const auto held = proxy().hold_request("insert", kApplications);
    std::future<Answer> slow = patient().start(tenant, order("Slow"));
    ASSERT_TRUE(proxy().wait_hits(held));
    const Answer fast = other().create(tenant, order("Fast"));
    EXPECT_CREATED(fast);
    proxy().release(held);
    EXPECT_REFUSED(slow.get(), AC_CODE_LIMIT);
    EXPECT_EQ(stored(tenant), 1);
    EXPECT_TRUE(is_stored(fast));
    expect_sound();
}

// Guards: that a place taken by another is a collision, not the limit, while there are more.
TEST_F(Gateways, WhoLosesAPlaceTakesAnother) {
    const Tenant tenant = admin().make_tenant(2);
    const auto held = proxy().hold_request("insert", kApplications);
    std::future<Answer> slow = patient().start(tenant, order("Slow"));
    ASSERT_TRUE(proxy().wait_hits(held));
    // Whatever places the slow one was given, these two want both.
    const Answer first = other().create(tenant, order("First"));
    EXPECT_CREATED(first);
    proxy().release(held);
    EXPECT_CREATED(slow.get());
    EXPECT_REFUSED(other().create(tenant, order("Third")), AC_CODE_LIMIT);
    EXPECT_EQ(places(tenant), (std::set<std::int64_t>{1, 2}));
    expect_sound();
}

// Guards: that a place belongs to whoever inserted it, so that a late insert finds it taken.
TEST_F(Gateways, LateInsertAfterItsPlaceWasGivenToAnother) {
    const Tenant tenant = admin().make_tenant(1);
    const auto held =
        proxy().add({.command = "insert", .collection = kApplications, .fault = Fault::kHold, .times = 0});
    EXPECT_REFUSED(hasty().create(tenant, order("Late")), AC_CODE_DATABASE);
    ASSERT_GE(proxy().hits(held), 1);
    const Answer given = other().create(tenant, order("Given"));
    EXPECT_CREATED(given);
    const auto answered = proxy().add({.command = "insert", .side = Side::kReply, .fault = Fault::kDelay, .times = 0});
    proxy().release(held);
    EXPECT_TRUE(proxy().wait_hits(answered)) << "the late insert reached the server";
    EXPECT_EQ(stored(tenant), 1);
    EXPECT_TRUE(is_stored(given));
    expect_sound();
}

// Guards: the unique index on (organization, request), and the replay after a collision there.
TEST_F(Gateways, TwoRaceForOneIdempotencyKey) {
    const Tenant tenant = admin().make_tenant();
    const Order keyed = order("Once", "key-1");
    const auto held = proxy().hold_request("insert", kApplications);
    std::future<Answer> slow = patient().start(tenant, keyed);
    ASSERT_TRUE(proxy().wait_hits(held));
    const Answer fast = other().create(tenant, keyed);
    EXPECT_CREATED(fast);
    EXPECT_FALSE(fast.is_replay);
    proxy().release(held);
    const Answer replay = slow.get();
    EXPECT_CREATED(replay);
    EXPECT_TRUE(replay.is_replay);
    EXPECT_EQ(replay.body, fast.body);
    EXPECT_EQ(stored(tenant), 1);
    expect_sound();
}

// Guards: that the race is told from a reuse: other bytes under the key are 5002, also for the one that lost.
TEST_F(Gateways, TwoRaceForOneIdempotencyKeyWithDifferentBodies) {
    const Tenant tenant = admin().make_tenant();
    const auto held = proxy().hold_request("insert", kApplications);
    std::future<Answer> slow = patient().start(tenant, order("Mine", "key-1"));
    ASSERT_TRUE(proxy().wait_hits(held));
    EXPECT_CREATED(other().create(tenant, order("Yours", "key-1")));
    proxy().release(held);
    EXPECT_REFUSED(slow.get(), AC_CODE_KEY_REUSED);
    EXPECT_EQ(stored(tenant), 1);
}

// Guards: that a request that timed out, repeated at another gateway, is one application, however late it lands.
TEST_F(Gateways, LateInsertAfterItsKeyWasUsedAtAnotherGateway) {
    const Tenant tenant = admin().make_tenant();
    const Order keyed = order("Once", "key-1");
    const auto held =
        proxy().add({.command = "insert", .collection = kApplications, .fault = Fault::kHold, .times = 0});
    EXPECT_REFUSED(hasty().create(tenant, keyed), AC_CODE_DATABASE);
    const Answer made = other().create(tenant, keyed);
    EXPECT_CREATED(made);
    EXPECT_FALSE(made.is_replay);
    const auto answered = proxy().add({.command = "insert", .side = Side::kReply, .fault = Fault::kDelay, .times = 0});
    proxy().release(held);
    EXPECT_TRUE(proxy().wait_hits(answered)) << "the late insert reached the server";
    EXPECT_EQ(stored(tenant), 1);
    EXPECT_TRUE(eventually([&] { return hasty().create(tenant, keyed).status == 200; }));
    const Answer replay = hasty().create(tenant, keyed);
    EXPECT_TRUE(replay.is_replay);
    EXPECT_EQ(replay.body, made.body);
    EXPECT_EQ(stored(tenant), 1);
}

// Guards: that the answer's bytes are in the record itself: a gateway that died between commit and answer left them.
TEST_F(Gateways, ReplayAtAnotherGatewayOfAnAnswerThatWasNeverSent) {
    const Tenant tenant = admin().make_tenant();
    const Order keyed = order("Once", "key-1");
    // It knows the store, and has nothing to read before the insert that is lost.
    EXPECT_CREATED(hasty().create(admin().make_tenant()));
    proxy().add(
        {.command = "insert", .collection = kApplications, .side = Side::kReply, .fault = Fault::kDrop, .times = 0});
    EXPECT_REFUSED(hasty().create(tenant, keyed), AC_CODE_DATABASE);
    ASSERT_EQ(stored(tenant), 1);
    const Answer replay = other().create(tenant, keyed);
    EXPECT_CREATED(replay);
    EXPECT_TRUE(replay.is_replay);
    EXPECT_EQ(other().create(tenant, keyed).body, replay.body);
    EXPECT_EQ(stored(tenant), 1);
}

TEST_F(Gateways, KeysAreKnownToEveryGatewayAndOutliveTheLimit) {
    const Tenant tenant = admin().make_tenant(1);
    const Answer first = other().create(tenant, order("Once", "key-1"));
    EXPECT_CREATED(first);
    EXPECT_REFUSED(patient().create(tenant, order("Other", "key-1")), AC_CODE_KEY_REUSED);
    EXPECT_REFUSED(patient().create(tenant, order("Other", "key-2")), AC_CODE_LIMIT);
    const Answer replay = patient().create(tenant, order("Once", "key-1"));
    EXPECT_CREATED(replay);
    EXPECT_TRUE(replay.is_replay);
    EXPECT_EQ(replay.body, first.body);
    EXPECT_EQ(stored(tenant), 1);
}

TEST_F(Gateways, OneKeyTwiceInABatchIsOneApplication) {
    const Tenant tenant = admin().make_tenant();
    const std::vector<Answer> answers =
        other().create_all(tenant, {order("Once", "key-1"), order("Once", "key-1"), order("Twice", "key-1")});
    int created = 0;
    for (const Answer &answer : answers) {
        if (answer.status == 200 && !answer.is_replay) ++created;
        EXPECT_TRUE(answer.status == 200 || answer.code == AC_CODE_CONFLICT || answer.code == AC_CODE_KEY_REUSED)
            << answer;
    }
    EXPECT_EQ(created, 1);
    EXPECT_EQ(stored(tenant), 1);
}

TEST_F(Gateways, NeverMoreThanTheLimitAndNeverLess) {
    constexpr int kLimit = 25;
    const Tenant tenant = admin().make_tenant(kLimit);
    std::vector<std::future<std::vector<Answer>>> running;
    for (CoreGateway *gateway : {&patient(), &other(), &admin()}) {
        for (int t = 0; t < 2; ++t) {
            running.push_back(std::async(std::launch::async, [gateway, &tenant, t] {
                std::vector<Answer> answers;
                for (int i = 0; i < 4; ++i) {
                    const std::vector<Order> batch(2, order("Name " + std::to_string((i + t) % 3)));
                    for (const Answer &answer : gateway->create_all(tenant, batch)) answers.push_back(answer);
                }
                return answers;
            }));
        }
    }
    std::map<int, int> codes;
    for (auto &one : running) {
        for (const Answer &answer : one.get()) ++codes[answer.code];
    }
    // Who meets others at every one of its inserts is told 3002, having created nothing.
    EXPECT_EQ(codes[0], kLimit);
    EXPECT_EQ(codes[0] + codes[AC_CODE_LIMIT] + codes[AC_CODE_DATABASE], 48);
    EXPECT_LT(codes[AC_CODE_DATABASE], 48 - kLimit);
    EXPECT_EQ(stored(tenant), kLimit);
    const std::set<std::int64_t> taken = places(tenant);
    ASSERT_EQ(taken.size(), static_cast<std::size_t>(kLimit));
    EXPECT_EQ(*taken.begin(), 1);
    EXPECT_EQ(*taken.rbegin(), kLimit);
    expect_sound();
}

// Guards: reading the free places when the counter has passed the limit.
TEST_F(Gateways, AFreedPlaceIsFoundByEveryGateway) {
    const Tenant tenant = admin().make_tenant(3);
    std::vector<Answer> answers;
    for (int i = 0; i < 3; ++i) answers.push_back(other().create(tenant, order("Note")));
    EXPECT_REFUSED(patient().create(tenant), AC_CODE_LIMIT);
    EXPECT_REFUSED(other().create(tenant), AC_CODE_LIMIT);
    for (CoreGateway *gateway : {&patient(), &other()}) {
        ASSERT_TRUE(direct()
                        .command(bson(R"({"delete":"applications","deletes":[{"q":{"_id":{"$oid":")" +
                                      answers.back().id + R"("}},"limit":1}]})"))
                        .ok);
        answers.pop_back();
        EXPECT_CREATED(gateway->create(tenant));
        EXPECT_REFUSED(gateway->create(tenant), AC_CODE_LIMIT);
    }
    EXPECT_EQ(places(tenant), (std::set<std::int64_t>{1, 2, 3}));
}

// Guards: moving records without a place into free ones before a new one takes one.
TEST_F(Gateways, ALimitSetLaterCountsWhatIsThere) {
    const Tenant tenant = admin().make_tenant();
    for (int i = 0; i < 3; ++i) EXPECT_CREATED(other().create(tenant));
    admin().set_limit(tenant, 4);
    CoreGateway fresh(server().uri({}, database()));
    EXPECT_CREATED(fresh.create(tenant));
    EXPECT_REFUSED(fresh.create(tenant), AC_CODE_LIMIT);
    EXPECT_EQ(stored(tenant), 4);
    EXPECT_EQ(places(tenant), (std::set<std::int64_t>{1, 2, 3, 4}));
    expect_sound();
}

TEST_F(Gateways, ALimitLoweredBelowWhatIsThereAdmitsNothing) {
    const Tenant tenant = admin().make_tenant(5);
    for (int i = 0; i < 4; ++i) EXPECT_CREATED(other().create(tenant));
    admin().set_limit(tenant, 2);
    CoreGateway fresh(server().uri({}, database()));
    EXPECT_REFUSED(fresh.create(tenant), AC_CODE_LIMIT);
    admin().set_limit(tenant, 5);
    CoreGateway fresher(server().uri({}, database()));
    EXPECT_CREATED(fresher.create(tenant));
    EXPECT_REFUSED(fresher.create(tenant), AC_CODE_LIMIT);
    EXPECT_EQ(stored(tenant), 5);
}

TEST_F(Gateways, OneNameAtEveryGatewayIsManySlugs) {
    const Tenant tenant = admin().make_tenant();
    std::vector<std::future<std::vector<Answer>>> running;
    for (CoreGateway *gateway : {&patient(), &other(), &admin()}) {
        running.push_back(std::async(std::launch::async, [gateway, &tenant] {
            return gateway->create_all(tenant, std::vector<Order>(20, order("Same")));
        }));
    }
    std::set<std::string> slugs;
    for (auto &one : running) {
        for (const Answer &answer : one.get()) {
            EXPECT_CREATED(answer);
            slugs.insert(answer.slug);
        }
    }
    EXPECT_EQ(slugs.size(), 60U);
    EXPECT_TRUE(slugs.contains("same"));
    EXPECT_EQ(stored(tenant), 60);
    expect_sound();
}

// Guards: jumping over suffixes that are names of their own, more of them than a create may try; and that the counter
// is raised past them, so that the next create need not look.
TEST_F(Gateways, SuffixesThatAreNamesOfTheirOwnAreSkipped) {
    const Tenant tenant = admin().make_tenant();
    std::vector<Order> names = {order("Same")};
    for (int i = 2; i <= 20; ++i) names.push_back(order("Same " + std::to_string(i)));
    for (const Answer &answer : other().create_all(tenant, names)) EXPECT_CREATED(answer);
    EXPECT_EQ(patient().create(tenant, order("Same")).slug, "same-21");
    EXPECT_EQ(other().create(tenant, order("Same")).slug, "same-22");
    EXPECT_EQ(stored(tenant), 22);
    expect_sound();
}

// Guards: numbers where the counter holds what no count is: it is put right, and numbers stay small.
TEST_F(Gateways, ACounterThatIsNoCountBeginsAgain) {
    const Tenant tenant = admin().make_tenant();
    EXPECT_CREATED(admin().create(tenant, order("Same")));
    EXPECT_EQ(admin().create(tenant, order("Same")).slug, "same-2");
    int expected = 3;
    for (const char *poison : {R"({"$numberLong":"9223372036854775807"})", R"({"$numberLong":"-9223372036854775808"})",
                               R"({"$numberDouble":"1e300"})", R"({"$numberDouble":"NaN"})", R"("text")", "null",
                               R"({"$numberLong":"4611686018427387904"})"}) {
        ASSERT_TRUE(direct()
                        .command(bson(std::string(R"({"update":"slugs","updates":[{"q":{},"u":{"$set":{"n":)") +
                                      poison + R"(}}}]})"))
                        .ok)
            << poison;
        for (int i = 0; i < 2; ++i) {
            const Answer answer = other().create(tenant, order("Same"));
            EXPECT_CREATED(answer);
            EXPECT_EQ(answer.slug, "same-" + std::to_string(expected++)) << poison;
        }
    }
    expect_sound();
}

}  // namespace
}  // namespace appcreate::test
