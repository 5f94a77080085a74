// API keys, as appctl makes and revokes them. The functions run inside a transaction.
#pragma once

#include <string_view>
#include <vector>

#include "admin/rotation.h"
#include "admin/rows.h"
#include "sqlite/file/connection.h"
#include "store/store.h"

namespace appcreate::sqlite {

// Stores the token's SHA-256 only. Failure(AC_EEXISTS) when the token is known already.
KeyRow create_key(const Connection &connection, const KeySpec &spec);
// In the order of their ids.
std::vector<KeyRow> list_keys(const Connection &connection, std::string_view org);
KeyRow find_key(const Connection &connection, const ObjectId &id);
KeyRow rename_key(const Connection &connection, const ObjectId &id, std::string_view name);
KeyRow rotate_key(const Connection &connection, const ObjectId &id, const KeyRotation &rotation);
void revoke_key(const Connection &connection, const ObjectId &id);

}  // namespace appcreate::sqlite
