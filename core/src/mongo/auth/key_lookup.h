// Keys by the hash of their token, many in two round trips.
#pragma once

#include <span>

#include "app_create.h"
#include "mongo/driver/pool.h"

namespace appcreate::mongo {

void find_keys(const Client &client, std::span<ac_lookup> lookups);

}  // namespace appcreate::mongo
