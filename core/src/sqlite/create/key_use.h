// The day on which a key last made an application. Stores of the first versions have no column for it until "appctl
// init" makes it; gateways of those versions go on with one that has it.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <vector>

#include "base/values.h"
#include "sqlite/file/connection.h"

namespace appcreate::sqlite {

bool has_key_use(const Connection &connection);
// Inside a writing transaction, where there is none.
void add_key_use(const Connection &connection);

// Notes the keys of batches, in the transactions that make their applications: one row more for a key and day.
class KeyUse {
  public:
    explicit KeyUse(const Connection &connection) : connection_(connection) {}

    // The schema may be another one than before.
    void look_again();
    void add(const ObjectId &key);
    // Inside the batch's transaction.
    void note();
    // That was rolled back.
    void forget() noexcept;

  private:
    const Connection &connection_;
    std::optional<Statement> update_;  // nullopt: the store has no column
    std::vector<ObjectId> used_;       // by this batch, in their first order, one beside another different
    std::set<ObjectId> noted_;         // on `day_`
    std::int64_t day_ = 0;
};

}  // namespace appcreate::sqlite
