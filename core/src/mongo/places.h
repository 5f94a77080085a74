// Places of organizations with a limit: which of 1…limit a create tries to take. The unique index decides; what is said
// here only saves collisions.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <vector>

#include "mongo/server.h"

namespace appcreate::mongo {

class Places {
  public:
    Places() = default;
    Places(const Places &) = delete;
    Places &operator=(const Places &) = delete;

    // Places for `wanted` creates, other than those `held` already. Fewer: with them the organization is full, as a
    // majority saw it during the call. No two calls get the same place at the same time as long as the counter lasts.
    std::vector<std::int64_t> take(Server &server, const Plan &plan, std::size_t wanted,
                                   std::span<const std::int64_t> held = {});
    // Moves records that stand outside of 1…limit into free places, as far as there are any.
    void settle(Server &server, const Plan &plan);
    // A place that was taken from here and not used.
    void give_back(const Plan &plan, std::int64_t place);
    // A place that was taken from here turned out to be taken.
    void collided(const ObjectId &organization);

  private:
    struct Known {
        std::int64_t limit_version = -1;
        std::int64_t first_seen = 0;  // of this version
        bool settled = false;
        bool exhausted = false;  // the counter has reached the limit
        bool suspect = false;    // the counter hands out places that are taken
        std::vector<std::int64_t> at_hand;
    };

    Known look(Server &server, const Plan &plan);
    bool move_inside(Server &server, const Plan &plan, const Known &known);
    void repair_counter(Server &server, const Plan &plan);
    std::size_t take_at_hand(const Plan &plan, std::size_t wanted, std::vector<std::int64_t> &out);
    void take_from_counter(Server &server, const Plan &plan, std::size_t wanted, std::vector<std::int64_t> &out);

    std::mutex mutex_;  // never held while the server is asked
    std::map<ObjectId, Known> known_;
};

// Free places of 1…limit, at most `wanted`, from a random end so that gateways seldom choose the same. Fewer: there are
// no more.
std::vector<std::int64_t> find_free_places(Server &server, const ObjectId &organization, std::int64_t limit,
                                           std::size_t wanted);

}  // namespace appcreate::mongo
