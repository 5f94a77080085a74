// Organizations in administration.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "admin_rows.h"
#include "mongo/bson.h"
#include "mongo/pool.h"
#include "store.h"

namespace appcreate::mongo {

struct OrganizationEntry {
    ObjectId id;
    OrganizationRow row;
    std::int64_t limit_version = 0;
    std::int64_t settled_version = 0;
    std::int64_t filled_to = 0;
};

// The version of the limit under which no record can stand outside of it: the first, and raised ones after it. Versions
// 1.0 wrote "settledVersion", which rests on how long a create may be on its way.
std::int64_t settled_version_of(const Reader &organization);

// By id or slug; throws Failure(AC_ENOTFOUND). `with_count` fills the number of applications.
OrganizationEntry find_organization(const Session &session, std::string_view org, bool with_count = false);
OrganizationRow create_organization(const Session &session, const OrganizationSpec &spec);
OrganizationRow change_organization(const Session &session, std::string_view org, const OrganizationSpec &spec);
void list_organizations(const Session &session, const RowSink &row);
// Every organization, in the order of their ids.
void each_organization(const Session &session, const std::function<bool(const OrganizationEntry &)> &visit);
std::int64_t count_applications(const Session &session, const ObjectId &organization);

}  // namespace appcreate::mongo
