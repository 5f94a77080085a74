// Rows of a copy that cannot go in: messages that name the row, the store and the remedy, one form for every store.
#pragma once

#include <string_view>

#include "copy.h"

namespace appcreate {

// Each throws Failure(AC_EEXISTS) where `there`, which has the row's id, is not the same.
void require_same(std::string_view store, const OrganizationCopy &row, const OrganizationCopy &there);
void require_same(std::string_view store, const ProviderCopy &row, const ProviderCopy &there);
void require_same(std::string_view store, const KeyCopy &row, const KeyCopy &there);
void require_same(std::string_view store, const ApplicationCopy &row, const ApplicationCopy &there);

// `rival` has what only one can have: the slug, the token, the Idempotency-Key.
[[noreturn]] void refuse(std::string_view store, const OrganizationCopy &row, const ObjectId &rival);
[[noreturn]] void refuse(std::string_view store, const KeyCopy &row, const ObjectId &rival);
[[noreturn]] void refuse(std::string_view store, const ApplicationCopy &row, const ObjectId &rival);
[[noreturn]] void refuse(std::string_view store, const RequestCopy &row, const ObjectId &rival);
// It did not go in, and nothing is in its way.
[[noreturn]] void refuse_moving_target(std::string_view store, const ObjectId &id);

}  // namespace appcreate
