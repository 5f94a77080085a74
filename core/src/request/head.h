// The rules about what comes before the body: {organizationId}, headers, query (docs/api.md, "Organization" and
// "Headers and query").
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "app_create.h"

namespace appcreate {

// Is `organization` the id or the slug of the key's own, enabled organization?
bool is_own_organization(const ac_key &key, std::string_view organization) noexcept;

struct HeadResult {
    int code = 0;                  // AC_CODE_MEDIA_TYPE or AC_CODE_VALIDATION; 0: all is well
    bool accept_identity = false;  // 415 because of Content-Encoding
    std::string message;           // of AC_CODE_VALIDATION; names the parameter or header
    bool validate_only = false;
    std::optional<std::string> idempotency_key;
};

// Checks in their order (docs/api.md, "Order of checks"): Content-Type, Content-Encoding, query parameters,
// Idempotency-Key.
HeadResult check_head(const ac_head &head);

}  // namespace appcreate
