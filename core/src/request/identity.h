// Who asks, as the host knows it without a key (docs/api.md, "Identity from the gateway").
#pragma once

#include "app_create.h"

namespace appcreate {

// Fills `out` when the answer is AC_ACCESS_OK; whether it may create, check_key says.
ac_access key_of_identity(const ac_identity &identity, ac_key &out);

}  // namespace appcreate
