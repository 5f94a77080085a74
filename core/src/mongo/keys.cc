#include "mongo/keys.h"

#include "mongo/organizations.h"
#include "mongo/query.h"
#include "mongo/schema.h"

namespace appcreate::mongo {

KeyRow create_key(const Session &session, const KeySpec &spec) {
    const OrganizationEntry organization = find_organization(session, spec.org);
    const ObjectId id = ObjectId::make();
    KeyRow row;
    row.id = id.hex();
    row.organization = organization.row.id;
    row.owner = spec.owner.hex();
    row.role = spec.role;
    row.permissions = spec.permissions;
    row.expires_at = spec.expires_at;
    row.created_at = now_ms();

    Bson document;
    Writer out(document);
    out.id("_id", id)
        .binary("token", sha256(spec.token))
        .id("organization", organization.id)
        .id("owner", spec.owner)
        .text("role", kRoles[spec.role]);
    out.array("permissions", [&](Items &items) {
        for (const std::string &permission : spec.permissions) items.writer().text(items.key(), permission);
    });
    out.boolean("revoked", false);
    if (row.expires_at != 0) {
        out.time("expiresAt", row.expires_at);
    } else {
        out.null("expiresAt");
    }
    out.time("createdAt", row.created_at);
    if (!insert_one(session, kKeys, document)) {
        throw Failure(AC_EEXISTS, "this token belongs to a key already; use another");
    }
    return row;
}

void list_keys(const Session &session, std::string_view org, const RowSink &row) {
    const OrganizationEntry organization = find_organization(session, org);
    Bson filter;
    Writer(filter).id("organization", organization.id);
    Bson sort;
    Writer(sort).integer("_id", 1);
    FindOptions options;
    options.sort = &sort;
    find(session, kKeys, filter, options, [&](const Reader &reader) {
        KeyRow out;
        out.id = reader.id("_id").value_or(ObjectId{}).hex();
        out.organization = organization.row.id;
        out.owner = reader.id("owner").value_or(ObjectId{}).hex();
        out.role = role_index(reader.text("role").value_or("")).value_or(kRoles.size() - 1);
        out.permissions = reader.texts("permissions");
        out.revoked = reader.boolean("revoked").value_or(false);
        out.expires_at = reader.time("expiresAt").value_or(0);
        out.created_at = reader.time("createdAt").value_or(0);
        return row(render(out));
    });
}

void revoke_key(const Session &session, const ObjectId &id) {
    Bson filter;
    Writer(filter).id("_id", id);
    Bson update;
    Writer(update).document("$set", [](Writer &set) { set.boolean("revoked", true); });
    if (update_one(session, kKeys, filter, update).matched == 0) {
        throw Failure(AC_ENOTFOUND, "no key " + id.hex() + "; run \"appctl key list --org ORG\"");
    }
}

}  // namespace appcreate::mongo
