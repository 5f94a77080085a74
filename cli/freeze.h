// Whether a store is frozen, for commands that tell of it besides.
#pragma once

#include "store_handle.h"

namespace appctl {

inline constexpr const char *kStoreIsFrozen =
    "the whole store is frozen, so nobody can create; run \"appctl thaw\" when that is to end";

bool is_store_frozen(const StoreHandle &store);

}  // namespace appctl
