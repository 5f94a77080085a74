#include "auth/key_check.h"

#include <algorithm>

#include "base/bounded_text.h"

namespace appcreate {
namespace {

// quoted-string of RFC 9110, 5.6.4. Bytes that may not stand in one (controls, and with them any line break that would
// start another header) become spaces.
void put_quoted(BoundedText &out, std::string_view text) noexcept {
    out.put("\"");
    for (const char &c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') out.put("\\");
        out.put((byte < 0x20 && c != '\t') || byte == 0x7f ? std::string_view(" ") : std::string_view(&c, 1));
    }
    out.put("\"");
}

ac_access check(const ac_key &key, std::int64_t now, unsigned flag, ac_access lacking) noexcept {
    if ((key.flags & AC_KEY_REVOKED) != 0) return AC_ACCESS_INVALID;
    if (key.expires_at != 0 && key.expires_at <= now) return AC_ACCESS_INVALID;
    return (key.flags & flag) != 0 ? AC_ACCESS_OK : lacking;
}

}  // namespace

ac_access check_key(const ac_key &key, std::int64_t now) noexcept {
    return check(key, now, AC_KEY_MAY_CREATE, AC_ACCESS_SCOPE);
}

ac_access check_list_key(const ac_key &key, std::int64_t now) noexcept {
    return check(key, now, AC_KEY_MAY_LIST, AC_ACCESS_SCOPE_LIST);
}

std::uint8_t permission_flags(std::span<const std::string> permissions) noexcept {
    const auto has = [&](std::string_view one) {
        return std::find(permissions.begin(), permissions.end(), one) != permissions.end();
    };
    return static_cast<std::uint8_t>((has(AC_PERMISSION_CREATE) ? AC_KEY_MAY_CREATE : 0) |
                                     (has(AC_PERMISSION_LIST) ? AC_KEY_MAY_LIST : 0));
}

std::size_t write_challenge(ac_access access, std::string_view realm, char *buf, std::size_t cap) noexcept {
    BoundedText out(buf, cap);
    out.put("Bearer realm=");
    put_quoted(out, realm);
    switch (access) {
        case AC_ACCESS_OK:
        case AC_ACCESS_NO_TOKEN:
            break;
        case AC_ACCESS_INVALID:
            out.put(", error=\"invalid_token\"");
            break;
        case AC_ACCESS_SCOPE:
            out.put(", error=\"insufficient_scope\", scope=\"" AC_PERMISSION_CREATE "\"");
            break;
        case AC_ACCESS_SCOPE_LIST:
            out.put(", error=\"insufficient_scope\", scope=\"" AC_PERMISSION_LIST "\"");
            break;
    }
    return out.length();
}

}  // namespace appcreate
