#include "sqlite/admin/keys.h"

#include "admin/changes.h"
#include "sqlite/admin/entities.h"
#include "sqlite/admin/organizations.h"
#include "sqlite/auth/key_changes.h"
#include "sqlite/auth/key_lookup.h"
#include "sqlite/auth/key_names.h"

namespace appcreate::sqlite {
namespace {

bool has_digest(const Connection &connection, const Digest &digest) {
    Statement statement = connection.prepare("SELECT 1 FROM keys WHERE digest = ?");
    return Run(statement).blob(digest).row();
}

// In what follows a WHERE, `t` is the key and `o` its organization.
std::string select(const Connection &connection, std::string_view where) {
    return Table<ApiKey>::select(connection).append(where);
}

KeyRow read(const Run &run) { return {Table<ApiKey>::read(run), run.integer_at(Table<ApiKey>::kUsedOn)}; }

}  // namespace

KeyRow create_key(const Connection &connection, const KeySpec &spec) {
    const OrganizationEntry organization = find_organization(connection, spec.org);
    KeyRow row{new_key(spec, organization.row.id)};
    if (has_digest(connection, row.digest)) {
        throw Failure(AC_EEXISTS, "this token belongs to a key already; use another");
    }
    const std::string permissions = join_permissions(row.permissions);
    Statement statement = connection.prepare(Table<ApiKey>::kInsert);
    {
        Run run(statement);
        Table<ApiKey>::bind(run, row, permissions);
        run.done();
    }
    if (!row.name.empty()) set_key_name(connection, row.id, row.name);
    return row;
}

std::vector<KeyRow> list_keys(const Connection &connection, std::string_view org) {
    const OrganizationEntry organization = find_organization(connection, org);
    Statement statement = connection.prepare(select(connection, "t.organization = ? ORDER BY t.id"));
    std::vector<KeyRow> out;
    Run run(statement);
    run.integer(organization.rowid);
    while (run.row()) out.push_back(read(run));
    return out;
}

KeyRow find_key(const Connection &connection, const ObjectId &id) {
    Statement statement = connection.prepare(select(connection, "t.id = ? AND o.id IS NOT NULL"));
    Run run(statement);
    if (!run.blob(id.bytes).row()) throw no_key(id);
    return read(run);
}

KeyRow rename_key(const Connection &connection, const ObjectId &id, std::string_view name) {
    KeyRow row = find_key(connection, id);
    set_key_name(connection, id, name);
    row.name = name;
    return row;
}

KeyRow rotate_key(const Connection &connection, const ObjectId &id, const KeyRotation &rotation) {
    const KeyRow old = find_key(connection, id);
    const Rotated rotated = rotate(old, rotation, now_ms());
    KeyRow row = create_key(connection, rotated.successor);
    Statement statement = connection.prepare("UPDATE keys SET expires_at = ? WHERE id = ?");
    Run(statement).integer(rotated.old_expires_at).blob(id.bytes).done();
    note_key_change(connection);
    row.replaces = old.id;
    row.replaced_expires_at = rotated.old_expires_at;
    return row;
}

void revoke_key(const Connection &connection, const ObjectId &id) {
    Statement statement = connection.prepare("UPDATE keys SET revoked = 1 WHERE id = ?");
    if (Run(statement).blob(id.bytes).done() == 0) throw no_key(id);
    note_key_change(connection);
}

}  // namespace appcreate::sqlite
