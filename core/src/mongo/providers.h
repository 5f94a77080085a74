// Storage providers in administration.
#pragma once

#include <string_view>

#include "admin_rows.h"
#include "mongo/pool.h"
#include "store.h"

namespace appcreate::mongo {

ProviderRow create_provider(const Session &session, const ProviderSpec &spec);
void list_providers(const Session &session, std::string_view org, const RowSink &row);
void delete_provider(const Session &session, std::string_view org, const ObjectId &id);

}  // namespace appcreate::mongo
