// Storage providers in administration.
#pragma once

#include <string_view>

#include "admin/rows.h"
#include "mongo/driver/pool.h"
#include "store/store.h"

namespace appcreate::mongo {

ProviderRow create_provider(const Client &client, const ProviderSpec &spec);
void list_providers(const Client &client, std::string_view org, const RowSink &row);
ProviderRow change_provider(const Client &client, std::string_view org, const ObjectId &id,
                            const ProviderChange &change);
void delete_provider(const Client &client, std::string_view org, const ObjectId &id);

}  // namespace appcreate::mongo
