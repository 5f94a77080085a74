// The driver's pool: made when it is first needed, ended without waiting for what hangs.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "mongo/driver_types.h"
#include "mongo/failure.h"

namespace appcreate::mongo {

using PoolRef = std::shared_ptr<mongoc_client_pool_t>;

// Thread-safe.
class Connector {
  public:
    // `looks_up`: making the pool asks a name server ("mongodb+srv"), in the calling thread and for as long as the
    // resolver likes. `patience_ns`: how long the first who need the pool wait for that.
    Connector(std::string name, bool looks_up, std::int64_t patience_ns);
    Connector(const Connector &) = delete;
    Connector &operator=(const Connector &) = delete;
    ~Connector();

    // Throws ServerFailure. A look-up that failed is remembered: it means that there is no server, until another one,
    // which nobody waits for, has ended well. The pauses between them grow.
    PoolRef get(const std::function<Owned<mongoc_uri_t>()> &make_uri);
    // Ends it, once nobody has it any more. Returns at `latest` (CLOCK_MONOTONIC, ns) whatever the driver's own threads
    // do; they end by themselves then.
    void close(std::int64_t latest);

  private:
    struct Shared {
        std::mutex mutex;
        std::condition_variable ended;
        PoolRef pool;
        std::optional<ServerFailure> failure;  // of the last look-up
        bool is_looking = false;
        bool is_closed = false;
        std::int64_t started_at = 0;
        std::int64_t next_at = 0;
        std::int64_t pause_ns = 0;
    };
    static void look_up(const std::shared_ptr<Shared> &shared, Owned<mongoc_uri_t> uri, const std::string &name);
    void start(const std::function<Owned<mongoc_uri_t>()> &make_uri);

    const std::string name_;
    const bool looks_up_;
    const std::int64_t patience_ns_;
    const std::shared_ptr<Shared> shared_;
    std::thread thread_;  // the last look-up; shared_'s mutex guards it
};

}  // namespace appcreate::mongo
