// Rows of a copy that cannot go in: messages that name the row, the store and the remedy, one form for every store.
#pragma once

#include <string_view>

#include "copy/copy.h"

namespace appcreate {

// Each throws Failure(AC_EEXISTS) where `there`, which has the row's id, is not the same.
void require_same(std::string_view store, const Organization &row, const Organization &there);
void require_same(std::string_view store, const StorageProvider &row, const StorageProvider &there);
void require_same(std::string_view store, const ApiKey &row, const ApiKey &there);
void require_same(std::string_view store, const ApplicationCopy &row, const ApplicationCopy &there);

// `rival` has the slug, the token or the Idempotency-Key that only one can have.
[[noreturn]] void refuse(std::string_view store, const Organization &row, const ObjectId &rival);
[[noreturn]] void refuse(std::string_view store, const ApiKey &row, const ObjectId &rival);
[[noreturn]] void refuse(std::string_view store, const ApplicationCopy &row, const ObjectId &rival);
[[noreturn]] void refuse(std::string_view store, const RequestCopy &row, const ObjectId &rival);
// Refused, yet no rival is found: somebody else writes to the target.
[[noreturn]] void refuse_moving_target(std::string_view store, const ObjectId &id);

}  // namespace appcreate
