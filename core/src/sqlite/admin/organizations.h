// Organizations, as appctl makes and changes them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "admin/rows.h"
#include "sqlite/file/connection.h"
#include "store/store.h"

namespace appcreate::sqlite {

struct OrganizationEntry {
    std::int64_t rowid = 0;
    OrganizationRow row;
};

// By id or slug. Throws Failure(AC_ENOTFOUND).
OrganizationEntry find_organization(const Connection &connection, std::string_view org);

// Inside a transaction; Failure(AC_EEXISTS) when id or slug is taken.
OrganizationRow create_organization(const Connection &connection, const OrganizationSpec &spec);
OrganizationRow change_organization(const Connection &connection, std::string_view org, const OrganizationSpec &spec);

// Freezes the organization, or, where `org` is empty, the store; 0 seconds: thaws it. Returns what it was before.
Freeze change_freeze(const Connection &connection, std::string_view org, Freeze seconds);

// In the order of their slugs, at most `max` after `after`.
std::vector<OrganizationRow> list_organizations(const Connection &connection, std::string_view after, int max);

}  // namespace appcreate::sqlite
