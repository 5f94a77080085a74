#include "mongo/numbers.h"

#include <algorithm>
#include <map>
#include <utility>

#include "slug.h"

namespace appcreate::mongo {
namespace {

// Next to one another first, then at doubling distances.
constexpr std::int64_t kNear = 8;
constexpr std::int64_t kFar = std::int64_t{1} << 32;
constexpr std::int64_t kProbes = 32;

std::string slug_of(std::string_view base, std::int64_t number) {
    return numbered_slug(base, static_cast<std::uint64_t>(number));
}

std::vector<bool> are_taken(Server &server, const ObjectId &organization, std::string_view base,
                            const std::vector<std::int64_t> &numbers) {
    std::vector<std::string> slugs;
    slugs.reserve(numbers.size());
    for (const std::int64_t number : numbers) slugs.push_back(slug_of(base, number));
    const std::vector<std::string> taken = server.taken_slugs(organization, slugs);
    std::vector<bool> out;
    out.reserve(slugs.size());
    for (const std::string &slug : slugs) out.push_back(std::find(taken.begin(), taken.end(), slug) != taken.end());
    return out;
}

// Moves `taken` and `free` up to the first free one of `numbers`, which lie between them.
void narrow(const std::vector<std::int64_t> &numbers, const std::vector<bool> &is_taken, std::int64_t &taken,
            std::int64_t &free) {
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        if (!is_taken[i]) {
            free = numbers[i];
            return;
        }
        taken = numbers[i];
    }
}

// Some numbers in even steps.
std::vector<std::int64_t> between(std::int64_t taken, std::int64_t free) {
    std::vector<std::int64_t> out;
    const std::int64_t step = std::max<std::int64_t>(1, (free - taken) / kProbes);
    for (std::int64_t number = taken + step; number < free; number += step) out.push_back(number);
    return out;
}

}  // namespace

std::int64_t find_free_number(Server &server, const ObjectId &organization, std::string_view base, std::int64_t last) {
    std::int64_t taken = last;
    std::int64_t free = last + 2 * kFar;
    std::vector<std::int64_t> numbers;
    for (std::int64_t step = 1; step <= kNear; ++step) numbers.push_back(last + step);
    for (std::int64_t step = 2 * kNear; step <= kFar; step *= 2) numbers.push_back(last + step);
    while (!numbers.empty()) {
        narrow(numbers, are_taken(server, organization, base, numbers), taken, free);
        numbers = between(taken, free);
    }
    return free;
}

void give_numbers(Server &server, const std::vector<Unnamed> &drafts) {
    std::map<std::pair<ObjectId, std::string_view>, std::vector<Unnamed>> bases;
    for (const Unnamed &unnamed : drafts) {
        bases[{unnamed.draft->plan->organization, unnamed.draft->base}].push_back(unnamed);
    }
    for (const auto &[name, group] : bases) {
        const auto &[organization, base] = name;
        const auto count = static_cast<std::int64_t>(group.size());
        std::int64_t last = 0;
        for (const Unnamed &unnamed : group) last = std::max(last, *unnamed.number);
        // Numbers start at 2, so the number after a count of n is n + 1; `last` came from a count of last - 1 or more.
        std::int64_t more = count;
        if (last != 0) more += find_free_number(server, organization, base, last) - last - 1;
        std::int64_t number = server.next_suffix(organization, base, more) + 2 - count;
        for (const Unnamed &unnamed : group) {
            *unnamed.number = number;
            unnamed.draft->slug = slug_of(base, number++);
        }
    }
}

}  // namespace appcreate::mongo
