// What a MongoDB store's URI may say, checked without contacting a server and without DNS: nginx's master runs this.
#pragma once

#include <string>

#include "store/uri.h"

namespace appcreate::mongo {

// The database of a URI that names none.
inline constexpr const char *kDefaultDatabase = "app_create";

// Is this a URI of this kind, "mongodb://…" or "mongodb+srv://…"?
bool is_mongodb_uri(std::string_view text) noexcept;

// Throws Failure(AC_EINVAL) with the reason. Nothing of a URI is repeated but the names of options.
StoreUri check_uri(const std::string &text);

// Which of the URI's files this process cannot read now, and what to do; empty: it can read them all. The reason to
// answer 503 until somebody mends it, not to refuse a configuration.
std::string unreadable_file(const std::string &text);

}  // namespace appcreate::mongo
