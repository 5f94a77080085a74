// The JSON rows of administration, one form for every store (docs/appctl.md).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/entities.h"

namespace appcreate {

// An entity, and what a row says besides.
struct OrganizationRow : Organization {
    std::int64_t applications = 0;
};
// {"id","name","slug","enabled","limit":N|null,"maxBillingBuildRetentionDays",
//  "buildsRetainedPerPublication","defaultStorageProvider":ID|null,"applications","createdAt","frozen"}
std::string render(const OrganizationRow &row);

struct ProviderRow : StorageProvider {
    bool is_default = false;
};
// {"id","name","region","config","provider","organization","default"}
std::string render(const ProviderRow &row);

struct KeyRow : ApiKey {
    std::int64_t used_on = 0;               // the day (base/day.h) on which it last made an application; 0: not known
    std::optional<ObjectId> replaces = {};  // the key that it was made to follow, only when it was made now
    std::int64_t replaced_expires_at = 0;
};
// {"id","organization","owner","role","permissions":[…],"revoked","expiresAt":TIME|null,"createdAt","lastUsed":DATE|null,
//  "name":NAME|null}, and behind them with `replaces` {"replaces":ID,"replacedExpiresAt":TIME}
std::string render(const KeyRow &row);

struct ProblemRow {
    std::string problem, organization, detail;
    bool repaired = false;
};
std::string render(const ProblemRow &row);
// Is this rendered row about a damaged file, which no repair mends?
bool is_about_file(std::string_view problem_row) noexcept;

}  // namespace appcreate
