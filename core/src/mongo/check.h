// Every promise that can be checked at rest (appctl check).
#pragma once

#include "mongo/pool.h"
#include "store.h"

namespace appcreate::mongo {

// Returns whether every promise holds afterwards.
bool check_store(const Session &session, bool repair, const RowSink &row);

}  // namespace appcreate::mongo
