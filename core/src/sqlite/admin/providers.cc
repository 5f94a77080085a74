#include "sqlite/admin/providers.h"

#include "admin/changes.h"
#include "sqlite/admin/entities.h"
#include "sqlite/admin/organizations.h"

namespace appcreate::sqlite {
namespace {

void set_default(const Connection &connection, std::int64_t organization, std::int64_t provider) {
    Statement statement = connection.prepare("UPDATE organizations SET default_provider = ? WHERE rowid = ?");
    Run(statement).integer(provider).integer(organization).done();
}

void clear_default(const Connection &connection, std::int64_t organization, std::int64_t provider) {
    Statement statement =
        connection.prepare("UPDATE organizations SET default_provider = NULL WHERE rowid = ? AND default_provider = ?");
    Run(statement).integer(organization).integer(provider).done();
}

bool has_id(const Connection &connection, const ObjectId &id) {
    Statement statement = connection.prepare("SELECT 1 FROM providers WHERE id = ?");
    return Run(statement).blob(id.bytes).row();
}

ProviderRow read(const Run &run, const OrganizationEntry &organization) {
    ProviderRow row{Table<StorageProvider>::read(run)};
    row.is_default = row.id == organization.row.default_provider;
    return row;
}

struct Found {
    std::int64_t rowid = 0;
    ProviderRow row;
};

Found find(const Connection &connection, const OrganizationEntry &organization, const ObjectId &id) {
    Statement statement =
        connection.prepare(Table<StorageProvider>::select(connection) + "t.id = ? AND t.organization = ?");
    Run run(statement);
    if (run.blob(id.bytes).integer(organization.rowid).row()) return {run.integer_at(0), read(run, organization)};
    throw Failure(AC_ENOTFOUND, "no storage provider " + id.hex() + " in organization \"" + organization.row.slug +
                                    "\"; run \"appctl provider list --org " + organization.row.slug + "\"");
}

}  // namespace

ProviderRow create_provider(const Connection &connection, const ProviderSpec &spec) {
    const OrganizationEntry organization = find_organization(connection, spec.org);
    ProviderRow row{new_provider(spec, organization.row.id)};
    row.is_default = spec.is_default;
    if (has_id(connection, row.id)) {
        throw Failure(AC_EEXISTS, "the id " + row.id.hex() + " belongs to another storage provider; choose another");
    }
    Statement statement = connection.prepare(Table<StorageProvider>::kInsert);
    Run run(statement);
    Table<StorageProvider>::bind(run, row);
    run.done();
    if (row.is_default) set_default(connection, organization.rowid, sqlite3_last_insert_rowid(connection.raw()));
    return row;
}

std::vector<ProviderRow> list_providers(const Connection &connection, std::string_view org) {
    const OrganizationEntry organization = find_organization(connection, org);
    Statement statement =
        connection.prepare(Table<StorageProvider>::select(connection) + "t.organization = ? ORDER BY t.id");
    std::vector<ProviderRow> out;
    Run run(statement);
    run.integer(organization.rowid);
    while (run.row()) out.push_back(read(run, organization));
    return out;
}

ProviderRow change_provider(const Connection &connection, std::string_view org, const ObjectId &id,
                            const ProviderChange &change) {
    const OrganizationEntry organization = find_organization(connection, org);
    const Found found = find(connection, organization, id);
    ProviderRow row = found.row;
    apply(change, row);
    Statement statement =
        connection.prepare("UPDATE providers SET name = ?, region = ?, config = ?, provider = ? WHERE rowid = ?");
    Run(statement).text(row.name).text(row.region).text(row.config).text(row.provider).integer(found.rowid).done();
    if (change.is_default) {
        row.is_default = *change.is_default;
        if (row.is_default) {
            set_default(connection, organization.rowid, found.rowid);
        } else {
            clear_default(connection, organization.rowid, found.rowid);
        }
    }
    return row;
}

void delete_provider(const Connection &connection, std::string_view org, const ObjectId &id) {
    const OrganizationEntry organization = find_organization(connection, org);
    const std::int64_t provider = find(connection, organization, id).rowid;
    clear_default(connection, organization.rowid, provider);
    Statement remove = connection.prepare("DELETE FROM providers WHERE rowid = ?");
    Run(remove).integer(provider).done();
}

}  // namespace appcreate::sqlite
