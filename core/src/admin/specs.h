// What administration was asked for, checked once for every store: the specs of the C ABI become those of store.h.
// Every function throws Failure(AC_EINVAL) that names the field.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "app_create.h"
#include "base/entities.h"
#include "store/store.h"

namespace appcreate {

OrganizationSpec read_org_create(const ac_org_spec &spec);
OrganizationSpec read_org_set(const ac_org_spec &spec);
ProviderSpec read_provider(const ac_provider_spec &spec);
ProviderChange read_provider_change(const ac_provider_change &change);
// The token is made here when none is given.
KeySpec read_key(const ac_key_spec &spec, const ac_str &name);
KeyRotation read_rotation(const ac_key_rotation &rotation);
std::string read_key_name(const ac_str &text);

// The seconds of a freeze.
Freeze read_freeze(std::uint32_t seconds);

// An organization's id or slug, in lower case.
std::string read_org_name(const ac_str &text);
// An application's id or slug, in lower case.
std::string read_app_name(const ac_str &text);
ObjectId read_id(std::string_view what, const ac_str &text);

// {NULL, 0} is the empty string; {NULL, n} is refused.
std::string_view read_text(const ac_str &text);

}  // namespace appcreate
