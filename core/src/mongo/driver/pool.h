// The clients of one store: a pool made at first use, on the thread that uses it, and never in nginx's master.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "mongo/driver/connector.h"
#include "mongo/driver/driver_types.h"
#include "mongo/driver/failure.h"
#include "store/uri.h"

namespace appcreate::mongo {

// Where writes go.
struct Connection {
    Owned<mongoc_server_description_t> server;
    std::uint32_t id = 0;    // of the server, as the driver numbers them
    std::int64_t since = 0;  // see Dialer::since()
};

// A client, and the database in it. Belongs to one thread.
class Client {
  public:
    Client(Client &&other) noexcept;
    Client(const Client &) = delete;
    Client &operator=(const Client &) = delete;
    ~Client();

    [[nodiscard]] mongoc_client_t *raw() const noexcept { return raw_; }
    [[nodiscard]] const std::string &database() const noexcept { return database_; }
    [[nodiscard]] const std::string &name() const noexcept { return name_; }
    // How long the server may work at one read: a little less than its answer is waited for.
    [[nodiscard]] std::int64_t read_ms() const noexcept { return read_ms_; }
    // With write concern majority and journal, and the server's default read concern.
    [[nodiscard]] Owned<mongoc_collection_t> collection(const char *name) const;
    // The connection to a server that takes writes; makes it where there is none. Asks nobody where there is one.
    // Throws ServerFailure; nothing has happened then.
    [[nodiscard]] Connection connect() const;
    // Null: of a client that is nobody else's.
    [[nodiscard]] Dialer *dialer() const noexcept { return dialer_; }

  private:
    friend class Pool;
    Client(PoolRef pool, mongoc_client_t *raw, Dialer *dialer, const std::string &database, const std::string &name,
           std::int64_t socket_ms)
        : pool_(std::move(pool)),
          raw_(raw),
          dialer_(dialer),
          database_(database),
          name_(name),
          read_ms_(socket_ms - socket_ms / 8) {}

    PoolRef pool_;  // null: it is this one's own
    mongoc_client_t *raw_;
    Dialer *dialer_;
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
    Client lend();
    // A connection of its own for work that takes minutes: indexes, checks, copies.
    Client lend_patient();

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
