// app_create_identity: who asks, where the gateway has verified that already (docs/directives.md,
// "app_create_identity").
#pragma once

#include "module.h"

namespace appcreate::nginx {

enum class IdentityPart : ngx_uint_t { kOwner, kOrganization, kSlug, kRole, kPermissions };
inline constexpr ngx_uint_t kIdentityParts = 5;

// Made while the configuration is read.
struct IdentitySetting {
    bool off;
    ngx_http_complex_value_t *parts[kIdentityParts];  // NULL: not given
    ConfLine at;
};

// ---- identity_directive.cc

char *set_identity(ngx_conf_t *cf, ngx_command_t *cmd, void *data);
// Of a location with app_create, when all of the configuration has been read: are its variables a client's own, and is
// there anybody who sets them?
ngx_int_t check_identity(ngx_conf_t *cf, const LocConf *conf);

// ---- identity.cc

// Fills ctx->key with what stands for the identity's key.
ac_access read_identity(Context *ctx);

}  // namespace appcreate::nginx
