// The plans and storage providers that creates are judged by, remembered for a moment.
#pragma once

#include <cstdint>
#include <map>
#include <span>

#include "base/mutex.h"
#include "mongo/create/server.h"

namespace appcreate::mongo {

// How old a plan or a provider may be that a create is judged by. It is never older than the connection.
inline constexpr std::int64_t kPlanValidNs = 1'000'000'000;

class Plans {
  public:
    // Those of the organizations that exist.
    std::map<ObjectId, PlanRef> get(Server &server, std::span<const ObjectId> organizations);
    // Those of the storage providers that exist, by their ids. Nobody has to have been told of one that is gone, but
    // one that is not known is asked for.
    std::map<ObjectId, ProviderRef> get_providers(Server &server, std::span<const ObjectId> ids);

  private:
    struct Seen {
        ProviderRef provider;
        std::int64_t read_at = 0;
    };

    Mutex mutex_;  // never held while the server is asked
    std::map<ObjectId, PlanRef> plans_ GUARDED_BY(mutex_);
    std::map<ObjectId, Seen> providers_ GUARDED_BY(mutex_);
};

}  // namespace appcreate::mongo
