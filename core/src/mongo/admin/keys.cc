#include "mongo/admin/keys.h"

#include "admin/changes.h"
#include "base/day.h"
#include "mongo/admin/organizations.h"
#include "mongo/driver/query.h"
#include "mongo/schema/entities.h"
#include "mongo/schema/schema.h"

namespace appcreate::mongo {
namespace {

KeyRow read(const BsonReader &reader) { return {read_key(reader), day_of(reader.time("usedOn").value_or(0))}; }

// fill(BsonWriter &) writes the members that change.
template <class Fill>
void set(const Client &client, const ObjectId &id, const Fill &fill) {
    Bson filter;
    BsonWriter(filter).id("_id", id);
    Bson update;
    BsonWriter(update).document("$set", fill);
    if (update_one(client, kKeys, filter, update).matched == 0) throw no_key(id);
}

}  // namespace

KeyRow create_key(const Client &client, const KeySpec &spec) {
    const OrganizationEntry organization = find_organization(client, spec.org);
    KeyRow row{new_key(spec, organization.row.id)};
    if (!insert_one(client, kKeys, document_of(row))) {
        throw Failure(AC_EEXISTS, "this token belongs to a key already; use another");
    }
    return row;
}

void list_keys(const Client &client, std::string_view org, const RowSink &row) {
    const OrganizationEntry organization = find_organization(client, org);
    Bson filter;
    BsonWriter(filter).id("organization", organization.row.id);
    Bson sort;
    BsonWriter(sort).integer("_id", 1);
    FindOptions options;
    options.sort = &sort;
    find(client, kKeys, filter, options, [&](const BsonReader &reader) { return row(render(read(reader))); });
}

KeyRow find_key(const Client &client, const ObjectId &id) {
    Bson filter;
    BsonWriter(filter).id("_id", id);
    std::optional<KeyRow> row;
    find(client, kKeys, filter, {}, [&row](const BsonReader &reader) {
        row = read(reader);
        return false;
    });
    if (!row) throw no_key(id);
    return *std::move(row);
}

KeyRow rename_key(const Client &client, const ObjectId &id, std::string_view name) {
    set(client, id, [&](BsonWriter &members) { members.text("name", name); });
    return find_key(client, id);
}

// The new key first: whatever ends this early, there is one that works.
KeyRow rotate_key(const Client &client, const ObjectId &id, const KeyRotation &rotation) {
    const KeyRow old = find_key(client, id);
    const Rotated rotated = rotate(old, rotation, now_ms());
    KeyRow row = create_key(client, rotated.successor);
    set(client, id, [&](BsonWriter &members) { members.time("expiresAt", rotated.old_expires_at); });
    note_key_change(client);
    row.replaces = old.id;
    row.replaced_expires_at = rotated.old_expires_at;
    return row;
}

void revoke_key(const Client &client, const ObjectId &id) {
    set(client, id, [](BsonWriter &members) { members.boolean("revoked", true); });
    note_key_change(client);
}

}  // namespace appcreate::mongo
