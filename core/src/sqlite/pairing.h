// Looks, before a file is worked with, whether the log that lies beside it is its own.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "sqlite/open_file.h"
#include "store.h"

namespace appcreate::sqlite {

// `file` is open nowhere in this process yet. A log that another file left there is renamed, so that it changes nothing
// in this one and can still be had; `say` is told so. `orphan`: fingerprint of a log whose file is known to have been
// overwritten; 0: none. Throws Error and Failure: it cannot be told whose the log is, or somebody uses it, or the file
// is damaged.
void pair_log(OpenFile &file, std::uint64_t orphan, Deadline deadline,
              const std::function<void(const std::string &line)> &say);

}  // namespace appcreate::sqlite
