#include "sqlite/create/slug_numbers.h"

#include <utility>

#include "slug/slug.h"

namespace appcreate::sqlite {
namespace {

constexpr std::size_t kMaxHints = 1024;

void make_key(std::string &key, std::int64_t organization, std::string_view base) {
    key.assign(reinterpret_cast<const char *>(&organization), sizeof(organization));
    key += base;
}

}  // namespace

std::uint64_t SlugHints::last_taken(std::int64_t organization, std::string_view base) {
    if (entries_.empty()) return 0;
    make_key(key_, organization, base);
    const auto found = index_.find(key_);
    if (found == index_.end()) return 0;
    entries_.splice(entries_.begin(), entries_, found->second);
    return found->second->number;
}

void SlugHints::remember(std::int64_t organization, std::string_view base, std::uint64_t number) {
    if (number >= kLargestNumber) return;
    make_key(key_, organization, base);
    if (const auto found = index_.find(key_); found != index_.end()) {
        found->second->number = number;
        entries_.splice(entries_.begin(), entries_, found->second);
        return;
    }
    entries_.push_front({key_, number});
    index_.emplace(entries_.front().key, entries_.begin());
    if (entries_.size() <= kMaxHints) return;
    index_.erase(entries_.back().key);
    entries_.pop_back();
}

void SlugHints::clear() noexcept {
    index_.clear();
    entries_.clear();
}

std::string slug_of_number(std::string_view base, std::uint64_t number) {
    return number <= 1 ? std::string(base) : numbered_slug(base, number);
}

SlugSearch::SlugSearch(const Connection &connection, std::function<std::uint64_t()> random)
    : random_(std::move(random)),
      by_slug_(connection.prepare("SELECT 1 FROM applications WHERE organization = ? AND slug = ?")) {}

bool SlugSearch::is_taken(std::int64_t organization, std::string_view slug) {
    return Run(by_slug_).integer(organization).text(slug).row();
}

std::uint64_t SlugSearch::free_above(std::int64_t organization, std::string_view base, std::uint64_t taken) {
    NumberSearch search(taken, 1, random_);
    while (!search.numbers().empty()) {
        search.go_on(is_taken(organization, slug_of_number(base, search.numbers().front())) ? 1 : 0);
    }
    return search.number();
}

}  // namespace appcreate::sqlite
