#include "mongo_support.h"
#include "kinds.h"

#include <stdexcept>

#include "harness/client.h"
#include "harness/deployment.h"
#include "store/uri.h"

namespace appcreate::test {

MongoUnderTest::MongoUnderTest(const std::string &server)
    : database_(unique_database()), uri_(in_database(server, database_)) {
    open()->init();
}

MongoUnderTest::~MongoUnderTest() { MongoClient(uri_, database_).drop(); }

std::unique_ptr<Store> MongoUnderTest::open() { return open_store(options()); }

std::unique_ptr<Store> MongoUnderTest::serve() {
    StoreOptions serving = options();
    serving.maintain = true;
    return open_store(serving);
}

StoreOptions MongoUnderTest::options() const {
    StoreOptions options;
    options.uri = parse_uri(uri_);
    options.timeout_ms = 20'000;
    options.threads = 4;
    return options;
}

void MongoUnderTest::expire_requests() {
    // A client for this once: one that stayed would be inherited by the processes that tests start.
    const Result result = MongoClient(uri_, database_).command(bson(R"({"update":"applications",
        "updates":[{"q":{"keptUntil":{"$exists":true}},"u":{"$set":{"keptUntil":{"$date":{"$numberLong":"1"}}}},
        "multi":true}],"writeConcern":{"w":"majority"}})"));
    if (!result.ok) throw std::runtime_error("cannot age the requests: " + result.message);
}

}  // namespace appcreate::test
