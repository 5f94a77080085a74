// Whether the WAL still holds what its index says: a WAL that was emptied or cut short under open
// connections has a hole where frames were, and a checkpoint would copy the hole into the database.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>

#include "sqlite/file/connection.h"

namespace appcreate::sqlite {

// How many frames the WAL has by its index; nullopt: its header, the last of them or frame `also` (0: none) is not in
// the file. Reads some bytes through the connection, which has read the store before. Throws Error.
std::optional<std::uint32_t> frames_of_whole_wal(const Connection &connection, std::uint32_t also = 0);

// Shows `see` the pages in the WAL as far as it is committed, by number and content, the last one first, until that
// returns true. `connection` has opened the WAL; what lies beside it is not read. False: somebody wrote meanwhile, or
// the WAL is not the one that its index speaks of. Throws Error.
bool read_frames_back(const Connection &connection,
                      const std::function<bool(std::uint32_t number, std::span<const std::uint8_t> page)> &see);

}  // namespace appcreate::sqlite
