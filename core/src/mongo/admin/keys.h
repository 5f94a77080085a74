// Keys in administration.
#pragma once

#include <string_view>

#include "admin/rotation.h"
#include "admin/rows.h"
#include "mongo/driver/pool.h"
#include "store/store.h"

namespace appcreate::mongo {

KeyRow create_key(const Client &client, const KeySpec &spec);
void list_keys(const Client &client, std::string_view org, const RowSink &row);
KeyRow find_key(const Client &client, const ObjectId &id);
KeyRow rename_key(const Client &client, const ObjectId &id, std::string_view name);
KeyRow rotate_key(const Client &client, const ObjectId &id, const KeyRotation &rotation);
void revoke_key(const Client &client, const ObjectId &id);

}  // namespace appcreate::mongo
