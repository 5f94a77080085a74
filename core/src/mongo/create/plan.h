// What an organization's plan says about its next application, as it was when it was read.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/entities.h"
#include "base/values.h"

namespace appcreate::mongo {

// A storage provider, as it was when it was read.
struct Provider {
    ObjectId id;
    ObjectId organization;
    std::string json;  // render_provider's
    std::string bson;  // the same as a document
};
using ProviderRef = std::shared_ptr<const Provider>;

struct Plan {
    ObjectId organization;
    bool enabled = false;
    Freeze frozen = 0;
    std::optional<std::int64_t> limit;
    // Grows whenever the limit changes. While `settled_version` is another one, records may stand outside of 1…limit,
    // or come to.
    std::int64_t limit_version = 0;
    std::int64_t settled_version = 0;
    // The counter that suggests places; beyond the limit: all were suggested.
    std::int64_t next_place = 0;
    // Places 1…filled_to are taken, and stay so: a majority has seen it.
    std::int64_t filled_to = 0;
    Retention retention;
    std::optional<ObjectId> default_provider;
    std::int64_t read_at = 0;  // CLOCK_MONOTONIC
    // Since when the gateway was connected to the server that it was read from, or longer.
    std::int64_t since = 0;
};
using PlanRef = std::shared_ptr<const Plan>;

}  // namespace appcreate::mongo
