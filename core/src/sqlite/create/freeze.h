// Whether creates are frozen: of the whole store, a row of `meta`; of an organization, a column that is made when the
// first one is frozen, so that no schema has to be upgraded before. Libraries of the first versions read neither.
#pragma once

#include <cstdint>

#include "base/entities.h"
#include "sqlite/file/connection.h"

namespace appcreate::sqlite {

class StoreFreeze {
  public:
    explicit StoreFreeze(const Connection &connection);
    // Inside the transaction that creates, so that none is committed after a freeze is.
    Freeze read();

  private:
    Statement select_;
};

bool has_organization_freezes(const Connection &connection);

// Inside a writing transaction. 0: thaws.
void set_store_freeze(const Connection &connection, Freeze seconds);
void set_organization_freeze(const Connection &connection, std::int64_t organization, Freeze seconds);

}  // namespace appcreate::sqlite
