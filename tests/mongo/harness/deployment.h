// MongoDB deployments that the environment names: what operators run. None is in any registry, so most machines have
// none.
#pragma once

#include <string>

namespace appcreate::test {

struct Deployment {
    const char *what;      // in a sentence
    const char *variable;  // holds its URI
};
inline constexpr Deployment kStandalone{"standalone server", "APP_CREATE_TEST_MONGODB_URI"};
inline constexpr Deployment kReplicaSet{"replica set", "APP_CREATE_TEST_MONGODB_REPLICA_SET_URI"};
inline constexpr Deployment kShardedCluster{"sharded cluster", "APP_CREATE_TEST_MONGODB_SHARDED_URI"};

// Empty when its variable is not set.
std::string uri_of(const Deployment &deployment);
// Empty when it is named; otherwise what to set.
std::string why_absent(const Deployment &deployment);

// The URI with another database, and the same one to authenticate against.
std::string in_database(const std::string &uri, const std::string &database);
// A database name that no other test uses, on whatever machine it runs.
std::string unique_database();

}  // namespace appcreate::test
