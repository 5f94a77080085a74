#include "sqlite/organizations.h"

namespace appcreate::sqlite {
namespace {

#define ORGANIZATION                                                                                                 \
    "SELECT o.rowid, o.id, o.name, o.slug, o.enabled, o.application_limit, o.applications, o.build_retention_days, " \
    "o.builds_per_publication, o.created_at, p.id FROM organizations o"                                              \
    " LEFT JOIN providers p ON p.rowid = o.default_provider "

OrganizationEntry read(const Run &run) {
    OrganizationEntry out;
    out.rowid = run.integer_at(0);
    out.row.id = run.id_at(1).hex();
    out.row.name = run.text_at(2);
    out.row.slug = run.text_at(3);
    out.row.enabled = run.integer_at(4) != 0;
    if (!run.is_null(5)) out.row.limit = run.integer_at(5);
    out.row.applications = run.integer_at(6);
    out.row.build_retention_days = run.integer_at(7);
    out.row.builds_per_publication = run.integer_at(8);
    out.row.created_at = run.integer_at(9);
    if (!run.is_null(10)) out.row.default_provider = run.id_at(10).hex();
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

Run &limit(Run &run, const std::optional<std::int64_t> &limit) { return limit ? run.integer(*limit) : run.null(); }

void write(const Connection &connection, const OrganizationEntry &entry) {
    Statement statement = connection.prepare(
        "UPDATE organizations SET name = ?, slug = ?, enabled = ?, application_limit = ?, build_retention_days = ?,"
        " builds_per_publication = ? WHERE rowid = ?");
    Run run(statement);
    run.text(entry.row.name).text(entry.row.slug).integer(entry.row.enabled ? 1 : 0);
    limit(run, entry.row.limit).integer(entry.row.build_retention_days).integer(entry.row.builds_per_publication);
    run.integer(entry.rowid).done();
}

void insert(const Connection &connection, const ObjectId &id, const OrganizationRow &row) {
    Statement statement = connection.prepare(
        "INSERT INTO organizations(id, name, slug, enabled, application_limit, build_retention_days,"
        " builds_per_publication, created_at) VALUES(?, ?, ?, ?, ?, ?, ?, ?)");
    Run run(statement);
    run.blob(id.bytes).text(row.name).text(row.slug).integer(row.enabled ? 1 : 0);
    limit(run, row.limit).integer(row.build_retention_days).integer(row.builds_per_publication);
    run.integer(row.created_at).done();
}

void apply(OrganizationRow &row, const OrganizationSpec &spec) {
    if (spec.name) row.name = *spec.name;
    if (spec.slug) row.slug = *spec.slug;
    if (spec.limit) row.limit = *spec.limit;
    if (spec.build_retention_days) row.build_retention_days = *spec.build_retention_days;
    if (spec.builds_per_publication) row.builds_per_publication = *spec.builds_per_publication;
    if (spec.enabled) row.enabled = *spec.enabled;
}

}  // namespace

OrganizationEntry find_organization(const Connection &connection, std::string_view org) {
    const auto id = ObjectId::parse(org);
    Statement statement = connection.prepare(id ? ORGANIZATION "WHERE o.id = ?" : ORGANIZATION "WHERE o.slug = ?");
    Run run(statement);
    if (!(id ? run.blob(id->bytes) : run.text(org)).row()) {
        throw Failure(AC_ENOTFOUND, "no organization \"" + std::string(org) + "\"; run \"appctl org list\"");
    }
    return read(run);
}

OrganizationRow create_organization(const Connection &connection, const OrganizationSpec &spec) {
    const ObjectId id = spec.id ? *spec.id : ObjectId::make();
    OrganizationRow row;
    row.id = id.hex();
    row.created_at = now_ms();
    apply(row, spec);
    if (has_id(connection, id)) {
        throw Failure(AC_EEXISTS, "the id " + row.id + " belongs to another organization; choose another");
    }
    check_slug(connection, row.slug, 0);
    insert(connection, id, row);
    return row;
}

OrganizationRow change_organization(const Connection &connection, std::string_view org, const OrganizationSpec &spec) {
    OrganizationEntry entry = find_organization(connection, org);
    apply(entry.row, spec);
    check_slug(connection, entry.row.slug, entry.rowid);
    write(connection, entry);
    return entry.row;
}

std::vector<OrganizationRow> list_organizations(const Connection &connection, std::string_view after, int max) {
    Statement statement = connection.prepare(ORGANIZATION "WHERE o.slug > ? ORDER BY o.slug LIMIT ?");
    std::vector<OrganizationRow> out;
    Run run(statement);
    run.text(after).integer(max);
    while (run.row()) out.push_back(read(run).row);
    return out;
}

}  // namespace appcreate::sqlite
