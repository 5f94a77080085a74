// The free number behind a slug that is taken (contract, "Slug").
#pragma once

#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "sqlite/connection.h"

namespace appcreate::sqlite {

// The last numbers that were found taken, of the bases met most recently. Only ever too low, since slugs are not given
// back; so it must not outlive a rollback.
class SlugHints {
  public:
    // 0: none known.
    [[nodiscard]] std::uint64_t last_taken(std::int64_t organization, std::string_view base);
    void remember(std::int64_t organization, std::string_view base, std::uint64_t number);
    void clear() noexcept;

  private:
    struct Entry {
        std::string key;
        std::uint64_t number;
    };

    std::list<Entry> entries_;  // most recently used first
    std::unordered_map<std::string_view, std::list<Entry>::iterator> index_;
    std::string key_;
};

// Number 1 stands for the base itself.
std::string slug_of_number(std::string_view base, std::uint64_t number);

class SlugSearch {
  public:
    explicit SlugSearch(const Connection &connection);

    [[nodiscard]] bool is_taken(std::int64_t organization, std::string_view slug);

    // A free number above `taken`, which is taken: doubles its stride until one is free, then halves the distance to
    // the last taken one. In an undisturbed series, the next. Where `taken` is no hint, so that the series may be long,
    // `applications`, which the organization has, bounds it: no series is longer.
    [[nodiscard]] std::uint64_t free_above(std::int64_t organization, std::string_view base, std::uint64_t taken,
                                           std::optional<std::int64_t> applications);

    SlugHints hints;

  private:
    Statement by_slug_;
};

}  // namespace appcreate::sqlite
