#include "sqlite/admin/organizations.h"

#include "admin/changes.h"
#include "sqlite/admin/entities.h"
#include "sqlite/auth/key_changes.h"
#include "sqlite/create/freeze.h"

namespace appcreate::sqlite {
namespace {

OrganizationEntry read(const Run &run) {
    OrganizationEntry out;
    out.rowid = run.integer_at(0);
    static_cast<Organization &>(out.row) = Table<Organization>::read(run);
    out.row.applications = run.integer_at(Table<Organization>::kApplications);
    return out;
}

bool has_id(const Connection &connection, const ObjectId &id) {
    Statement statement = connection.prepare("SELECT 1 FROM organizations WHERE id = ?");
    return Run(statement).blob(id.bytes).row();
}

void check_slug(const Connection &connection, std::string_view slug, std::int64_t own_rowid) {
    Statement statement = connection.prepare("SELECT 1 FROM organizations WHERE slug = ? AND rowid <> ?");
    if (Run(statement).text(slug).integer(own_rowid).row()) {
        throw Failure(AC_EEXISTS,
                      "the slug \"" + std::string(slug) + "\" belongs to another organization; choose another");
    }
}

}  // namespace

OrganizationEntry find_organization(const Connection &connection, std::string_view org) {
    const auto id = ObjectId::parse(org);
    Statement statement =
        connection.prepare(Table<Organization>::select(connection) + (id ? "t.id = ?" : "t.slug = ?"));
    Run run(statement);
    if (!(id ? run.blob(id->bytes) : run.text(org)).row()) {
        throw Failure(AC_ENOTFOUND, "no organization \"" + std::string(org) + "\"; run \"appctl org list\"");
    }
    return read(run);
}

OrganizationRow create_organization(const Connection &connection, const OrganizationSpec &spec) {
    OrganizationRow row{new_organization(spec)};
    if (has_id(connection, row.id)) {
        throw Failure(AC_EEXISTS, "the id " + row.id.hex() + " belongs to another organization; choose another");
    }
    check_slug(connection, row.slug, 0);
    Statement statement = connection.prepare(Table<Organization>::kInsert);
    Run run(statement);
    Table<Organization>::bind(run, row);
    run.done();
    return row;
}

OrganizationRow change_organization(const Connection &connection, std::string_view org, const OrganizationSpec &spec) {
    OrganizationEntry entry = find_organization(connection, org);
    apply(spec, entry.row);
    check_slug(connection, entry.row.slug, entry.rowid);
    Statement statement = connection.prepare(Table<Organization>::kUpdate);
    Run run(statement);
    Table<Organization>::bind_content(run, entry.row);
    run.integer(entry.rowid).done();
    if (spec.enabled || spec.slug) note_key_change(connection);
    return entry.row;
}

Freeze change_freeze(const Connection &connection, std::string_view org, Freeze seconds) {
    if (org.empty()) {
        const Freeze before = StoreFreeze(connection).read();
        set_store_freeze(connection, seconds);
        return before;
    }
    const OrganizationEntry entry = find_organization(connection, org);
    set_organization_freeze(connection, entry.rowid, seconds);
    return entry.row.frozen;
}

std::vector<OrganizationRow> list_organizations(const Connection &connection, std::string_view after, int max) {
    Statement statement =
        connection.prepare(Table<Organization>::select(connection) + "t.slug > ? ORDER BY t.slug LIMIT ?");
    std::vector<OrganizationRow> out;
    Run run(statement);
    run.text(after).integer(max);
    while (run.row()) out.push_back(read(run).row);
    return out;
}

}  // namespace appcreate::sqlite
