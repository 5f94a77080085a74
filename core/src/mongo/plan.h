// What an organization's plan and storage providers say about its next application, as they were when they were read.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "values.h"

namespace appcreate::mongo {

struct Provider {
    std::string json;  // render_provider's
    std::string bson;  // the same as a document
};

struct Plan {
    ObjectId organization;
    bool enabled = false;
    std::optional<std::int64_t> limit;
    // Grows whenever the limit changes; `settled` follows when no record stands outside 1…limit any more and none can
    // come.
    std::int64_t limit_version = 0;
    std::int64_t settled_version = 0;
    std::int64_t build_retention_days = 0;
    std::int64_t builds_per_publication = 0;
    std::optional<ObjectId> default_provider;
    std::map<ObjectId, Provider> providers;
    std::int64_t read_at = 0;  // CLOCK_MONOTONIC
};
using PlanRef = std::shared_ptr<const Plan>;

}  // namespace appcreate::mongo
