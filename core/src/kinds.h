// The kinds of stores: which one a URI names, and the store that belongs to it. A third kind is added here and in a
// folder of its own.
#pragma once

#include <memory>
#include <string_view>

#include "store/store.h"
#include "store/uri.h"

namespace appcreate {

// Resolves "file:" and "env:" and checks the scheme. Throws Failure(AC_EINVAL).
StoreUri parse_uri(std::string_view text);

// Contacts nothing. Throws Failure.
std::unique_ptr<Store> open_store(const StoreOptions &options);

}  // namespace appcreate
