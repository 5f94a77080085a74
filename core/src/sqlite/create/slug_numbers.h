// The free number behind a slug that is taken (docs/api.md, "Slugs").
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

#include "slug/free_number.h"
#include "sqlite/file/connection.h"

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
    // `random` as in free_number.h.
    explicit SlugSearch(const Connection &connection, std::function<std::uint64_t()> random = random_number);

    [[nodiscard]] bool is_taken(std::int64_t organization, std::string_view slug);

    // As in free_number.h, one statement for each number that is looked at.
    [[nodiscard]] std::uint64_t free_above(std::int64_t organization, std::string_view base, std::uint64_t taken);

    SlugHints hints;

  private:
    const std::function<std::uint64_t()> random_;
    Statement by_slug_;
};

}  // namespace appcreate::sqlite
