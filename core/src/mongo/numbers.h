// Numbers behind slugs that are taken (contract, "Slug"): a counter for each base hands out suffixes that nobody else
// gets; only a name of somebody's own that ends in one can be in the way.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "mongo/server.h"

namespace appcreate::mongo {

// A draft that needs another slug. `number` is the last one that it tried; 0: the base itself.
struct Unnamed {
    Draft *draft;
    std::int64_t *number;
};

// Gives each a slug with a number of its own. One round trip for each base, a few more where the last number was taken.
void give_numbers(Server &server, const std::vector<Unnamed> &drafts);

// A free number above `last`, which is taken (free_number.h): a round trip or two where few names are equal.
std::int64_t find_free_number(Server &server, const ObjectId &organization, std::string_view base, std::int64_t last);

}  // namespace appcreate::mongo
