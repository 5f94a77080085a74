#include "mongo/auth/key_lookup.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <set>

#include "auth/key_check.h"
#include "mongo/driver/query.h"
#include "mongo/schema/entities.h"
#include "mongo/schema/schema.h"

namespace appcreate::mongo {
namespace {

struct Found {
    ObjectId organization;
    ac_key key{};
};

void copy_text(std::string_view text, char *out, std::size_t size) {
    std::memcpy(out, text.data(), std::min(text.size(), size - 1));
}

Found to_found(const ApiKey &key) {
    Found out;
    out.organization = key.organization;
    key.id.write_hex(out.key.id);
    key.owner.write_hex(out.key.owner);
    out.key.role = key.role;
    out.key.flags = permission_flags(key.permissions);
    if (key.revoked) out.key.flags |= AC_KEY_REVOKED;
    out.key.expires_at = key.expires_at;
    return out;
}

std::map<Digest, Found> read_keys(const Client &client, std::span<const ac_lookup> lookups) {
    Bson filter;
    BsonWriter(filter).document("token", [&](BsonWriter &in) {
        in.array("$in", [&](Items &items) {
            for (const ac_lookup &lookup : lookups) items.writer().binary(items.key(), lookup.digest);
        });
    });
    std::map<Digest, Found> keys;
    find(client, kKeys, filter, {}, [&keys](const BsonReader &reader) {
        const ApiKey key = read_key(reader);
        keys.emplace(key.digest, to_found(key));
        return true;
    });
    return keys;
}

// Puts what their organizations say into the keys, and leaves out those that have none.
void join_organizations(const Client &client, std::map<Digest, Found> &keys) {
    if (keys.empty()) return;
    std::set<ObjectId> ids;
    for (const auto &[token, found] : keys) ids.insert(found.organization);
    Bson filter;
    BsonWriter(filter).document("_id", [&](BsonWriter &in) {
        in.array("$in", [&](Items &items) {
            for (const ObjectId &id : ids) items.writer().id(items.key(), id);
        });
    });
    find(client, kOrganizations, filter, {}, [&](const BsonReader &reader) {
        const ObjectId id = reader.id("_id").value_or(ObjectId{});
        ids.erase(id);
        for (auto &[token, found] : keys) {
            if (found.organization != id) continue;
            id.write_hex(found.key.organization);
            copy_text(reader.text("slug").value_or(""), found.key.organization_slug,
                      sizeof(found.key.organization_slug));
            if (reader.boolean("enabled").value_or(false)) found.key.flags |= AC_KEY_ORG_ENABLED;
        }
        return true;
    });
    std::erase_if(keys, [&ids](const auto &key) { return ids.contains(key.second.organization); });
}

}  // namespace

void find_keys(const Client &client, std::span<ac_lookup> lookups) {
    if (lookups.empty()) return;
    std::map<Digest, Found> keys = read_keys(client, lookups);
    join_organizations(client, keys);
    for (ac_lookup &lookup : lookups) {
        Digest digest;
        std::copy(std::begin(lookup.digest), std::end(lookup.digest), digest.begin());
        const auto found = keys.find(digest);
        lookup.found = found != keys.end() ? 1 : 0;
        lookup.key = found != keys.end() ? found->second.key : ac_key{};
    }
}

}  // namespace appcreate::mongo
