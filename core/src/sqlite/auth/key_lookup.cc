#include "sqlite/auth/key_lookup.h"

#include <algorithm>
#include <cstring>

#include "auth/key_check.h"

namespace appcreate::sqlite {
namespace {

constexpr std::string_view kByDigest =
    "SELECT k.id, k.owner, k.role, k.permissions, k.revoked, k.expires_at, o.id, o.slug, o.enabled"
    " FROM keys k JOIN organizations o ON o.rowid = k.organization WHERE k.digest = ?";

std::uint8_t flags_of(const Run &run) {
    return static_cast<std::uint8_t>(permission_flags(split_permissions(run.text_at(3))) |
                                     (run.integer_at(4) != 0 ? AC_KEY_REVOKED : 0) |
                                     (run.integer_at(8) != 0 ? AC_KEY_ORG_ENABLED : 0));
}

}  // namespace

KeyLookup::KeyLookup(const Connection &connection) : by_digest_(connection.prepare(kByDigest)) {}

void KeyLookup::find(ac_lookup &lookup) {
    lookup.found = 0;
    lookup.key = {};
    Run run(by_digest_);
    if (!run.blob(lookup.digest).row()) return;
    ac_key &key = lookup.key;
    run.id_at(0).write_hex(key.id);
    run.id_at(1).write_hex(key.owner);
    const std::int64_t role = run.integer_at(2);
    const bool is_known = role >= 0 && role < static_cast<std::int64_t>(kRoles.size());
    key.role = static_cast<std::uint8_t>(is_known ? role : static_cast<std::int64_t>(kRoles.size()) - 1);
    key.flags = flags_of(run);
    key.expires_at = run.integer_at(5);
    run.id_at(6).write_hex(key.organization);
    const std::string_view slug = run.text_at(7);
    std::memcpy(key.organization_slug, slug.data(), std::min(slug.size(), sizeof(key.organization_slug) - 1));
    lookup.found = 1;
}

std::string join_permissions(std::span<const std::string> permissions) {
    std::string out;
    for (const std::string &permission : permissions) {
        if (!out.empty()) out += ' ';
        out += permission;
    }
    return out;
}

std::vector<std::string> split_permissions(std::string_view text) {
    std::vector<std::string> out;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(' '), text.size());
        if (end != 0) out.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return out;
}

}  // namespace appcreate::sqlite
