// The plans that creates are judged by, remembered for a moment.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <span>

#include "mongo/server.h"

namespace appcreate::mongo {

// How old a plan may be that a create is judged by.
inline constexpr std::int64_t kPlanValidNs = 1'000'000'000;

class Plans {
  public:
    // Those of the organizations that exist.
    std::map<ObjectId, PlanRef> get(Server &server, std::span<const ObjectId> organizations);
    // As it is now; null: there is none.
    PlanRef get_fresh(Server &server, const ObjectId &organization);

  private:
    void remember(std::span<const PlanRef> plans);

    std::mutex mutex_;  // never held while the server is asked
    std::map<ObjectId, PlanRef> plans_;
};

}  // namespace appcreate::mongo
