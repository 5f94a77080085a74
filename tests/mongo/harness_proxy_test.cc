// The fault proxy, proved with plain libmongoc and a real server behind it.
#include <gtest/gtest.h>

#include <future>

#include "harness/client.h"
#include "harness/fault_proxy.h"
#include "harness/presets.h"
#include "harness/replica_set.h"
#include "harness/server.h"
#include "harness/socket.h"

namespace appcreate::test {
namespace {

using namespace std::chrono_literals;

constexpr const char *kPatient = "socketTimeoutMS=20000";
constexpr const char *kHasty = "socketTimeoutMS=300";

std::vector<Bson> documents(int from, int to) {
    std::vector<Bson> out;
    for (int i = from; i < to; ++i) out.push_back(bson("{\"_id\":" + std::to_string(i) + "}"));
    return out;
}

class HarnessProxy : public ::testing::Test {
  protected:
    void SetUp() override {
        NEEDS_MONGO_SERVER();
        proxy_ = std::make_unique<FaultProxy>(shared_server().port());
        direct_ = std::make_unique<MongoClient>(shared_server().uri());
        direct_->drop();
    }
    FaultProxy &proxy() { return *proxy_; }
    MongoClient client(const char *options = kPatient) { return MongoClient(proxy_->uri(options)); }
    std::int64_t stored() { return direct_->count("things"); }

  private:
    std::unique_ptr<FaultProxy> proxy_;
    std::unique_ptr<MongoClient> direct_;
};

TEST_F(HarnessProxy, PassesCommandsOnAndCountsThem) {
    MongoClient through = client();
    EXPECT_TRUE(through.insert("things", documents(0, 300)).ok);
    EXPECT_EQ(through.find("things").size(), 300U);
    EXPECT_EQ(stored(), 300);
    EXPECT_EQ(proxy().count("insert"), 1);
    EXPECT_EQ(proxy().commands().at(0), "insert things");
    EXPECT_GE(proxy().count("find"), 1);
    EXPECT_EQ(proxy().round_trips(), static_cast<int>(proxy().commands().size()));
    EXPECT_EQ(proxy().count("hello"), 0) << "handshakes are not counted";
    EXPECT_EQ(proxy().connections(), 1);
    proxy().reset_counts();
    EXPECT_EQ(proxy().round_trips(), 0);
}

TEST_F(HarnessProxy, LosesTheReplyAfterTheServerDidTheWork) {
    const auto rule = proxy().lose_reply("insert");
    const Result result = client().insert("things", documents(0, 3));
    EXPECT_FALSE(result.ok);
    EXPECT_EQ(result.domain, static_cast<unsigned>(MONGOC_ERROR_STREAM)) << result.message;
    EXPECT_EQ(proxy().hits(rule), 1);
    EXPECT_EQ(stored(), 3);
    EXPECT_TRUE(client().insert("things", documents(3, 4)).ok) << "a rule hits once";
}

TEST_F(HarnessProxy, CutsARequestBeforeTheServerSeesIt) {
    proxy().cut_request("insert");
    EXPECT_FALSE(client().insert("things", documents(0, 3)).ok);
    EXPECT_EQ(stored(), 0);
}

TEST_F(HarnessProxy, DeliversAHeldRequestAfterItsClientHasGone) {
    const auto rule = proxy().hold_request("insert");
    {
        MongoClient hasty = client(kHasty);
        EXPECT_FALSE(hasty.insert("things", documents(0, 3)).ok);
    }
    EXPECT_EQ(proxy().hits(rule), 1);
    EXPECT_EQ(stored(), 0);
    proxy().release(rule);
    EXPECT_TRUE(eventually([&] { return stored() == 3; }));
}

TEST_F(HarnessProxy, HoldsAReplyUntilItIsReleased) {
    const auto rule = proxy().hold_reply("insert");
    auto running = std::async(std::launch::async, [&] { return client().insert("things", documents(0, 3)).ok; });
    ASSERT_TRUE(proxy().wait_hits(rule));
    EXPECT_EQ(stored(), 3);
    EXPECT_EQ(running.wait_for(0s), std::future_status::timeout);
    proxy().release(rule);
    EXPECT_TRUE(running.get());
}

TEST_F(HarnessProxy, DelaysAndDrops) {
    proxy().add({.command = "insert", .side = Side::kReply, .fault = Fault::kDelay, .delay = 250ms});
    const auto start = std::chrono::steady_clock::now();
    EXPECT_TRUE(client().insert("things", documents(0, 1)).ok);
    EXPECT_GE(std::chrono::steady_clock::now() - start, 250ms);
    proxy().add({.command = "insert", .fault = Fault::kDrop});
    EXPECT_FALSE(client(kHasty).insert("things", documents(1, 2)).ok);
    EXPECT_EQ(stored(), 1);
}

TEST_F(HarnessProxy, HitsTheNthOfACommandAndACollection) {
    const auto third = proxy().add({.command = "insert", .fault = Fault::kCut, .nth = 3});
    const auto other = proxy().add({.command = "insert", .collection = "others", .fault = Fault::kCut});
    MongoClient through = client();
    EXPECT_TRUE(through.insert("things", documents(0, 1)).ok);
    EXPECT_TRUE(through.insert("things", documents(1, 2)).ok);
    EXPECT_EQ(proxy().hits(other), 0);
    EXPECT_FALSE(through.insert("things", documents(2, 3)).ok);
    EXPECT_EQ(proxy().hits(third), 1);
    EXPECT_FALSE(client().insert("others", documents(0, 1)).ok);
    EXPECT_EQ(proxy().hits(other), 1);
}

TEST_F(HarnessProxy, ChangesRequestsAndReplies) {
    proxy().add({.command = "insert", .fault = Fault::kChange, .change = first_documents(2)});
    proxy().add({.command = "insert", .side = Side::kReply, .fault = Fault::kChange, .change = always(stepped_down())});
    const Result result = client().insert("things", documents(0, 5));
    EXPECT_FALSE(result.ok);
    EXPECT_EQ(result.code, 11602U);
    EXPECT_EQ(stored(), 2);
}

TEST_F(HarnessProxy, AnswersInTheServersPlace) {
    proxy().add({.command = "insert", .fault = Fault::kAnswer, .change = always(not_writable_primary())});
    const Result result = client().insert("things", documents(0, 5));
    EXPECT_EQ(result.code, 10107U);
    EXPECT_EQ(stored(), 0);
}

TEST_F(HarnessProxy, AddsAWriteConcernErrorToARealReply) {
    proxy().add({.command = "insert", .side = Side::kReply, .fault = Fault::kChange, .change = write_concern_timeout});
    const Result result = client().insert("things", documents(0, 5));
    EXPECT_FALSE(result.ok);
    EXPECT_EQ(integer_at(result.reply.get(), "writeConcernErrors.0.code"), 64) << json(result.reply.get());
    EXPECT_EQ(stored(), 5);
}

TEST_F(HarnessProxy, RefusesAndAcceptsAgainOnTheSamePort) {
    MongoClient through = client("serverSelectionTimeoutMS=500");
    EXPECT_TRUE(through.insert("things", documents(0, 1)).ok);
    proxy().refuse();
    EXPECT_FALSE(connect_to(proxy().port()));
    EXPECT_FALSE(through.insert("things", documents(1, 2)).ok);
    proxy().accept();
    EXPECT_TRUE(client().insert("things", documents(2, 3)).ok);
    EXPECT_EQ(stored(), 2);
}

TEST_F(HarnessProxy, StallsWithoutClosing) {
    MongoClient through = client();
    EXPECT_TRUE(through.insert("things", documents(0, 1)).ok);
    proxy().stall();
    auto running = std::async(std::launch::async, [&] { return through.insert("things", documents(1, 2)).ok; });
    EXPECT_EQ(running.wait_for(200ms), std::future_status::timeout);
    EXPECT_EQ(stored(), 1);
    proxy().resume();
    EXPECT_TRUE(running.get());
}

TEST_F(HarnessProxy, CutsAllConnections) {
    MongoClient through = client();
    EXPECT_TRUE(through.insert("things", documents(0, 1)).ok);
    proxy().cut_all();
    EXPECT_FALSE(through.insert("things", documents(1, 2)).ok);
}

TEST_F(HarnessProxy, TwoMembersAreAReplicaSetWithFailover) {
    ReplicaSet set(shared_server().port());
    MongoClient client(set.uri("serverSelectionTimeoutMS=20000&serverSelectionTryOnce=false"));
    EXPECT_TRUE(client.insert("things", documents(0, 1)).ok);
    EXPECT_EQ(set.member(0).count("insert"), 1);
    set.elect(1);
    EXPECT_EQ(client.insert("things", documents(1, 2)).code, 10107U) << "the old primary refuses";
    EXPECT_TRUE(client.insert("things", documents(1, 2)).ok) << "the driver finds the new primary";
    EXPECT_EQ(set.member(1).count("insert"), 1);
    EXPECT_EQ(stored(), 2);
}

TEST_F(HarnessProxy, AReplicaSetCanHaveNoPrimary) {
    ReplicaSet set(shared_server().port());
    set.elect(-1);
    MongoClient client(set.uri("serverSelectionTimeoutMS=300"));
    const Result result = client.insert("things", documents(0, 1));
    EXPECT_EQ(result.domain, static_cast<unsigned>(MONGOC_ERROR_SERVER_SELECTION)) << result.message;
}

TEST_F(HarnessProxy, PosesAsAMongos) {
    pose_as_mongos(proxy());
    MongoClient through = client();
    ASSERT_TRUE(through.insert("things", documents(0, 1)).ok);
    std::size_t n = 0;
    mongoc_server_description_t **servers = mongoc_client_get_server_descriptions(through.get(), &n);
    ASSERT_EQ(n, 1U);
    EXPECT_STREQ(mongoc_server_description_type(servers[0]), "Mongos");
    mongoc_server_descriptions_destroy_all(servers, n);
}

}  // namespace
}  // namespace appcreate::test
