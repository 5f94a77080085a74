// The entities of a store, as administration, copies and both kinds of store know them: one struct each. How they lie
// in a store is one mapping a kind: sqlite/admin/entities.h, mongo/schema/entities.h.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "base/digest.h"
#include "base/values.h"

namespace appcreate {

// The part of an organization's plan that goes into each record.
struct Retention {
    std::int64_t build_retention_days = 0;    // -1: for ever
    std::int64_t builds_per_publication = 0;  // -1: all
    friend bool operator==(const Retention &, const Retention &) = default;
};

// While creates are frozen ("appctl freeze"): after how many seconds clients are told to come again. 0: they are not.
using Freeze = std::uint16_t;
// As a store holds it: what is no freeze of our own is one of a second.
constexpr Freeze freeze_of(std::int64_t value) noexcept {
    if (value == 0) return 0;
    return value > 0 && value <= std::numeric_limits<Freeze>::max() ? static_cast<Freeze>(value) : Freeze{1};
}

struct Organization {
    ObjectId id;
    std::string name, slug;
    bool enabled = true;
    Freeze frozen = 0;  // its own; the store may be frozen besides
    std::optional<std::int64_t> limit;
    Retention retention;
    std::optional<ObjectId> default_provider;
    std::int64_t created_at = 0;
};

struct StorageProvider {
    ObjectId id, organization;
    std::string name, region, provider;
    std::string config;  // compact JSON text
    std::int64_t created_at = 0;
};

struct ApiKey {
    ObjectId id, organization, owner;
    Digest digest{};  // of its token
    std::uint8_t role = 8;
    std::vector<std::string> permissions;
    bool revoked = false;
    std::int64_t expires_at = 0;  // 0: never
    std::int64_t created_at = 0;
    std::string name;  // only for people; empty: none
};

}  // namespace appcreate
