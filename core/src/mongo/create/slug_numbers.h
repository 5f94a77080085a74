// Numbers behind slugs that are taken (docs/api.md, "Slugs"): a counter for each base hands out suffixes that nobody
// else gets; only a name of somebody's own that ends in one can be in the way.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "mongo/create/server.h"

namespace appcreate::mongo {

// A draft that needs another slug. `number` is the last one that it tried; 0: the base itself.
struct Unnamed {
    Draft *draft;
    std::int64_t *number;
};

// Gives each a slug with a number of its own. One round trip for each base; where last numbers were taken, a few more
// for each organization.
void give_numbers(Server &server, const std::vector<Unnamed> &drafts);

// The last number of a base that was found taken; 1: the base itself.
struct TakenNumber {
    std::string_view base;
    std::int64_t number = 1;
};
// A free number above each (free_number.h), for all in the same round trips: two or so where few names are equal.
std::vector<std::int64_t> find_free_numbers(Server &server, const ObjectId &organization,
                                            const std::vector<TakenNumber> &taken);

}  // namespace appcreate::mongo
