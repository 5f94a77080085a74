// Keys in administration.
#pragma once

#include <string_view>

#include "admin_rows.h"
#include "mongo/pool.h"
#include "store.h"

namespace appcreate::mongo {

KeyRow create_key(const Session &session, const KeySpec &spec);
void list_keys(const Session &session, std::string_view org, const RowSink &row);
void revoke_key(const Session &session, const ObjectId &id);

}  // namespace appcreate::mongo
