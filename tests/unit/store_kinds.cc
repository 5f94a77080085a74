// The kinds of store that the suite runs with.
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <thread>

#include "harness/deployment.h"
#include "harness/server.h"
#include "mongo_support.h"
#include "sqlite_combined.h"
#include "sqlite_support.h"

namespace appcreate::test {
namespace {

std::string is_here() { return {}; }

std::unique_ptr<StoreUnderTest> make_sqlite() { return std::make_unique<SqliteUnderTest>(); }

// Another worker of the host is always at it: what others create goes through its transactions, or not, as it happens.
class WithBusyNeighbour final : public StoreUnderTest {
  public:
    std::unique_ptr<Store> open() override { return store_.open(); }
    std::unique_ptr<Store> serve() override { return store_.serve(); }
    void expire_requests() override { store_.expire_requests(); }
    void wait_for_others() override { store_.wait_for_others(); }

  private:
    [[noreturn]] int be_busy() {
        const std::unique_ptr<Store> store = store_.open();
        for (;;) {
            Pending none;
            status_of([&] { store->write(none.source(), in_ms(100)); });
            // Strangers to the turn want the file too.
            std::this_thread::sleep_for(std::chrono::microseconds(100));
        }
    }

    CombinedUnderTest store_;
    const Child neighbour_{[this] { return be_busy(); }};
};

std::unique_ptr<StoreUnderTest> make_combined() { return std::make_unique<WithBusyNeighbour>(); }

std::string why_no_java_server() { return JavaServer::unavailable(); }

// mongo-java-server: one for the program, a database for each test.
std::unique_ptr<StoreUnderTest> make_mongodb() { return std::make_unique<MongoUnderTest>(shared_server().uri()); }

// What operators run.
template <const Deployment &kDeployment>
std::string why_absent() {
    return why_absent(kDeployment);
}

template <const Deployment &kDeployment>
std::unique_ptr<StoreUnderTest> make_on() {
    auto made = std::make_unique<MongoUnderTest>(uri_of(kDeployment));
    if (&kDeployment == &kShardedCluster) made->open()->shard();
    return made;
}

KindUnderTest mongodb(const char *name, std::string (*unavailable)(), std::unique_ptr<StoreUnderTest> (*make)()) {
    return {name, unavailable, make, std::chrono::seconds(1), true, false};
}

}  // namespace

std::vector<KindUnderTest> store_kinds() {
    return {
        {"Sqlite", is_here, make_sqlite},
        {"SqliteCombined", is_here, make_combined, std::chrono::milliseconds(0), false, true, true},
        mongodb("Mongodb", why_no_java_server, make_mongodb),
        mongodb("MongodbStandalone", why_absent<kStandalone>, make_on<kStandalone>),
        mongodb("MongodbReplicaSet", why_absent<kReplicaSet>, make_on<kReplicaSet>),
        mongodb("MongodbSharded", why_absent<kShardedCluster>, make_on<kShardedCluster>),
    };
}

}  // namespace appcreate::test
