#include "sqlite/providers.h"

#include "sqlite/organizations.h"

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

}  // namespace

ProviderRow create_provider(const Connection &connection, const ProviderSpec &spec) {
    const OrganizationEntry organization = find_organization(connection, spec.org);
    const ObjectId id = spec.id ? *spec.id : ObjectId::make();
    if (has_id(connection, id)) {
        throw Failure(AC_EEXISTS, "the id " + id.hex() + " belongs to another storage provider; choose another");
    }
    Statement statement = connection.prepare(
        "INSERT INTO providers(id, organization, name, region, config, provider, created_at)"
        " VALUES(?, ?, ?, ?, ?, ?, ?)");
    Run(statement)
        .blob(id.bytes)
        .integer(organization.rowid)
        .text(spec.name)
        .text(spec.region)
        .text(spec.config)
        .text(spec.provider)
        .integer(now_ms())
        .done();
    if (spec.is_default) set_default(connection, organization.rowid, sqlite3_last_insert_rowid(connection.raw()));
    return {id.hex(), spec.name, spec.region, spec.config, spec.provider, organization.row.id, spec.is_default};
}

std::vector<ProviderRow> list_providers(const Connection &connection, std::string_view org) {
    const OrganizationEntry organization = find_organization(connection, org);
    Statement statement = connection.prepare(
        "SELECT id, name, region, config, provider FROM providers WHERE organization = ? ORDER BY id");
    std::vector<ProviderRow> out;
    Run run(statement);
    run.integer(organization.rowid);
    while (run.row()) {
        ProviderRow row;
        row.id = run.id_at(0).hex();
        row.name = run.text_at(1);
        row.region = run.text_at(2);
        row.config = run.text_at(3);
        row.provider = run.text_at(4);
        row.organization = organization.row.id;
        row.is_default = row.id == organization.row.default_provider;
        out.push_back(std::move(row));
    }
    return out;
}

void delete_provider(const Connection &connection, std::string_view org, const ObjectId &id) {
    const OrganizationEntry organization = find_organization(connection, org);
    Statement find = connection.prepare("SELECT rowid FROM providers WHERE id = ? AND organization = ?");
    std::int64_t provider = 0;
    {
        Run run(find);
        if (!run.blob(id.bytes).integer(organization.rowid).row()) {
            throw Failure(AC_ENOTFOUND, "no storage provider " + id.hex() + " in organization \"" +
                                            organization.row.slug + "\"; run \"appctl provider list --org " +
                                            organization.row.slug + "\"");
        }
        provider = run.integer_at(0);
    }
    clear_default(connection, organization.rowid, provider);
    Statement remove = connection.prepare("DELETE FROM providers WHERE rowid = ?");
    Run(remove).integer(provider).done();
}

}  // namespace appcreate::sqlite
