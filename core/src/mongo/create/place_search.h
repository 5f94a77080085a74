// Looking for free places in steps whose cost has a bound, whatever the limit and the number of records.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "mongo/create/server.h"

namespace appcreate::mongo {

// The most places that one step may look at, counted by the server along an index, and those that are read one by one.
inline constexpr std::int64_t kSpan = 16'384;
inline constexpr std::int64_t kWindow = 2'048;

struct Looked {
    std::int64_t last = 0;           // how far it came
    std::vector<std::int64_t> free;  // in ascending order; all others up to `last` are taken
};

// One step over first…last, which are `kSpan` at most: some counts and one read. It ends behind the first window that
// has free places.
Looked look_at_places(Server &server, const ObjectId &organization, std::int64_t first, std::int64_t last);

// A search from below, step by step.
class PlaceSearch {
  public:
    // Of filled_to + 1 … limit. `span`: of a step.
    PlaceSearch(const ObjectId &organization, std::int64_t filled_to, std::int64_t limit, std::int64_t span = kSpan)
        : organization_(organization), limit_(limit), span_(span), at_(filled_to), filled_to_(filled_to) {}

    void step(Server &server);
    [[nodiscard]] bool is_over() const noexcept { return at_ >= limit_; }
    // Found so far, in ascending order, and none of `held`.
    [[nodiscard]] std::vector<std::int64_t> free(std::span<const std::int64_t> held = {}) const;
    // All up to there are taken.
    [[nodiscard]] std::int64_t filled_to() const noexcept { return filled_to_; }
    // The server's connected_at() before the first step.
    [[nodiscard]] std::int64_t since() const noexcept { return since_.value_or(0); }

  private:
    const ObjectId organization_;
    const std::int64_t limit_;
    const std::int64_t span_;
    std::int64_t at_;
    std::int64_t filled_to_;
    std::vector<std::int64_t> free_;
    std::optional<std::int64_t> since_;
};

}  // namespace appcreate::mongo
