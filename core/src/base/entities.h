// The entities of a store, as administration, copies and both kinds of store know them: one struct each. How they lie
// in a store is one mapping a kind: sqlite/admin/entities.h, mongo/schema/entities.h.
#pragma once

#include <cstdint>
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

struct Organization {
    ObjectId id;
    std::string name, slug;
    bool enabled = true;
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
