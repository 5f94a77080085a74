// The files of a restore: the one that is read, the store's, and what becomes of a store that cannot be read.
#pragma once

#include <string>

#include "sqlite/backup/page_copy.h"
#include "sqlite/file/new_file.h"

namespace appcreate::sqlite {

// Fills `fresh` with what `file` is by itself, without writing to it or beside it. Throws Failure when something is not
// in the file alone, or it changes meanwhile, and Error.
void read_whole_file(const std::string &file, const NewDatabase &fresh, const Tell &tell);

// Can SQLite read the store's file, so that its content can change in a transaction? False: it is missing, empty or
// damaged. Throws Failure when it is another program's; or when it may never have been a database and is not to be
// replaced. Throws Error.
bool is_readable_store(const std::string &real, bool replace, Deadline deadline);

// Puts `fresh` in the place of the store's file, which cannot be read and is kept as `before`, its WAL and index beside
// it as SQLite names them. Throws Failure.
void put_in_place(NewFile &fresh, const std::string &real, const std::string &before);

}  // namespace appcreate::sqlite
