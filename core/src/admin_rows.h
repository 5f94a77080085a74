// The JSON rows of administration, one form for every store (design.md, appctl).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace appcreate {

struct OrganizationRow {
    std::string id, name, slug;
    bool enabled = true;
    std::optional<std::int64_t> limit;
    std::int64_t build_retention_days = 0;
    std::int64_t builds_per_publication = 0;
    std::int64_t applications = 0;
    std::string default_provider;  // id; empty: none
    std::int64_t created_at = 0;
};
// {"id","name","slug","enabled","limit":N|null,"maxBillingBuildRetentionDays","buildsRetainedPerPublication",
//  "defaultStorageProvider":ID|null,"applications","createdAt"}
std::string render(const OrganizationRow &row);

struct ProviderRow {
    std::string id, name, region, config, provider, organization;
    bool is_default = false;
};
// {"id","name","region","config","provider","organization","default"}
std::string render(const ProviderRow &row);

struct KeyRow {
    std::string id, organization, owner;
    std::uint8_t role = 8;
    std::vector<std::string> permissions;
    bool revoked = false;
    std::int64_t expires_at = 0;
    std::int64_t created_at = 0;
};
// {"id","organization","owner","role","permissions":[…],"revoked","expiresAt":TIME|null,"createdAt"}
std::string render(const KeyRow &row);

struct ProblemRow {
    std::string problem, organization, detail;
    bool repaired = false;
};
std::string render(const ProblemRow &row);

}  // namespace appcreate
