// Application records, as appctl shows them.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sqlite/connection.h"
#include "sqlite/organizations.h"

namespace appcreate::sqlite {

struct Page {
    std::vector<std::string> records;  // JSON, in the order of their ids
    std::optional<ObjectId> next;      // go on after this one; nullopt at the end
};

// A bounded part of an organization's records, read in one short transaction: at most `max`, perhaps none of it.
Page read_page(const Connection &connection, const OrganizationEntry &organization,
               const std::optional<ObjectId> &after, std::size_t max);

// By id or slug. Throws Failure(AC_ENOTFOUND).
std::string find_application(const Connection &connection, const OrganizationEntry &organization, std::string_view app);

}  // namespace appcreate::sqlite
