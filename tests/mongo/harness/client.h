// A plain libmongoc client: what the harness itself is proved with, and how tests look behind a store's back.
#pragma once

#include <mongoc/mongoc.h>

#include <memory>
#include <string>
#include <vector>

#include "harness/bson.h"

namespace appcreate::test {

struct Result {
    bool ok = false;
    std::uint32_t code = 0;  // of the error
    std::uint32_t domain = 0;
    std::string message;
    Bson reply;
};

class MongoClient {
  public:
    explicit MongoClient(const std::string &uri, std::string database = "apps");

    Result command(const Bson &command);
    // As a driver does it: server selection, write concern, document sequences, unordered.
    Result insert(const std::string &collection, const std::vector<Bson> &documents);
    std::vector<Bson> find(const std::string &collection, const Bson &filter = bson("{}"));
    // How many documents fit; -1 when the server did not say.
    std::int64_t count(const std::string &collection, const Bson &filter = bson("{}"));
    void drop();  // the database
    [[nodiscard]] mongoc_client_t *get() const noexcept { return client_.get(); }

  private:
    struct Free {
        void operator()(mongoc_client_t *client) const noexcept { mongoc_client_destroy(client); }
        void operator()(mongoc_collection_t *collection) const noexcept { mongoc_collection_destroy(collection); }
    };
    std::unique_ptr<mongoc_collection_t, Free> open(const std::string &collection);

    std::unique_ptr<mongoc_client_t, Free> client_;
    std::string database_;
};

}  // namespace appcreate::test
