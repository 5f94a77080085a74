// Who asks, by the variables of app_create_identity.

#include "identity.h"

namespace appcreate::nginx {

ac_access read_identity(Context *ctx) {
    ngx_http_request_t *r = ctx->request;
    const IdentitySetting *setting = ctx->conf->identity;
    ngx_str_t values[kIdentityParts] = {};
    for (ngx_uint_t i = 0; i < kIdentityParts; i++) {
        if (setting->parts[i] && ngx_http_complex_value(r, setting->parts[i], &values[i]) != NGX_OK) {
            return AC_ACCESS_INVALID;
        }
        values[i] = trimmed(values[i]);
    }
    const auto part = [&](IdentityPart which) { return to_ac(values[static_cast<ngx_uint_t>(which)]); };
    ac_identity identity = {};
    identity.owner = part(IdentityPart::kOwner);
    identity.organization = part(IdentityPart::kOrganization);
    identity.organization_slug = part(IdentityPart::kSlug);
    identity.role = part(IdentityPart::kRole);
    identity.permissions = part(IdentityPart::kPermissions);
    ac_access access = ac_identity_key(&identity, &ctx->key);
    ngx_log_debug1(NGX_LOG_DEBUG_HTTP, r->connection->log, 0, "app_create identity: %ui",
                   static_cast<ngx_uint_t>(access));
    return access;
}

}  // namespace appcreate::nginx
