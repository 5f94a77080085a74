// What a key may do, and what a client without access is told (docs/api.md, "Authentication"; RFC 6750, 3).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "app_create.h"

namespace appcreate {

// A revoked or expired key is AC_ACCESS_INVALID, whatever its permissions. Whether its organization is enabled is not
// asked here: that is check 3 (docs/api.md, "Order of checks").
ac_access check_key(const ac_key &key, std::int64_t now) noexcept;
// The same for reading.
ac_access check_list_key(const ac_key &key, std::int64_t now) noexcept;

// The AC_KEY_MAY_… of a key's permissions.
std::uint8_t permission_flags(std::span<const std::string> permissions) noexcept;

// Writes at most `cap` bytes of the value of WWW-Authenticate and returns its full length.
std::size_t write_challenge(ac_access access, std::string_view realm, char *buf, std::size_t cap) noexcept;

}  // namespace appcreate
