#include "mongo/key_lookup.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <set>

#include "mongo/query.h"
#include "mongo/schema.h"

namespace appcreate::mongo {
namespace {

struct Found {
    ObjectId organization;
    ac_key key{};
};

void copy_text(std::string_view text, char *out, std::size_t size) {
    std::memcpy(out, text.data(), std::min(text.size(), size - 1));
}

Found read_key(const Reader &reader) {
    Found out;
    out.organization = reader.id("organization").value_or(ObjectId{});
    reader.id("_id").value_or(ObjectId{}).write_hex(out.key.id);
    reader.id("owner").value_or(ObjectId{}).write_hex(out.key.owner);
    out.key.role = role_index(reader.text("role").value_or("")).value_or(kRoles.size() - 1);
    const std::vector<std::string> permissions = reader.texts("permissions");
    if (std::find(permissions.begin(), permissions.end(), AC_PERMISSION_CREATE) != permissions.end()) {
        out.key.flags |= AC_KEY_MAY_CREATE;
    }
    if (reader.boolean("revoked").value_or(false)) out.key.flags |= AC_KEY_REVOKED;
    out.key.expires_at = reader.time("expiresAt").value_or(0);
    return out;
}

std::map<Digest, Found> read_keys(const Session &session, std::span<const ac_lookup> lookups) {
    Bson filter;
    Writer(filter).document("token", [&](Writer &in) {
        in.array("$in", [&](Items &items) {
            for (const ac_lookup &lookup : lookups) items.writer().binary(items.key(), lookup.digest);
        });
    });
    std::map<Digest, Found> keys;
    find(session, kKeys, filter, {}, [&keys](const Reader &reader) {
        if (const auto token = reader.digest("token")) keys.emplace(*token, read_key(reader));
        return true;
    });
    return keys;
}

// Puts what their organizations say into the keys, and leaves out those that have none.
void join_organizations(const Session &session, std::map<Digest, Found> &keys) {
    if (keys.empty()) return;
    std::set<ObjectId> ids;
    for (const auto &[token, found] : keys) ids.insert(found.organization);
    Bson filter;
    Writer(filter).document("_id", [&](Writer &in) {
        in.array("$in", [&](Items &items) {
            for (const ObjectId &id : ids) items.writer().id(items.key(), id);
        });
    });
    find(session, kOrganizations, filter, {}, [&](const Reader &reader) {
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

void find_keys(const Session &session, std::span<ac_lookup> lookups) {
    if (lookups.empty()) return;
    std::map<Digest, Found> keys = read_keys(session, lookups);
    join_organizations(session, keys);
    for (ac_lookup &lookup : lookups) {
        Digest digest;
        std::copy(std::begin(lookup.digest), std::end(lookup.digest), digest.begin());
        const auto found = keys.find(digest);
        lookup.found = found != keys.end() ? 1 : 0;
        lookup.key = found != keys.end() ? found->second.key : ac_key{};
    }
}

}  // namespace appcreate::mongo
