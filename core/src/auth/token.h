// Bearer tokens (docs/api.md, "Authentication"; RFC 6750).
#pragma once

#include <string>
#include <string_view>

#include "app_create.h"
#include "base/digest.h"
#include "base/values.h"

namespace appcreate {

// "aca_", 43 characters of base62 for 256 random bits, 6 of a checksum (CRC-32 in base62).
std::string make_token();

// b64token of RFC 6750 and at most 512 bytes?
bool is_b64token(std::string_view token) noexcept;

// False only for a token of our own form whose checksum is wrong.
bool has_good_checksum(std::string_view token) noexcept;

ac_access parse_bearer(std::string_view authorization, ac_bearer &out);

// Writes AC_TAG_SIZE bytes, NUL at the end.
void write_tag(const ac_bearer &bearer, char *out);

}  // namespace appcreate
