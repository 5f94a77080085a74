// Whether a database, with the WAL beside it, can be read from its first page to its last and contradicts itself
// nowhere.
#pragma once

#include "sqlite/file/connection.h"

namespace appcreate::sqlite {

// Looks through all of it, which takes its time. What `connection` has in memory counts as read: ask one that was
// opened for it. Throws Error for other reasons than damage.
bool is_whole_file(const Connection &connection);

}  // namespace appcreate::sqlite
