// Places of organizations with a limit: which of 1…limit a create tries to take. The unique index decides; what is said
// here only saves collisions. No call costs more for a higher limit or for more records.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "base/mutex.h"
#include "mongo/create/place_search.h"
#include "mongo/create/server.h"

namespace appcreate::mongo {

// What is known of an organization's places.
enum class Room { kFree, kFull, kUnknown };

struct Given {
    std::vector<std::int64_t> places;
    // Where they are fewer than wanted. kFull: with them and those held there are no more, as a majority saw it during
    // the call or for good. kUnknown: the search goes on with the next call.
    Room rest = Room::kUnknown;
};

class Places {
  public:
    Places() = default;
    Places(const Places &) = delete;
    Places &operator=(const Places &) = delete;

    // Places for `wanted` creates, other than those `held` already. No two calls get the same place at the same time as
    // long as the counter lasts. Unless it `may_search`, it costs two round trips at most.
    Given take(Server &server, const Plan &plan, std::size_t wanted, std::span<const std::int64_t> held,
               bool may_search);
    // Is there one for a create that is only validated? Writes nothing.
    Room look_for_room(Server &server, const Plan &plan);
    // Moves records that stand outside of 1…limit into free places, as far as there are any. Takes as long as it takes.
    void move_inside_limit(Server &server, const Plan &plan);
    // What is better done after the answers than before: finds places far behind the counter that were left free. One
    // step at most.
    void tidy(Server &server, const Plan &plan);
    // A place that was taken from here and not used.
    void give_back(const Plan &plan, std::int64_t place);
    // A place that was taken from here turned out to be taken.
    void collided(const ObjectId &organization);

  private:
    struct Known {
        std::int64_t since = 0;  // as a plan has it: what is known is of that server
        std::int64_t limit_version = -1;
        bool settled = false;
        bool exhausted = false;  // the counter has reached the limit
        bool suspect = false;    // the counter hands out places that are taken
        std::int64_t next_place = 0;
        std::int64_t filled_to = 0;
        std::int64_t stored_filled_to = 0;  // what the store says of it, as far as this process knows,
        std::int64_t stored_at = 0;         // and since when
        std::int64_t span = kSpan;          // less where the server is too slow for it
        std::vector<std::int64_t> at_hand;
    };

    Known look(const Plan &plan);
    Given take_some(Server &server, const Plan &plan, std::size_t wanted, std::span<const std::int64_t> held,
                    bool may_search);
    Room look_for_some(Server &server, const Plan &plan);
    bool slow_down(const Plan &plan, const ServerFailure &failure);
    Room move_inside(Server &server, const Plan &plan, int rounds, bool may_search);
    Room search(Server &server, const Plan &plan, PlaceSearch &search, std::size_t wanted,
                std::span<const std::int64_t> held, int steps);
    void search_places(Server &server, const Plan &plan, std::size_t wanted, std::span<const std::int64_t> held,
                       Given &out);
    void remember_filled(Server &server, const Plan &plan, const PlaceSearch &search);
    bool is_still_filled(Server &server, const Plan &plan, const Known &known, bool may_write);
    bool repair_counter(Server &server, const Plan &plan);
    std::size_t take_at_hand(const Plan &plan, std::size_t wanted, std::vector<std::int64_t> &out);
    void take_from_counter(Server &server, const Plan &plan, std::size_t wanted, std::vector<std::int64_t> &out);

    Mutex mutex_;  // never held while the server is asked
    std::map<ObjectId, Known> known_ GUARDED_BY(mutex_);
};

}  // namespace appcreate::mongo
