// Looks, before a file is worked with, whether the WAL that lies beside it is its own.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "sqlite/file/connection.h"
#include "sqlite/file/open_file.h"
#include "store/store.h"

namespace appcreate::sqlite {

// `file` is open nowhere in this process yet. A WAL that another file left there is renamed, so that it changes nothing
// in this one and can still be had; `say` is told so. `orphan`: fingerprint of a WAL whose file is known to have been
// overwritten; 0: none. Throws Error and Failure: it cannot be told whose the WAL is, or somebody uses it, or the file
// is damaged.
void pair_wal(OpenFile &file, std::uint64_t orphan, Deadline deadline,
              const std::function<void(const std::string &line)> &say);

}  // namespace appcreate::sqlite
