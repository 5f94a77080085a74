#include "request/identity.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <string_view>

#include "base/ascii.h"
#include "base/digest.h"
#include "base/values.h"
#include "base/views.h"
#include "slug/slug.h"

namespace appcreate {
namespace {

constexpr std::size_t kIdBytes = 12;

constexpr bool is_separator(char c) noexcept { return c == ' ' || c == ',' || c == '\t'; }

// As OAuth 2.0 has scopes, RFC 6749, 3.3; lists with commas are as usual.
bool has_permission(std::string_view list, std::string_view permission) noexcept {
    while (!list.empty()) {
        const auto end = static_cast<std::size_t>(std::find_if(list.begin(), list.end(), is_separator) - list.begin());
        if (list.substr(0, end) == permission) return true;
        list.remove_prefix(std::min(end + 1, list.size()));
    }
    return false;
}

std::string lower(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), ascii::lower);
    return out;
}

// `to` has room for it and a NUL.
void put(std::string_view text, char *to) noexcept { std::memcpy(to, text.data(), text.size()); }

}  // namespace

ac_access key_of_identity(const ac_identity &identity, ac_key &out) {
    const std::string owner = lower(view(identity.owner));
    const std::string organization = lower(view(identity.organization));
    const std::string slug = lower(view(identity.organization_slug));
    if (owner.empty() && organization.empty()) return AC_ACCESS_NO_TOKEN;
    if (!is_hex24(owner) || !is_hex24(organization)) return AC_ACCESS_INVALID;
    if (!slug.empty() && !is_organization_slug(slug)) return AC_ACCESS_INVALID;

    ac_key key{};
    // An Idempotency-Key is its sender's own, and one sender may work for several organizations.
    const Digest digest = sha256({organization, std::string_view("\0", 1), owner});
    write_lower_hex(digest.data(), kIdBytes, key.id);
    put(owner, key.owner);
    put(organization, key.organization);
    put(slug, key.organization_slug);
    key.role = role_index(view(identity.role)).value_or(static_cast<std::uint8_t>(kRoles.size() - 1));
    key.flags = AC_KEY_ORG_ENABLED;
    if (has_permission(view(identity.permissions), AC_PERMISSION_CREATE)) key.flags |= AC_KEY_MAY_CREATE;
    out = key;
    return AC_ACCESS_OK;
}

}  // namespace appcreate
