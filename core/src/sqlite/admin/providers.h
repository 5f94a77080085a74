// Storage providers, as appctl makes them. The functions run inside a transaction.
#pragma once

#include <string_view>
#include <vector>

#include "admin/rows.h"
#include "sqlite/file/connection.h"
#include "store/store.h"

namespace appcreate::sqlite {

// Failure(AC_EEXISTS) when the id is taken.
ProviderRow create_provider(const Connection &connection, const ProviderSpec &spec);
// In the order of their ids.
std::vector<ProviderRow> list_providers(const Connection &connection, std::string_view org);
// Records keep their copy of what it was.
ProviderRow change_provider(const Connection &connection, std::string_view org, const ObjectId &id,
                            const ProviderChange &change);
// Where it was the organization's default, there is none afterwards. Records keep their copy.
void delete_provider(const Connection &connection, std::string_view org, const ObjectId &id);

}  // namespace appcreate::sqlite
