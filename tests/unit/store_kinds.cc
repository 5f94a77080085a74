// The kinds of store that the suite runs with.
#include "harness/deployment.h"
#include "harness/server.h"
#include "mongo_support.h"
#include "sqlite_support.h"

namespace appcreate::test {
namespace {

using mongotest::Deployment;
using mongotest::kReplicaSet;
using mongotest::kShardedCluster;
using mongotest::kStandalone;

std::string is_here() { return {}; }

std::unique_ptr<StoreUnderTest> make_sqlite() { return std::make_unique<SqliteUnderTest>(); }

std::string why_no_java_server() { return mongotest::JavaServer::unavailable(); }

// mongo-java-server: one for the program, a database for each test.
std::unique_ptr<StoreUnderTest> make_mongodb() {
    return std::make_unique<MongoUnderTest>(mongotest::shared_server().uri());
}

// What operators run.
template <const Deployment &kDeployment>
std::string why_absent() {
    return mongotest::why_absent(kDeployment);
}

template <const Deployment &kDeployment>
std::unique_ptr<StoreUnderTest> make_on() {
    auto made = std::make_unique<MongoUnderTest>(mongotest::uri_of(kDeployment));
    if (&kDeployment == &kShardedCluster) made->open()->shard();
    return made;
}

StoreKind mongodb(const char *name, std::string (*unavailable)(), std::unique_ptr<StoreUnderTest> (*make)()) {
    return {name, unavailable, make, std::chrono::seconds(1), true};
}

}  // namespace

std::vector<StoreKind> store_kinds() {
    return {
        {"Sqlite", is_here, make_sqlite},
        mongodb("Mongodb", why_no_java_server, make_mongodb),
        mongodb("MongodbStandalone", why_absent<kStandalone>, make_on<kStandalone>),
        mongodb("MongodbReplicaSet", why_absent<kReplicaSet>, make_on<kReplicaSet>),
        mongodb("MongodbSharded", why_absent<kShardedCluster>, make_on<kShardedCluster>),
    };
}

}  // namespace appcreate::test
