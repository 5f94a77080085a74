// The clients of one store: a pool made at first use, on the thread that uses it, and never in nginx's master.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>

#include "mongo/driver_types.h"
#include "mongo/failure.h"
#include "uri.h"

namespace appcreate::mongo {

// A client, and the database in it. Belongs to one thread.
class Session {
  public:
    Session(Session &&other) noexcept;
    Session(const Session &) = delete;
    Session &operator=(const Session &) = delete;
    ~Session();

    [[nodiscard]] mongoc_client_t *client() const noexcept { return client_; }
    [[nodiscard]] const std::string &database() const noexcept { return database_; }
    [[nodiscard]] const std::string &name() const noexcept { return name_; }
    // With write concern majority and journal, and the server's default read concern.
    [[nodiscard]] Owned<mongoc_collection_t> collection(const char *name) const;

  private:
    friend class Pool;
    Session(mongoc_client_pool_t *pool, mongoc_client_t *client, const std::string &database, const std::string &name)
        : pool_(pool), client_(client), database_(database), name_(name) {}

    mongoc_client_pool_t *pool_;  // nullptr: the client is the session's own
    mongoc_client_t *client_;
    const std::string &database_;
    const std::string &name_;
};

class Pool {
  public:
    // A quarter of the timeout bounds each of: selecting a server, connecting, one answer, waiting for a client.
    Pool(const StoreUri &uri, std::int64_t timeout_ms, unsigned threads);
    Pool(const Pool &) = delete;
    Pool &operator=(const Pool &) = delete;
    ~Pool() = default;

    // Throws ServerFailure.
    Session lend();
    // A connection of its own for work that takes minutes: indexes, checks, copies.
    Session lend_patient();

    [[nodiscard]] const std::string &name() const noexcept { return name_; }

  private:
    Owned<mongoc_uri_t> make_uri(std::int32_t quarter_ms, std::int32_t socket_ms) const;
    mongoc_client_pool_t *make();

    const std::string text_;
    const std::string name_;
    const std::int64_t timeout_ms_;
    const unsigned threads_;
    std::string database_;

    std::mutex mutex_;
    Owned<mongoc_client_pool_t> pool_;
};

}  // namespace appcreate::mongo
