// Whether the write-ahead log still holds what its index says: a log that was emptied or cut short under open
// connections has a hole where frames were, and a checkpoint would copy the hole into the database.
#pragma once

#include <cstdint>
#include <optional>

#include "sqlite/connection.h"

namespace appcreate::sqlite {

// How many frames the log has by its index; nullopt: its header, the last of them or frame `also` (0: none) is not in
// the file. Reads some bytes through the connection, which has read the store before. Throws Error.
std::optional<std::uint32_t> frames_of_whole_log(const Connection &connection, std::uint32_t also = 0);

}  // namespace appcreate::sqlite
