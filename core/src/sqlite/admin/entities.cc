#include "sqlite/admin/entities.h"

#include "base/failure.h"
#include "sqlite/auth/key_lookup.h"
#include "sqlite/auth/key_names.h"
#include "sqlite/create/freeze.h"
#include "sqlite/create/key_use.h"

namespace appcreate::sqlite {

ObjectId organization_at(const Run &run, int column, const char *what, const ObjectId &id) {
    if (!run.is_null(column)) return run.id_at(column);
    throw Failure(AC_ECHECK, std::string("the organization of the ") + what + " " + id.hex() +
                                 " does not exist; run \"appctl check\" on the store that is copied");
}

std::string Table<Organization>::select(const Connection &connection) {
    return std::string(
               "SELECT t.rowid, t.id, t.name, t.slug, t.enabled, t.application_limit, t.build_retention_days,"
               " t.builds_per_publication, t.created_at, p.id, t.applications, ") +
           (has_organization_freezes(connection) ? "t.frozen" : "0") +
           " FROM organizations t LEFT JOIN providers p ON p.rowid = t.default_provider WHERE ";
}

Organization Table<Organization>::read(const Run &run) {
    Organization row;
    row.id = run.id_at(1);
    row.name = run.text_at(2);
    row.slug = run.text_at(3);
    row.enabled = run.integer_at(4) != 0;
    if (!run.is_null(5)) row.limit = run.integer_at(5);
    row.retention = {run.integer_at(6), run.integer_at(7)};
    row.created_at = run.integer_at(8);
    if (!run.is_null(9)) row.default_provider = run.id_at(9);
    row.frozen = freeze_of(run.integer_at(11));
    return row;
}

void Table<Organization>::bind_content(Run &run, const Organization &row) {
    run.text(row.name).text(row.slug).integer(row.enabled ? 1 : 0);
    if (row.limit) {
        run.integer(*row.limit);
    } else {
        run.null();
    }
    run.integer(row.retention.build_retention_days).integer(row.retention.builds_per_publication);
}

void Table<Organization>::bind(Run &run, const Organization &row) {
    bind_content(run, row);
    run.blob(row.id.bytes).integer(row.created_at);
}

std::string Table<StorageProvider>::select(const Connection &) {
    return "SELECT t.rowid, t.id, o.id, t.name, t.region, t.config, t.provider, t.created_at FROM providers t"
           " LEFT JOIN organizations o ON o.rowid = t.organization WHERE ";
}

StorageProvider Table<StorageProvider>::read(const Run &run) {
    StorageProvider row;
    row.id = run.id_at(1);
    row.organization = organization_at(run, 2, "storage provider", row.id);
    row.name = run.text_at(3);
    row.region = run.text_at(4);
    row.config = run.text_at(5);
    row.provider = run.text_at(6);
    row.created_at = run.integer_at(7);
    return row;
}

void Table<StorageProvider>::bind(Run &run, const StorageProvider &row) {
    run.blob(row.id.bytes).text(row.name).text(row.region).text(row.config).text(row.provider);
    run.integer(row.created_at).blob(row.organization.bytes);
}

// A store with a column for names is read as one without, where nobody has a name.
std::string Table<ApiKey>::select(const Connection &connection) {
    return std::string(
               "SELECT t.rowid, t.id, o.id, t.digest, t.owner, t.role, t.permissions, t.revoked, t.expires_at,"
               " t.created_at, ") +
           (has_key_names(connection) ? "t.name, " : "'', ") + (has_key_use(connection) ? "t.used_on" : "0") +
           " FROM keys t LEFT JOIN organizations o ON o.rowid = t.organization WHERE ";
}

ApiKey Table<ApiKey>::read(const Run &run) {
    ApiKey row;
    row.id = run.id_at(1);
    row.organization = organization_at(run, 2, "key", row.id);
    row.owner = run.id_at(4);
    const std::int64_t role = run.integer_at(5);
    constexpr auto kUnknown = static_cast<std::int64_t>(kRoles.size()) - 1;
    row.role = static_cast<std::uint8_t>(role >= 0 && role < kUnknown ? role : kUnknown);
    row.permissions = split_permissions(run.text_at(6));
    row.revoked = run.integer_at(7) != 0;
    row.expires_at = run.integer_at(8);
    row.created_at = run.integer_at(9);
    row.name = run.text_at(10);
    return row;
}

void Table<ApiKey>::bind(Run &run, const ApiKey &row, const std::string &permissions) {
    run.blob(row.id.bytes).blob(row.digest).blob(row.owner.bytes).integer(row.role).text(permissions);
    run.integer(row.revoked ? 1 : 0).integer(row.expires_at).integer(row.created_at).blob(row.organization.bytes);
}

}  // namespace appcreate::sqlite
