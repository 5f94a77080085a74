// The clients of one store: a pool made at first use, on the thread that uses it, and never in nginx's master.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "mongo/connector.h"
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
    // How long the server may work at one read: a little less than its answer is waited for.
    [[nodiscard]] std::int64_t read_ms() const noexcept { return read_ms_; }
    // With write concern majority and journal, and the server's default read concern.
    [[nodiscard]] Owned<mongoc_collection_t> collection(const char *name) const;

  private:
    friend class Pool;
    Session(PoolRef pool, mongoc_client_t *client, const std::string &database, const std::string &name,
            std::int64_t socket_ms)
        : pool_(std::move(pool)),
          client_(client),
          database_(database),
          name_(name),
          read_ms_(socket_ms - socket_ms / 8) {}

    PoolRef pool_;  // null: the client is the session's own
    mongoc_client_t *client_;
    const std::string &database_;
    const std::string &name_;
    const std::int64_t read_ms_;
};

class Pool {
  public:
    // A quarter of the timeout bounds each of: selecting a server, connecting, one answer, waiting for a client.
    Pool(const StoreUri &uri, std::int64_t timeout_ms, unsigned threads);
    Pool(const Pool &) = delete;
    Pool &operator=(const Pool &) = delete;
    ~Pool() = default;

    // Returns at `latest` (CLOCK_MONOTONIC, ns), whatever hangs. Nobody lends afterwards.
    void close(std::int64_t latest) { connector_.close(latest); }

    // Throws ServerFailure.
    Session lend();
    // A connection of its own for work that takes minutes: indexes, checks, copies.
    Session lend_patient();

    [[nodiscard]] const std::string &name() const noexcept { return name_; }

  private:
    Owned<mongoc_uri_t> make_uri(std::int32_t quarter_ms, std::int32_t socket_ms) const;

    const std::string text_;
    const std::string name_;
    const std::int64_t timeout_ms_;
    const unsigned threads_;
    std::string database_;
    Connector connector_;
};

}  // namespace appcreate::mongo
