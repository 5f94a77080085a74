// Whether a file, by itself, is a store that keeps its promises: asked of a backup before it counts as one.
#pragma once

#include <string>

#include "sqlite/backup/page_copy.h"
#include "sqlite/file/connection.h"

namespace appcreate::sqlite {

// Reads everything: SQLite's integrity_check, the schema's version, then what `check` checks. `tell` counts
// applications. Throws Failure, which begins with `name`; AC_ECHECK: SQLite or `check` found something wrong.
void verify_whole(const Connection &connection, const std::string &name, const Tell &tell);

// How many of each there are.
Contents count_contents(const Connection &connection);

}  // namespace appcreate::sqlite
