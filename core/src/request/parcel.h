// A create, and then its outcome, as bytes for another process of the same program (sqlite/serve/exchange.h).
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "request/create.h"

namespace appcreate {

class Parcel {
  public:
    // Of a create with a chosen id. Returns how many bytes of `out` it took; 0: it does not fit.
    static std::size_t pack(const Create &create, std::span<std::byte> out) noexcept;
    // Ready for the store, without a deadline. NULL: these bytes are no create.
    static std::unique_ptr<Create> unpack(std::span<const std::byte> bytes);

    // The same for what the store said of it. Only of an answered create.
    static std::size_t pack_outcome(const Create &create, std::span<std::byte> out) noexcept;
    // False: these bytes are no outcome, or there is no memory for it, and `create` has none.
    static bool unpack_outcome(std::span<const std::byte> bytes, Create &create) noexcept;
};

}  // namespace appcreate
