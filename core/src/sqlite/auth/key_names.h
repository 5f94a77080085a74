// The names that people give to keys. Stores of the first versions have no column for them; it is made when the first
// key gets a name, so that no schema has to be upgraded before nginx can go on.
#pragma once

#include <string>
#include <string_view>

#include "sqlite/file/connection.h"

namespace appcreate::sqlite {

bool has_key_names(const Connection &connection);
// Inside a writing transaction. Empty: none.
void set_key_name(const Connection &connection, const ObjectId &key, std::string_view name);

}  // namespace appcreate::sqlite
