#include "admin/specs.h"

#include <unicode/utf8.h>

#include <algorithm>

#include "auth/token.h"
#include "base/ascii.h"
#include "base/failure.h"
#include "base/values.h"
#include "json/reader.h"
#include "json/writer.h"
#include "request/name.h"
#include "slug/slug.h"

namespace appcreate {
namespace {

constexpr std::size_t kMaxConfig = 64 * 1024;
constexpr std::size_t kMaxPermissions = 64;
constexpr std::size_t kMaxPermission = 128;
constexpr std::size_t kMinToken = 32;
// Years 1 to 9999: what an RFC 3339 timestamp can show.
constexpr std::int64_t kFirstTime = -62135596800000;
constexpr std::int64_t kLastTime = 253402300799999;
constexpr Freeze kUsualFreeze = 30;
constexpr Freeze kMaxFreeze = 3600;
constexpr std::int64_t kMaxOverlap = 3650LL * 24 * 3600 * 1000;

[[noreturn]] void fail(const std::string &message) { throw Failure(AC_EINVAL, message); }

std::string lower(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), ascii::lower);
    return out;
}

bool is_utf8(std::string_view text) noexcept {
    for (std::size_t i = 0; i < text.size();) {
        UChar32 c = 0;
        U8_NEXT(text.data(), i, text.size(), c);
        if (c < 0) return false;
    }
    return true;
}

// A name that people read: the rules of an application's name.
void check_text(std::string_view what, std::string_view text) {
    const std::string subject(what);
    if (!is_utf8(text)) fail(subject + " is not valid UTF-8");
    const Name name = read_name(text);
    if (name.control || name.bidi_control) {
        fail(subject + " must not contain control or bidirectional control characters");
    }
    if (name.length > kMaxName) fail(subject + " must be at most 128 characters long");
    if (name.text.size() != text.size()) fail(subject + " must not begin or end with white space");
    if (!text.empty() && !name.visible) fail(subject + " must have at least one visible character");
}

void check_required_text(std::string_view what, std::string_view text) {
    if (text.empty()) fail(std::string(what) + " is missing");
    check_text(what, text);
}

std::string read_org_slug(std::string_view text) {
    std::string slug = lower(text);
    if (!is_organization_slug(slug) || slug.size() > kMaxSlug) {
        fail("an organization's slug is 3 to 128 letters, digits and hyphens, and never 24 hexadecimal digits, not \"" +
             std::string(text) + "\"");
    }
    return slug;
}

std::optional<std::int64_t> read_plan_number(std::string_view what, std::int64_t value) {
    if (value == AC_UNSET) return std::nullopt;
    if (value < -1) fail(std::string(what) + " must be -1 (unlimited) or more");
    return value;
}

OrganizationSpec read_org_common(const ac_org_spec &spec) {
    OrganizationSpec out;
    if (const std::string_view name = read_text(spec.name); !name.empty()) {
        check_text("the organization's name", name);
        out.name = name;
    }
    if (const std::string_view slug = read_text(spec.slug); !slug.empty()) out.slug = read_org_slug(slug);
    if (spec.limit == AC_UNLIMITED) {
        out.limit.emplace(std::nullopt);
    } else if (spec.limit != AC_UNSET) {
        if (spec.limit < 0) fail("the limit of applications must be 0 or more, or unlimited");
        out.limit.emplace(spec.limit);
    }
    out.build_retention_days = read_plan_number("the number of build retention days", spec.build_retention_days);
    out.builds_per_publication = read_plan_number("the number of builds per publication", spec.builds_per_publication);
    if (spec.enabled < -1 || spec.enabled > 1) fail("enabled must be 1, 0, or -1 for \"as it is\"");
    if (spec.enabled != -1) out.enabled = spec.enabled == 1;
    return out;
}

std::string read_config(std::string_view text) {
    if (text.empty()) return "{}";
    if (text.size() > kMaxConfig) fail("the provider's config must be at most 64 KiB of JSON");
    const Document document = read_json(text);
    if (document.is_malformed()) fail("the provider's config is not valid JSON: " + document.malformed);
    if (!document.numbers.empty()) {
        fail("the provider's config holds a number that cannot be represented, at " + document.numbers[0].pointer);
    }
    if (!document.root.is_object() && !document.root.is_string()) {
        fail("the provider's config must be a JSON object or string, as in {\"bucket\":\"builds\"} or \"builds\"");
    }
    std::string out;
    append_compact(out, document.root.text);
    return out;
}

std::vector<std::string> read_permissions(const ac_key_spec &spec) {
    if (spec.n_permissions == 0) return {AC_PERMISSION_CREATE};
    if (spec.permissions == nullptr) fail("the permissions are NULL");
    if (spec.n_permissions > kMaxPermissions) fail("a key has at most 64 permissions");
    std::vector<std::string> out;
    for (std::size_t i = 0; i < spec.n_permissions; ++i) {
        const std::string_view permission = read_text(spec.permissions[i]);
        const bool visible =
            std::all_of(permission.begin(), permission.end(), [](char c) { return c > 0x20 && c < 0x7f; });
        if (permission.empty() || permission.size() > kMaxPermission || !visible) {
            fail("a permission is 1 to 128 visible ASCII characters, as in " AC_PERMISSION_CREATE);
        }
        if (permission == "none") {
            if (spec.n_permissions != 1) fail("the permission \"none\" stands alone");
            return {};
        }
        if (std::find(out.begin(), out.end(), permission) == out.end()) out.emplace_back(permission);
    }
    return out;
}

std::uint8_t read_role(std::string_view text) {
    if (const auto role = role_index(text.empty() ? "unknown" : text)) return *role;
    std::string roles;
    for (const std::string_view role : kRoles) roles += " " + std::string(role);
    fail("unknown role; use one of" + roles);
}

std::string read_token(std::string_view text) {
    if (text.empty()) return make_token();
    if (text.size() < kMinToken || !is_b64token(text)) {
        fail("a token is 32 to 512 letters, digits and -._~+/, with = at its end only (RFC 6750)");
    }
    if (!has_good_checksum(text)) {
        fail("the token looks like one that was made here but its checksum is wrong; check that it was copied whole");
    }
    return std::string(text);
}

void check_expiry(std::int64_t time) {
    if (time != 0 && (time < kFirstTime || time > kLastTime)) fail("a key must expire in one of the years 1 to 9999");
}

}  // namespace

std::string_view read_text(const ac_str &text) {
    if (text.data == nullptr && text.len != 0) fail("a string is NULL but has a length");
    return {text.data, text.len};
}

ObjectId read_id(std::string_view what, const ac_str &text) {
    const auto id = ObjectId::parse(read_text(text));
    if (!id) fail(std::string(what) + " must be 24 hexadecimal digits");
    return *id;
}

std::string read_org_name(const ac_str &text) {
    const std::string_view org = read_text(text);
    if (is_hex24(org)) return lower(org);
    std::string slug = lower(org);
    if (!is_organization_slug(slug) || slug.size() > kMaxSlug) {
        fail("name the organization by its id, 24 hexadecimal digits, or its slug");
    }
    return slug;
}

std::string read_app_name(const ac_str &text) {
    std::string app = lower(read_text(text));
    const bool fits = std::all_of(app.begin(), app.end(), [](char c) { return ascii::is_alphanumeric(c) || c == '-'; });
    if (app.empty() || app.size() > kMaxSlug || !fits) {
        fail("name the application by its id, 24 hexadecimal digits, or its slug");
    }
    return app;
}

Freeze read_freeze(std::uint32_t seconds) {
    if (seconds == 0) return kUsualFreeze;
    if (seconds > kMaxFreeze) fail("the seconds of Retry-After must be 1 to 3600");
    return static_cast<Freeze>(seconds);
}

OrganizationSpec read_org_create(const ac_org_spec &spec) {
    OrganizationSpec out = read_org_common(spec);
    if (!out.name) fail("the organization's name is missing");
    if (!out.slug) fail("the organization's slug is missing");
    if (!read_text(spec.id).empty()) out.id = read_id("the organization's id", spec.id);
    return out;
}

OrganizationSpec read_org_set(const ac_org_spec &spec) { return read_org_common(spec); }

ProviderSpec read_provider(const ac_provider_spec &spec) {
    ProviderSpec out;
    out.org = read_org_name(spec.org);
    out.name = read_text(spec.name);
    out.provider = read_text(spec.provider);
    out.region = read_text(spec.region);
    check_required_text("the provider's name", out.name);
    check_required_text("the kind of provider", out.provider);
    check_text("the provider's region", out.region);
    out.config = read_config(read_text(spec.config));
    if (!read_text(spec.id).empty()) out.id = read_id("the provider's id", spec.id);
    if (spec.is_default != 0 && spec.is_default != 1) fail("is_default must be 1 or 0");
    out.is_default = spec.is_default == 1;
    return out;
}

ProviderChange read_provider_change(const ac_provider_change &change) {
    ProviderChange out;
    if (change.name != nullptr) check_required_text("the provider's name", out.name.emplace(read_text(*change.name)));
    if (change.provider != nullptr) {
        check_required_text("the kind of provider", out.provider.emplace(read_text(*change.provider)));
    }
    if (change.region != nullptr) check_text("the provider's region", out.region.emplace(read_text(*change.region)));
    if (change.config != nullptr) out.config = read_config(read_text(*change.config));
    if (change.is_default < -1 || change.is_default > 1) fail("is_default must be 1, 0, or -1 for \"as it is\"");
    if (change.is_default != -1) out.is_default = change.is_default == 1;
    return out;
}

std::string read_key_name(const ac_str &text) {
    check_text("the key's name", read_text(text));
    return std::string(read_text(text));
}

KeyRotation read_rotation(const ac_key_rotation &rotation) {
    KeyRotation out;
    if (rotation.overlap_ms < 0 || rotation.overlap_ms > kMaxOverlap) fail("the overlap must be 0 to 10 years");
    out.overlap_ms = rotation.overlap_ms;
    if (rotation.expires_at != AC_UNSET) {
        check_expiry(rotation.expires_at);
        out.expires_at = rotation.expires_at;
    }
    out.token = read_token(read_text(rotation.token));
    return out;
}

KeySpec read_key(const ac_key_spec &spec, const ac_str &name) {
    KeySpec out;
    out.name = read_key_name(name);
    out.org = read_org_name(spec.org);
    out.owner = read_id("the key's owner", spec.owner);
    out.role = read_role(read_text(spec.role));
    out.permissions = read_permissions(spec);
    check_expiry(spec.expires_at);
    out.expires_at = spec.expires_at;
    out.token = read_token(read_text(spec.token));
    return out;
}

}  // namespace appcreate
