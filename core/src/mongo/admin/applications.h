// Applications in administration.
#pragma once

#include <optional>
#include <string_view>

#include "mongo/admin/organizations.h"
#include "mongo/driver/bson.h"
#include "mongo/driver/pool.h"
#include "store/store.h"

namespace appcreate::mongo {

// In the order of their ids, in pages of their own.
void list_applications(const Client &client, std::string_view org, std::optional<ObjectId> after, std::size_t max,
                       const RowSink &row);
// Throws Failure(AC_ENOTFOUND).
std::string find_application(const Client &client, std::string_view org, std::string_view app);

// What finds the application of this id or slug.
Bson application_filter(const OrganizationEntry &organization, std::string_view app);
// Failure(AC_ENOTFOUND) that names it.
Failure no_application(const OrganizationEntry &organization, std::string_view app);

}  // namespace appcreate::mongo
