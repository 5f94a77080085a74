#include "sqlite/admin/removal.h"

#include "sqlite/admin/applications.h"
#include "sqlite/auth/key_changes.h"

namespace appcreate::sqlite {
namespace {

// What one transaction deletes: each looks at every kept request once, and makes others wait.
constexpr std::int64_t kApplications = 1000;

void run(const Connection &connection, std::string_view sql, std::int64_t organization) {
    Statement statement = connection.prepare(sql);
    Run(statement).integer(organization).done();
}

#define SOME_OF_AN_ORGANIZATION "(SELECT rowid FROM applications WHERE organization = ?1 ORDER BY slug LIMIT ?2)"

// Returns how many.
std::int64_t delete_some(const Connection &connection, std::int64_t organization) {
    Statement requests = connection.prepare("DELETE FROM idempotency WHERE application IN " SOME_OF_AN_ORGANIZATION);
    Run(requests).integer(organization).integer(kApplications).done();
    Statement applications = connection.prepare("DELETE FROM applications WHERE rowid IN " SOME_OF_AN_ORGANIZATION);
    const std::int64_t n = Run(applications).integer(organization).integer(kApplications).done();
    Statement count = connection.prepare(
        "UPDATE organizations SET enabled = 0, applications = max(0, applications - ?) WHERE rowid = ?");
    Run(count).integer(n).integer(organization).done();
    return n;
}

bool has_applications(const Connection &connection, std::int64_t organization) {
    Statement statement = connection.prepare("SELECT 1 FROM applications WHERE organization = ? LIMIT 1");
    return Run(statement).integer(organization).row();
}

void delete_organization(const Connection &connection, std::int64_t organization) {
    run(connection, "DELETE FROM keys WHERE organization = ?", organization);
    run(connection, "DELETE FROM providers WHERE organization = ?", organization);
    run(connection, "DELETE FROM organizations WHERE rowid = ?", organization);
    note_key_change(connection);
    // The next organization may get the same rowid. Gateways remember numbers of slugs by it, until the schema changes.
    connection.exec("CREATE TABLE forgotten(organization); DROP TABLE forgotten");
}

}  // namespace

std::string delete_application(const Connection &connection, const OrganizationEntry &organization,
                               std::string_view app) {
    std::string record = find_application(connection, organization, app);
    const auto id = ObjectId::parse(app);
    Statement find = connection.prepare(id ? "SELECT rowid FROM applications WHERE organization = ? AND id = ?"
                                           : "SELECT rowid FROM applications WHERE organization = ? AND slug = ?");
    std::int64_t rowid = 0;
    {
        Run row(find);
        row.integer(organization.rowid);
        rowid = (id ? row.blob(id->bytes) : row.text(app)).row() ? row.integer_at(0) : 0;
    }
    run(connection, "DELETE FROM idempotency WHERE application = ?", rowid);
    run(connection, "DELETE FROM applications WHERE rowid = ?", rowid);
    run(connection, "UPDATE organizations SET applications = max(0, applications - 1) WHERE rowid = ?",
        organization.rowid);
    return record;
}

bool OrganizationRemoval::step(const Connection &connection) {
    const OrganizationEntry organization = find_organization(connection, org_);
    if (!with_applications_ && has_applications(connection, organization.rowid)) {
        throw Failure(AC_EEXISTS, "the organization \"" + organization.row.slug + "\" has " +
                                      std::to_string(organization.row.applications) +
                                      (organization.row.applications == 1 ? " application" : " applications") +
                                      "; delete what it has first, or add --force and --backup FILE");
    }
    if (with_applications_) {
        const std::int64_t n = delete_some(connection, organization.rowid);
        applications_ += static_cast<std::uint64_t>(n);
        if (has_applications(connection, organization.rowid)) return true;
    }
    delete_organization(connection, organization.rowid);
    return false;
}

}  // namespace appcreate::sqlite
