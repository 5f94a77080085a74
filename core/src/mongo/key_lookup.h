// Keys by the hash of their token, many in two round trips.
#pragma once

#include <span>

#include "app_create.h"
#include "mongo/pool.h"

namespace appcreate::mongo {

void find_keys(const Session &session, std::span<ac_lookup> lookups);

}  // namespace appcreate::mongo
