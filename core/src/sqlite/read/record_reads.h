// Records as the API reads them: by id, by slug, and an organization's newest.
//
// Lists need an index of their own. Stores of the first versions have none until "appctl init" makes it; gateways of
// those versions go on with a store that has it.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <variant>

#include "request/read.h"
#include "sqlite/file/connection.h"

namespace appcreate::sqlite {

bool has_list_index(const Connection &connection);
// Inside a writing transaction, where there is none.
void add_list_index(const Connection &connection);

// Inside a reading transaction.
class RecordReads {
  public:
    explicit RecordReads(const Connection &connection);

    std::optional<std::string> find(const ObjectId &organization, const std::variant<ObjectId, std::string> &name);
    // nullopt: the store has no index for it.
    std::optional<RecordPage> list(const ObjectId &organization, const std::optional<ObjectId> &before,
                                   std::size_t limit);

  private:
    const Connection &connection_;
    Statement by_id_;
    Statement by_slug_;
    std::optional<Statement> newest_;  // prepared once there is the index
};

}  // namespace appcreate::sqlite
