// What became of an insert is not known: the store finds out, creates once, and says 200 only for what a majority has.
// Each test names the resolving code that it guards.
#include <gtest/gtest.h>

#include <set>

#include "harness/presets.h"
#include "harness/store_test.h"
#include "request/record.h"

namespace appcreate::test {
namespace {

constexpr const char *kApplications = "applications";

class UnknownOutcome : public MongoStoreTest {
  protected:
    void SetUp() override {
        MongoStoreTest::SetUp();
        if (IsSkipped()) return;
        proxy_ = make_proxy();
        gateway_ = std::make_unique<CoreGateway>(uri(*proxy_));
        hasty_ = std::make_unique<CoreGateway>(uri(*proxy_), repeating_ms());
        tenant_ = admin().make_tenant();
        EXPECT_CREATED(gateway().create(tenant(), order("Warm")));
        EXPECT_TRUE(eventually([&] { return hasty().create(tenant(), order("Warm", "warm")).status == 200; }));
    }
    FaultProxy &proxy() { return *proxy_; }
    CoreGateway &gateway() { return *gateway_; }
    // Whose deadline a test can wait for.
    CoreGateway &hasty() { return *hasty_; }
    const Tenant &tenant() { return tenant_; }
    // Without those that warmed the gateways.
    std::int64_t made() { return stored(tenant()) - 2; }
    FaultProxy::RuleId change_replies(const char *command, Change change, int times = 1) {
        return proxy().add({.command = command,
                            .collection = kApplications,
                            .side = Side::kReply,
                            .fault = Fault::kChange,
                            .times = times,
                            .change = std::move(change)});
    }
    void lose_majority() {
        change_replies("insert", write_concern_timeout, 0);
        change_replies("find", empty_cursor, 0);
    }
    // Until the store trusts the server again.
    void recover() {
        proxy().clear();
        EXPECT_TRUE(eventually([&] { return hasty().create(tenant(), order("Probe", "probe")).status == 200; }));
    }

  private:
    std::unique_ptr<FaultProxy> proxy_;
    std::unique_ptr<CoreGateway> gateway_;
    std::unique_ptr<CoreGateway> hasty_;
    Tenant tenant_;
};

std::vector<Order> orders(int n, const char *name = nullptr) {
    std::vector<Order> out;
    for (int i = 0; i < n; ++i) out.push_back(order(name != nullptr ? name : "Note " + std::to_string(i)));
    return out;
}

// Guards: inserting the same documents again, and taking the own _id for success.
TEST_F(UnknownOutcome, ReplyLostAfterTheInsert) {
    const auto rule = proxy().lose_reply("insert", kApplications);
    const Answer answer = gateway().create(tenant());
    EXPECT_CREATED(answer);
    EXPECT_EQ(proxy().hits(rule), 1);
    EXPECT_EQ(made(), 1);
    EXPECT_TRUE(is_stored(answer));
    expect_sound();
}

// Guards: telling the own _id from another record in the way, for each document of a batch.
TEST_F(UnknownOutcome, ReplyLostAfterABatchOfOneName) {
    proxy().lose_reply("insert", kApplications);
    const std::vector<Answer> answers = gateway().create_all(tenant(), orders(20, "Same"));
    std::set<std::string> slugs;
    for (const Answer &answer : answers) {
        EXPECT_CREATED(answer);
        EXPECT_TRUE(is_stored(answer)) << answer;
        slugs.insert(answer.slug);
    }
    EXPECT_EQ(slugs.size(), 20U);
    EXPECT_EQ(made(), 20);
    expect_sound();
}

// Guards: that the own _id in the way is no success before a majority read finds it.
TEST_F(UnknownOutcome, TheOwnRecordCountsWhenAMajorityHasIt) {
    proxy().lose_reply("insert", kApplications);
    const auto unseen = change_replies("find", empty_cursor, 6);
    const Answer answer = gateway().create(tenant());
    EXPECT_CREATED(answer);
    EXPECT_EQ(proxy().hits(unseen), 6) << "a majority was asked until it had it";
    EXPECT_EQ(made(), 1);
    EXPECT_TRUE(is_stored(answer));
}

// Guards: that resolving goes on after it was itself interrupted.
TEST_F(UnknownOutcome, ReplyLostAndThenThatOfTheRepetition) {
    const auto rule = proxy().add(
        {.command = "insert", .collection = kApplications, .side = Side::kReply, .fault = Fault::kCut, .times = 2});
    const Answer answer = gateway().create(tenant());
    EXPECT_CREATED(answer);
    EXPECT_EQ(proxy().hits(rule), 2);
    EXPECT_EQ(made(), 1);
}

// Guards: that looking at what stands in the way is repeated like the insert.
TEST_F(UnknownOutcome, ReplyLostAndThenThatOfTheLook) {
    proxy().lose_reply("insert", kApplications);
    const auto look = proxy().lose_reply("find", kApplications);
    const Answer answer = gateway().create(tenant());
    EXPECT_CREATED(answer);
    EXPECT_EQ(proxy().hits(look), 1);
    EXPECT_EQ(made(), 1);
    EXPECT_TRUE(is_stored(answer));
}

// Guards: the deadline of the repetitions, and the replay of a record whose answer was never sent.
TEST_F(UnknownOutcome, NoReplyEverIsA3002AndTheKeyFindsTheRecord) {
    proxy().add({.side = Side::kReply, .fault = Fault::kCut, .times = 0});
    const Order keyed = order("Kept", "key-1");
    EXPECT_REFUSED(hasty().create(tenant(), keyed), AC_CODE_DATABASE);
    const std::int64_t after = made();
    EXPECT_LE(after, 1);
    recover();
    const Answer again = hasty().create(tenant(), keyed);
    EXPECT_CREATED(again);
    EXPECT_EQ(again.is_replay, after == 1);
    EXPECT_EQ(made(), 1 + 1) << "the keyed one and the probe";
    expect_sound();
}

// Guards: the deadline where every repetition is lost too, and the replay of what they made.
TEST_F(UnknownOutcome, NoReplyToAnyInsertIsA3002AndTheKeyFindsTheRecord) {
    const auto lost = proxy().add(
        {.command = "insert", .collection = kApplications, .side = Side::kReply, .fault = Fault::kCut, .times = 0});
    const Order keyed = order("Kept", "key-1");
    EXPECT_REFUSED(hasty().create(tenant(), keyed), AC_CODE_DATABASE);
    EXPECT_GE(proxy().hits(lost), 2) << "it was repeated";
    EXPECT_EQ(made(), 1);
    recover();
    const Answer again = gateway().create(tenant(), keyed);
    EXPECT_CREATED(again);
    EXPECT_TRUE(again.is_replay);
    EXPECT_EQ(made(), 1 + 1) << "the keyed one and the probe";
    expect_sound();
}

// Guards: repeating what never reached the server.
TEST_F(UnknownOutcome, RequestCutBeforeTheServer) {
    proxy().cut_request("insert", kApplications);
    EXPECT_CREATED(gateway().create(tenant()));
    EXPECT_EQ(made(), 1);
}

// Guards: that "not found" is no proof while an insert may still land; a 3002 may become a record, once.
TEST_F(UnknownOutcome, RequestHeldAndDeliveredAfterTheDeadline) {
    const auto held =
        proxy().add({.command = "insert", .collection = kApplications, .fault = Fault::kHold, .times = 0});
    const Order keyed = order("Late", "key-1");
    EXPECT_REFUSED(hasty().create(tenant(), keyed), AC_CODE_DATABASE);
    EXPECT_GE(proxy().hits(held), 1);
    EXPECT_EQ(made(), 0);
    proxy().release(held);
    EXPECT_TRUE(eventually([&] { return made() == 1; }));
    recover();
    const Answer again = hasty().create(tenant(), keyed);
    EXPECT_CREATED(again);
    EXPECT_TRUE(again.is_replay);
    EXPECT_TRUE(is_stored(again) || !again.body.empty());
    EXPECT_EQ(made(), 1 + 1) << "the keyed one and the probe";
    expect_sound();
}

// Guards: that a repetition and the first insert, landing later, are one record.
TEST_F(UnknownOutcome, FirstInsertLandsAfterItsRepetition) {
    // It stops waiting for the first after a quarter, and has as long again for the repetition.
    CoreGateway brisk(uri(proxy()), 2 * repeating_ms());
    ASSERT_TRUE(eventually([&] { return brisk.create(tenant(), order("Warm", "warm")).is_replay; }));
    const auto held = proxy().hold_request("insert", kApplications);
    const Answer answer = brisk.create(tenant());
    EXPECT_CREATED(answer);
    const auto late = proxy().add({.command = "insert", .side = Side::kReply, .fault = Fault::kDelay});
    proxy().release(held);
    EXPECT_TRUE(proxy().wait_hits(late)) << "the server answered the late insert";
    EXPECT_EQ(made(), 1);
    EXPECT_TRUE(is_stored(answer));
}

// Guards: that a write-concern error is unknown and not success; the next word of a majority decides.
TEST_F(UnknownOutcome, WriteConcernTimeoutOnce) {
    change_replies("insert", write_concern_timeout);
    proxy().reset_counts();
    const Answer answer = gateway().create(tenant());
    EXPECT_CREATED(answer);
    EXPECT_GE(proxy().round_trips(), 2) << "a majority was asked again";
    EXPECT_EQ(made(), 1);
    EXPECT_TRUE(is_stored(answer));
}

// Guards: never 200 for what no majority has; the same bytes once it has.
TEST_F(UnknownOutcome, WithoutAMajorityNothingIs200) {
    lose_majority();
    const Order keyed = order("Minority", "key-1");
    EXPECT_REFUSED(hasty().create(tenant(), keyed), AC_CODE_DATABASE);
    EXPECT_EQ(made(), 1) << "it is on the primary alone";
    recover();
    const Answer again = hasty().create(tenant(), keyed);
    EXPECT_CREATED(again);
    EXPECT_TRUE(again.is_replay);
    EXPECT_EQ(made(), 1 + 1);
}

// Guards: one create at a time after an outcome that stayed undecided; the rest are unwritten, and told so.
TEST_F(UnknownOutcome, AfterAnUndecidedOutcomeOneCreateAtATime) {
    lose_majority();
    EXPECT_REFUSED(hasty().create(tenant(), order("First")), AC_CODE_DATABASE);
    EXPECT_EQ(made(), 1);
    for (const Answer &answer : hasty().create_all(tenant(), orders(10))) EXPECT_REFUSED(answer, AC_CODE_DATABASE);
    EXPECT_LE(made(), 2);
    recover();
    std::vector<Order> fresh;
    for (int i = 0; i < 10; ++i) fresh.push_back(order("Fresh " + std::to_string(i)));
    proxy().reset_counts();
    for (const Answer &answer : hasty().create_all(tenant(), fresh)) EXPECT_CREATED(answer);
    EXPECT_EQ(proxy().count("insert"), 1) << "whole batches again";
}

// Guards: that only the word of a majority ends it, and not a batch that goes well because it writes nothing.
TEST_F(UnknownOutcome, WhatWritesNothingDoesNotEndOneAtATime) {
    lose_majority();
    EXPECT_REFUSED(hasty().create(tenant(), order("First")), AC_CODE_DATABASE);
    Order only = order("Only looked at");
    only.validate_only = true;
    EXPECT_CREATED(hasty().create(tenant(), only));
    const std::int64_t before = made();
    for (const Answer &answer : hasty().create_all(tenant(), orders(10))) EXPECT_REFUSED(answer, AC_CODE_DATABASE);
    EXPECT_LE(made(), before + 1);
    recover();
}

// Guards: that the others are not sent either when the one that was sent alone is refused at once.
TEST_F(UnknownOutcome, TheOneThatIsSentAloneStandsForAll) {
    lose_majority();
    EXPECT_REFUSED(hasty().create(tenant(), order("First")), AC_CODE_DATABASE);
    proxy().clear();
    const std::int64_t before = made();
    proxy().add({.command = "insert", .fault = Fault::kAnswer, .change = always(not_authorized())});
    proxy().reset_counts();
    for (const Answer &answer : hasty().create_all(tenant(), orders(10))) EXPECT_REFUSED(answer, AC_CODE_DATABASE);
    EXPECT_EQ(proxy().count("insert"), 1);
    EXPECT_EQ(made(), before);
    recover();
}

// Guards: that a top-level error leaves every document of the batch unknown, written or not.
TEST_F(UnknownOutcome, StepDownInTheMiddleOfABatch) {
    proxy().add({.command = "insert", .fault = Fault::kChange, .change = first_documents(4)});
    const auto rule = change_replies("insert", always(stepped_down()));
    const std::vector<Answer> answers = gateway().create_all(tenant(), orders(10));
    EXPECT_EQ(proxy().hits(rule), 1);
    for (const Answer &answer : answers) {
        EXPECT_CREATED(answer);
        EXPECT_TRUE(is_stored(answer)) << answer;
    }
    EXPECT_EQ(made(), 10);
    expect_sound();
}

// Guards: that a collision in one message of a batch says nothing about the documents of another one, and that those of
// messages after one that was cut, which are not sent, are not taken for inserted.
TEST_F(UnknownOutcome, ALaterMessageOfABatchIsCut) {
    for (const Side side : {Side::kRequest, Side::kReply}) {
        const auto proxy = make_proxy();
        proxy->add({.command = "hello",
                    .side = Side::kReply,
                    .fault = Fault::kChange,
                    .times = 0,
                    .change = with_members(bson(R"({"maxWriteBatchSize":2})"))});
        CoreGateway other(uri(*proxy));
        EXPECT_CREATED(other.create(tenant(), order("Known")));
        const std::int64_t before = made();
        const auto cut = proxy->add(
            {.command = "insert", .collection = kApplications, .side = side, .fault = Fault::kCut, .nth = 2});
        std::vector<Order> batch = {order("Known")};
        for (const char *name : {"A", "B", "C", "D", "E", "F"}) batch.push_back(order(name));
        for (const Answer &answer : other.create_all(tenant(), batch)) {
            EXPECT_CREATED(answer);
            EXPECT_TRUE(is_stored(answer)) << answer;
        }
        EXPECT_EQ(proxy->hits(cut), 1);
        EXPECT_EQ(made(), before + 7);
    }
    expect_sound();
}

// Guards: repeating what a server that is no primary refused.
TEST_F(UnknownOutcome, NotWritablePrimaryOnce) {
    proxy().add({.command = "insert", .fault = Fault::kAnswer, .change = always(not_writable_primary())});
    EXPECT_CREATED(gateway().create(tenant()));
    EXPECT_EQ(made(), 1);
}

// Guards: that a write-concern error counts for the documents without writeErrors, and those alone collide.
TEST_F(UnknownOutcome, WriteConcernErrorBesideACollision) {
    change_replies("insert", write_concern_failed);
    proxy().reset_counts();
    const std::vector<Answer> answers = gateway().create_all(tenant(), {order("Warm"), order("Other")});
    EXPECT_CREATED(answers.at(0));
    EXPECT_TRUE(answers.at(0).slug.starts_with("warm-")) << answers.at(0);
    EXPECT_CREATED(answers.at(1));
    EXPECT_EQ(made(), 2);
    EXPECT_GE(proxy().count("find"), 1) << "what was in the way is believed when a majority has it";
}

// Guards: that a collision beside a write-concern error is not believed: what is in the way may be rolled back.
TEST_F(UnknownOutcome, WhatIsInTheWayWithoutAMajorityMayGo) {
    const auto rule = change_replies("insert", [this](const Bson &reply) {
        MongoClient elsewhere(server().uri(), database());  // clients belong to one thread
        EXPECT_TRUE(
            elsewhere.command(bson(R"({"delete":"applications","deletes":[{"q":{"slug":"warm"},"limit":1}]})")).ok);
        return write_concern_failed(reply);
    });
    const Answer answer = gateway().create(tenant(), order("Warm"));
    EXPECT_EQ(proxy().hits(rule), 1);
    EXPECT_CREATED(answer);
    EXPECT_EQ(answer.slug, "warm");
    EXPECT_TRUE(is_stored(answer));
    expect_sound();
}

// Guards: that who waits for the first with its Idempotency-Key is not sent after it, when nobody knows what became of
// it.
TEST_F(UnknownOutcome, WhoWaitsForAnUndecidedOneIsNotSent) {
    proxy().lose_reply("insert", kApplications);
    proxy().add({.command = "insert", .fault = Fault::kAnswer, .nth = 2, .change = always(not_authorized())});
    proxy().reset_counts();
    const std::vector<Answer> answers =
        gateway().create_all(tenant(), {order("Once", "key-1"), order("Once", "key-1")});
    for (const Answer &answer : answers) EXPECT_REFUSED(answer, AC_CODE_DATABASE);
    EXPECT_EQ(proxy().count("insert"), 2) << "the lost one and its repetition";
    proxy().clear();
    EXPECT_TRUE(gateway().create(tenant(), order("Once", "key-1")).is_replay);
    EXPECT_EQ(made(), 1);
}

// Guards: that the log names what the store lacks, and not the collision that was found beside it.
TEST_F(UnknownOutcome, WithoutAMajorityTheLogSaysSo) {
    lose_majority();
    hasty().clear_log();
    EXPECT_REFUSED(hasty().create(tenant(), order("Minority")), AC_CODE_DATABASE);
    ASSERT_EQ(hasty().complaints().size(), 1U);
    EXPECT_NE(hasty().complaints().front().find("waiting for replication timed out"), std::string::npos)
        << hasty().complaints().front();
}

// ---- every step of the longest way: a keyed create in a limited organization, under a taken name

class CutInEachStep : public MongoStoreTest, public ::testing::WithParamInterface<Side> {
  protected:
    // Commands of one such create from a cold gateway; `cut` 0 cuts none.
    int run(int cut) {
        const Tenant tenant = admin().make_tenant(5);
        EXPECT_CREATED(admin().create(tenant, order("Taken")));
        MongoClient direct(server().uri(), database());  // clients belong to one thread
        const auto proxy = make_proxy();
        CoreGateway gateway(uri(*proxy));
        if (cut > 0) proxy->add({.side = GetParam(), .fault = Fault::kCut, .nth = cut});
        const Order keyed = order("Taken", "key");
        const Answer first = gateway.create(tenant, keyed);
        const int commands = proxy->round_trips();
        EXPECT_CREATED(first) << "a single cut leaves time to resolve it; step " << cut;
        EXPECT_EQ(stored(tenant, direct), 2) << "step " << cut;
        const Answer again = gateway.create(tenant, keyed);
        EXPECT_CREATED(again);
        EXPECT_TRUE(again.is_replay) << "step " << cut;
        EXPECT_EQ(again.body, first.body) << "step " << cut;
        EXPECT_EQ(stored(tenant, direct), 2) << "step " << cut;
        return commands;
    }
};

// Guards: resolving, wherever the connection ends.
TEST_P(CutInEachStep, IsStillCreatedOnce) {
    const int steps = run(0);
    ASSERT_GE(steps, 5);
    // Side by side: after a cut, libmongoc looks at a server again half a second later.
    std::vector<std::future<int>> running;
    for (int i = 1; i <= steps; ++i) running.push_back(std::async(std::launch::async, [this, i] { return run(i); }));
    for (auto &one : running) one.get();
    expect_sound();
}

INSTANTIATE_TEST_SUITE_P(UnknownOutcome, CutInEachStep, ::testing::Values(Side::kRequest, Side::kReply),
                         [](const auto &one) { return one.param == Side::kRequest ? "Request" : "Reply"; });

}  // namespace
}  // namespace appcreate::test
