// The scripted server and the launcher of the real one, proved with plain libmongoc.
#include <gtest/gtest.h>

#include "harness/client.h"
#include "harness/presets.h"
#include "harness/scripted_server.h"
#include "harness/server.h"
#include "harness/socket.h"

namespace appcreate::test {
namespace {

using namespace std::chrono_literals;

constexpr const char *kQuick = "serverSelectionTimeoutMS=1000&connectTimeoutMS=1000&socketTimeoutMS=1000";

std::string type_of(MongoClient &client) {
    std::size_t n = 0;
    mongoc_server_description_t **servers = mongoc_client_get_server_descriptions(client.get(), &n);
    const std::string type = n == 0 ? "" : mongoc_server_description_type(servers[0]);
    mongoc_server_descriptions_destroy_all(servers, n);
    return type;
}

std::vector<Bson> one_document() {
    std::vector<Bson> out;
    out.push_back(bson(R"({"_id":1})"));
    return out;
}

TEST(HarnessScript, IsAStandaloneServer) {
    const ScriptedServer server(standalone_hello());
    MongoClient client(server.uri(kQuick));
    EXPECT_TRUE(client.command(bson(R"({"ping":1})")).ok);
    EXPECT_EQ(type_of(client), "Standalone");
    EXPECT_EQ(server.count("ping"), 1);
    EXPECT_GE(server.count("hello"), 1);
}

TEST(HarnessScript, RefusesWhatNoScriptKnows) {
    const ScriptedServer server(standalone_hello());
    EXPECT_EQ(MongoClient(server.uri(kQuick)).insert("things", one_document()).code, 59U);
}

TEST(HarnessScript, IsAMongos) {
    const ScriptedServer server(mongos_hello());
    MongoClient client(server.uri(kQuick));
    EXPECT_TRUE(client.command(bson(R"({"ping":1})")).ok);
    EXPECT_EQ(type_of(client), "Mongos");
}

TEST(HarnessScript, IsAReplicaSetThatFailsOver) {
    ScriptedServer a(standalone_hello());
    ScriptedServer b(standalone_hello());
    Member member{.hosts = {a.address(), b.address()}, .me = a.address(), .primary = a.address()};
    const auto tell = [&](const std::string &primary, int election) {
        member.primary = primary;
        member.election = election;
        member.me = a.address();
        a.set_hello(member_hello(member));
        member.me = b.address();
        b.set_hello(member_hello(member));
    };
    tell(a.address(), 1);
    a.on("insert", script_of(bson(R"({"ok":1,"n":1})")));
    b.on("insert", script_of(bson(R"({"ok":1,"n":1})")));
    MongoClient client("mongodb://" + a.address() + "," + b.address() +
                       "/apps?replicaSet=rs0&serverSelectionTryOnce=false&serverSelectionTimeoutMS=20000");
    EXPECT_TRUE(client.insert("things", one_document()).ok);
    EXPECT_EQ(a.count("insert"), 1);

    tell(b.address(), 2);
    a.on("insert", script_of(not_writable_primary()));
    EXPECT_EQ(client.insert("things", one_document()).code, 10107U);
    EXPECT_TRUE(client.insert("things", one_document()).ok);
    EXPECT_EQ(b.count("insert"), 1);
}

TEST(HarnessScript, RefusesTheNthInsert) {
    ScriptedServer server(standalone_hello());
    server.on("insert", [](const Command &command, int nth) {
        EXPECT_EQ(command.collection, "things");
        EXPECT_EQ(length_at(command.body.get(), "documents"), 1U);
        return nth == 2 ? Reply::error(10107, "NotWritablePrimary", "not primary") : Reply::ok(R"({"n":1})");
    });
    MongoClient client(server.uri(kQuick));
    EXPECT_TRUE(client.insert("things", one_document()).ok);
    EXPECT_EQ(client.insert("things", one_document()).code, 10107U);
}

TEST(HarnessScript, SaysDuplicateKeysAndWriteConcernErrors) {
    ScriptedServer server(standalone_hello());
    MongoClient client(server.uri(kQuick));
    server.on("insert", script_of(duplicate_key_error()));
    EXPECT_EQ(integer_at(client.insert("things", one_document()).reply.get(), "writeErrors.0.code"), 11000);
    server.on("insert", script_of(write_concern_timeout(bson(R"({"ok":1,"n":1})"))));
    const Result result = client.insert("things", one_document());
    EXPECT_EQ(integer_at(result.reply.get(), "nInserted"), 1);
    EXPECT_EQ(integer_at(result.reply.get(), "writeConcernErrors.0.code"), 64);
}

TEST(HarnessScript, RefusesAPassword) {
    ScriptedServer server(standalone_hello());
    server.on("saslStart", [](const Command &, int) { return authentication_failed(); });
    const Result result = MongoClient(server.uri(kQuick, "someone:wrong")).command(bson(R"({"ping":1})"));
    EXPECT_FALSE(result.ok);
    EXPECT_EQ(result.domain, static_cast<unsigned>(MONGOC_ERROR_CLIENT)) << result.message;
    EXPECT_EQ(result.code, static_cast<unsigned>(MONGOC_ERROR_CLIENT_AUTHENTICATE)) << result.message;
    EXPECT_GE(server.count("saslStart"), 1);
}

TEST(HarnessScript, DoesNotSpeakTls) {
    const ScriptedServer server(standalone_hello());
    EXPECT_FALSE(MongoClient(server.uri(std::string(kQuick) + "&tls=true")).command(bson(R"({"ping":1})")).ok);
    EXPECT_EQ(server.count("hello"), 0);
}

TEST(HarnessScript, CanBeSlowSilentAndGone) {
    ScriptedServer server(standalone_hello());
    server.on("ping", [](const Command &, int nth) {
        if (nth == 1) return Reply::ok().after(100ms);
        return nth == 2 ? Reply::silence() : Reply::close();
    });
    const Bson ping = bson(R"({"ping":1})");
    EXPECT_TRUE(MongoClient(server.uri(kQuick)).command(ping).ok);
    EXPECT_FALSE(MongoClient(server.uri("socketTimeoutMS=200")).command(ping).ok);
    EXPECT_FALSE(MongoClient(server.uri(kQuick)).command(ping).ok);
    EXPECT_EQ(server.count("ping"), 3);
}

TEST(HarnessServer, KeepsUniqueIndexesAndEmptyKeys) {
    NEEDS_MONGO_SERVER();
    MongoClient client(shared_server().uri());
    client.drop();
    ASSERT_TRUE(client
                    .command(bson(R"({"createIndexes":"things","indexes":[
                        {"key":{"organization":1,"slug":1},"name":"slug","unique":true}]})"))
                    .ok);
    std::vector<Bson> documents;
    documents.push_back(bson(R"({"_id":1,"organization":1,"slug":"a","metadata":{"":1,"a.b":2,"$c":3}})"));
    documents.push_back(bson(R"({"_id":2,"organization":1,"slug":"a"})"));
    documents.push_back(bson(R"({"_id":3,"organization":2,"slug":"a"})"));
    const Result result = client.insert("things", documents);
    EXPECT_EQ(length_at(result.reply.get(), "writeErrors"), 1U) << json(result.reply.get());
    EXPECT_EQ(integer_at(result.reply.get(), "writeErrors.0.code"), 11000);
    EXPECT_EQ(integer_at(result.reply.get(), "writeErrors.0.index"), 1);
    EXPECT_EQ(client.count("things"), 2);
    EXPECT_EQ(json(client.find("things", bson(R"({"_id":1})")).at(0).get()),
              R"({ "_id" : 1, "organization" : 1, "slug" : "a", "metadata" : { "" : 1, "a.b" : 2, "$c" : 3 } })");
}

TEST(HarnessServer, CanBeStoppedAndGoesOn) {
    NEEDS_MONGO_SERVER();
    const JavaServer server;
    // A JVM that has just started is slow: only the one that is to fail is impatient.
    ASSERT_TRUE(MongoClient(server.uri()).insert("things", one_document()).ok);
    server.stop();
    EXPECT_FALSE(MongoClient(server.uri(kQuick)).command(bson(R"({"ping":1})")).ok);
    server.go_on();
    EXPECT_EQ(MongoClient(server.uri()).count("things"), 1);
}

TEST(HarnessServer, IsGoneWhenItWasKilled) {
    NEEDS_MONGO_SERVER();
    JavaServer server;
    EXPECT_TRUE(connect_to(server.port()));
    server.kill();
    EXPECT_FALSE(connect_to(server.port()));
}

}  // namespace
}  // namespace appcreate::test
