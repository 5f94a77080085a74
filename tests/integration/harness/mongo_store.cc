#include "mongo_store.h"

#include <stdexcept>

#include "harness/client.h"
#include "harness/deployment.h"
#include "harness/server.h"

namespace appcreate::test {

namespace {

// The server stops: it takes what is sent to it, and works it off when it goes on.
class StoppedServer : public StoreLock {
  public:
    explicit StoppedServer(const JavaServer &server) : server_(server) { server_.stop(); }
    ~StoppedServer() override { server_.go_on(); }

  private:
    const JavaServer &server_;
};

class MongoStore : public Store {
  public:
    explicit MongoStore(const std::string &server)
        : database_(unique_database()), uri_(in_database(server, database_)) {}
    ~MongoStore() override { MongoClient(uri_, database_).drop(); }
    [[nodiscard]] std::string uri() const override { return uri_; }
    [[nodiscard]] StoreTraits traits() const override { return {std::chrono::seconds(1), true, 16U * 1024 * 1024}; }
    std::unique_ptr<StoreLock> lock() override { throw std::logic_error(why_no_mongo_lock()); }
    // A server that stops does not answer reads either.
    std::unique_ptr<StoreLock> lock_out() override { return lock(); }

  private:
    const std::string database_;
    const std::string uri_;
};

class JavaStore : public MongoStore {
  public:
    JavaStore() : MongoStore(shared_server().uri()) {}
    std::unique_ptr<StoreLock> lock() override { return std::make_unique<StoppedServer>(shared_server()); }
};

}  // namespace

std::unique_ptr<Store> make_mongo_store() {
    if (const std::string uri = uri_of(kStandalone); !uri.empty()) return std::make_unique<MongoStore>(uri);
    return std::make_unique<JavaStore>();
}

std::string why_no_mongo_lock() {
    if (uri_of(kStandalone).empty()) return {};
    return std::string("the server that ") + kStandalone.variable + " names is not ours to stop";
}

std::string why_no_mongo_store() { return uri_of(kStandalone).empty() ? JavaServer::unavailable() : std::string(); }

}  // namespace appcreate::test
