// Freezes and thaws, of an organization or of the whole store.
#pragma once

#include <string_view>

#include "base/entities.h"
#include "mongo/driver/pool.h"

namespace appcreate::mongo {

// `org`: an id or a slug; empty: the whole store. Returns what it was before, once no gateway acknowledges a create
// that it has judged by that.
Freeze freeze(const Client &client, std::string_view org, Freeze seconds);
Freeze thaw(const Client &client, std::string_view org);

}  // namespace appcreate::mongo
