// The driver's pool: made when it is first needed, ended without waiting for what hangs.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "base/mutex.h"
#include "mongo/driver/dialer.h"
#include "mongo/driver/driver_types.h"
#include "mongo/driver/failure.h"

namespace appcreate::mongo {

// The driver's pool, and what its clients connect with.
struct Clients {
    explicit Clients(Owned<mongoc_client_pool_t> made) : pool(std::move(made)) {}

    Mutex mutex;
    std::map<const mongoc_client_t *, Dialer> dialers GUARDED_BY(mutex);
    const Owned<mongoc_client_pool_t> pool;  // goes first
};
using PoolRef = std::shared_ptr<Clients>;

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
        Mutex mutex;
        std::condition_variable ended;
        PoolRef pool GUARDED_BY(mutex);
        std::optional<ServerFailure> failure GUARDED_BY(mutex);  // of the last look-up
        bool is_looking GUARDED_BY(mutex) = false;
        bool is_closed GUARDED_BY(mutex) = false;
        std::int64_t started_at GUARDED_BY(mutex) = 0;
        std::int64_t next_at GUARDED_BY(mutex) = 0;
        std::int64_t pause_ns GUARDED_BY(mutex) = 0;
    };
    static void look_up(const std::shared_ptr<Shared> &shared, Owned<mongoc_uri_t> uri, const std::string &name);
    void start(const std::function<Owned<mongoc_uri_t>()> &make_uri) REQUIRES(shared_->mutex);

    const std::string name_;
    const bool looks_up_;
    const std::int64_t patience_ns_;
    const std::shared_ptr<Shared> shared_;
    std::thread thread_ GUARDED_BY(shared_->mutex);  // the last look-up
};

}  // namespace appcreate::mongo
