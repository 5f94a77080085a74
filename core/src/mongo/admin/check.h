// Every promise that can be checked at rest (appctl check).
#pragma once

#include "mongo/driver/pool.h"
#include "store/store.h"

namespace appcreate::mongo {

// Returns whether every promise holds afterwards.
bool check_store(const Client &client, bool repair, const RowSink &row);

}  // namespace appcreate::mongo
