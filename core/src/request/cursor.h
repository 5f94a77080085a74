// The cursor of a list (docs/api.md, "Reading"): the last id that was shown, and a check that it was made for this
// organization. It is no secret and nothing is granted by it; the check tells a client of a slip.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/values.h"

namespace appcreate {

// 20 characters of base64url, which need no encoding in a query.
std::string make_cursor(const ObjectId &organization, const ObjectId &last);
// nullopt: it is none, or another organization's.
std::optional<ObjectId> read_cursor(const ObjectId &organization, std::string_view text);

}  // namespace appcreate
