#include "admin/rotation.h"

#include <algorithm>

namespace appcreate {
namespace {

// The successor of one that was made to last for a while lasts for as long from now on.
std::int64_t expiry_of(const ApiKey &old, const KeyRotation &rotation, std::int64_t now) {
    if (rotation.expires_at) return *rotation.expires_at;
    return old.expires_at == 0 ? 0 : now + std::max<std::int64_t>(old.expires_at - old.created_at, 0);
}

}  // namespace

Rotated rotate(const ApiKey &old, const KeyRotation &rotation, std::int64_t now) {
    if (old.revoked) {
        throw Failure(AC_ENOTFOUND,
                      "the key " + old.id.hex() + " is revoked; make another one with \"appctl key create\"");
    }
    Rotated out;
    out.successor.org = old.organization.hex();
    out.successor.owner = old.owner;
    out.successor.role = old.role;
    out.successor.permissions = old.permissions;
    out.successor.name = old.name;
    out.successor.token = rotation.token;
    out.successor.expires_at = expiry_of(old, rotation, now);
    const std::int64_t until = now + rotation.overlap_ms;
    out.old_expires_at = old.expires_at == 0 ? until : std::min(old.expires_at, until);
    return out;
}

Failure no_key(const ObjectId &id) {
    return {AC_ENOTFOUND, "no key " + id.hex() + "; run \"appctl key list --org ORG\""};
}

}  // namespace appcreate
