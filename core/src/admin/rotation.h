// Replacing a key by one with a new token.
#pragma once

#include <cstdint>

#include "base/entities.h"
#include "base/failure.h"
#include "store/store.h"

namespace appcreate {

struct Rotated {
    KeySpec successor;                // all that the old key may, with the new token
    std::int64_t old_expires_at = 0;  // the end of the old one
};

// What becomes of `old` at the time `now`. Throws Failure: it is revoked.
Rotated rotate(const ApiKey &old, const KeyRotation &rotation, std::int64_t now);

// Failure(AC_ENOTFOUND) that names it.
Failure no_key(const ObjectId &id);

}  // namespace appcreate
