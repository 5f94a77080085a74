#include "sqlite/keys.h"

#include "sqlite/key_lookup.h"
#include "sqlite/organizations.h"

namespace appcreate::sqlite {
namespace {

bool has_digest(const Connection &connection, const Digest &digest) {
    Statement statement = connection.prepare("SELECT 1 FROM keys WHERE digest = ?");
    return Run(statement).blob(digest).row();
}

}  // namespace

KeyRow create_key(const Connection &connection, const KeySpec &spec) {
    const OrganizationEntry organization = find_organization(connection, spec.org);
    const Digest digest = sha256(spec.token);
    if (has_digest(connection, digest)) {
        throw Failure(AC_EEXISTS, "this token belongs to a key already; use another");
    }
    const ObjectId id = ObjectId::make();
    const std::string permissions = join_permissions(spec.permissions);
    KeyRow row;
    row.id = id.hex();
    row.organization = organization.row.id;
    row.owner = spec.owner.hex();
    row.role = spec.role;
    row.permissions = spec.permissions;
    row.expires_at = spec.expires_at;
    row.created_at = now_ms();
    Statement statement = connection.prepare(
        "INSERT INTO keys(digest, id, organization, owner, role, permissions, expires_at, created_at)"
        " VALUES(?, ?, ?, ?, ?, ?, ?, ?)");
    Run(statement)
        .blob(digest)
        .blob(id.bytes)
        .integer(organization.rowid)
        .blob(spec.owner.bytes)
        .integer(spec.role)
        .text(permissions)
        .integer(row.expires_at)
        .integer(row.created_at)
        .done();
    return row;
}

std::vector<KeyRow> list_keys(const Connection &connection, std::string_view org) {
    const OrganizationEntry organization = find_organization(connection, org);
    Statement statement = connection.prepare(
        "SELECT id, owner, role, permissions, revoked, expires_at, created_at FROM keys WHERE organization = ?"
        " ORDER BY id");
    std::vector<KeyRow> out;
    Run run(statement);
    run.integer(organization.rowid);
    while (run.row()) {
        KeyRow row;
        row.id = run.id_at(0).hex();
        row.organization = organization.row.id;
        row.owner = run.id_at(1).hex();
        row.role = static_cast<std::uint8_t>(run.integer_at(2));
        row.permissions = split_permissions(run.text_at(3));
        row.revoked = run.integer_at(4) != 0;
        row.expires_at = run.integer_at(5);
        row.created_at = run.integer_at(6);
        out.push_back(std::move(row));
    }
    return out;
}

void revoke_key(const Connection &connection, const ObjectId &id) {
    Statement statement = connection.prepare("UPDATE keys SET revoked = 1 WHERE id = ?");
    if (Run(statement).blob(id.bytes).done() == 0) {
        throw Failure(AC_ENOTFOUND, "no key " + id.hex() + "; run \"appctl key list --org ORG\"");
    }
}

}  // namespace appcreate::sqlite
