// Deleting applications and organizations.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "mongo/driver/pool.h"

namespace appcreate::mongo {

// Returns the record as it was. Its place is free for another one. Throws Failure(AC_ENOTFOUND).
std::string remove_application(const Client &client, std::string_view org, std::string_view app);

// Disables the organization, waits until gateways know it, and deletes all that belongs to it, itself last. Returns how
// many applications went. Throws Failure(AC_EEXISTS) where there are any that may not go: it is as it was.
std::uint64_t remove_organization(const Client &client, std::string_view org, bool with_applications);

}  // namespace appcreate::mongo
