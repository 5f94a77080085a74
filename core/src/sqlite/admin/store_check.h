// "appctl check": the parts of check.h, one short transaction after the other, so that it can run while the store is
// served.
#pragma once

#include "sqlite/serve/transactions.h"
#include "store/store.h"

namespace appcreate::sqlite {

// Returns whether every promise holds afterwards. Throws Failure.
bool check_store(const Transactions &transactions, bool repair, const RowSink &row);

}  // namespace appcreate::sqlite
