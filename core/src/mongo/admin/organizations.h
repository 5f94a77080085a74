// Organizations in administration.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "admin/rows.h"
#include "mongo/driver/bson.h"
#include "mongo/driver/pool.h"
#include "store/store.h"

namespace appcreate::mongo {

struct OrganizationEntry {
    OrganizationRow row;
    std::int64_t limit_version = 0;
    std::int64_t settled_version = 0;
    std::int64_t filled_to = 0;
};

// By id or slug; throws Failure(AC_ENOTFOUND). `with_count` fills the number of applications.
OrganizationEntry find_organization(const Client &client, std::string_view org, bool with_count = false);
OrganizationRow create_organization(const Client &client, const OrganizationSpec &spec);
OrganizationRow change_organization(const Client &client, std::string_view org, const OrganizationSpec &spec);
void list_organizations(const Client &client, const RowSink &row);
// Every organization, in the order of their ids.
void each_organization(const Client &client, const std::function<bool(const OrganizationEntry &)> &visit);
std::int64_t count_applications(const Client &client, const ObjectId &organization);

}  // namespace appcreate::mongo
