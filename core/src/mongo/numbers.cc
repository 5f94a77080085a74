#include "mongo/numbers.h"

#include <algorithm>
#include <map>
#include <span>
#include <utility>

#include "free_number.h"
#include "slug.h"

namespace appcreate::mongo {
namespace {

// Asked for in one round trip.
constexpr std::size_t kProbes = 32;
// Where many names stand in the way, numbers are drawn from so many.
constexpr std::uint64_t kFar = std::uint64_t{1} << 32;

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

struct Group {
    const ObjectId &organization;
    std::string_view base;
    const std::vector<Unnamed> &drafts;
};

void name(const Unnamed &unnamed, std::int64_t number) {
    *unnamed.number = number;
    unnamed.draft->slug = slug_of(unnamed.draft->base, number);
}

// The next ones, which nobody else gets. Numbers start at 2, so the number after a count of n is n + 2.
void give_next(Server &server, const Group &group) {
    const auto count = static_cast<std::int64_t>(group.drafts.size());
    std::int64_t number = server.next_suffix(group.organization, group.base, count) + 2 - count;
    for (const Unnamed &unnamed : group.drafts) name(unnamed, number++);
}

// `last` was taken by a name of its own, and others may be. The counter goes past those that stand in a row; of what it
// hands out then, twice as many as are needed, those are used that are free. Who gets none draws one far off, where
// nobody can stand in the way of all.
void give_free(Server &server, const Group &group, std::int64_t last) {
    const std::int64_t found = find_free_number(server, group.organization, group.base, last);
    const auto count = static_cast<std::int64_t>(group.drafts.size());
    const std::int64_t window = count == 1 ? 1 : 2 * count;
    const std::int64_t more = found - last - 1 + window;
    const std::int64_t first = server.next_suffix(group.organization, group.base, more) + 2 - window;
    std::vector<std::int64_t> numbers;
    for (std::int64_t i = 0; i < window; ++i) numbers.push_back(first + i);
    std::vector<bool> is_taken(numbers.size());
    if (window > 1 || first != found) is_taken = are_taken(server, group.organization, group.base, numbers);
    std::size_t at = 0;
    for (const Unnamed &unnamed : group.drafts) {
        while (at < numbers.size() && is_taken[at]) ++at;
        name(unnamed,
             at < numbers.size() ? numbers[at++] : first + window + static_cast<std::int64_t>(server.random() % kFar));
    }
}

}  // namespace

std::int64_t find_free_number(Server &server, const ObjectId &organization, std::string_view base, std::int64_t last) {
    const auto count_taken = [&](std::span<const std::uint64_t> some) {
        const std::vector<bool> taken = are_taken(server, organization, base, {some.begin(), some.end()});
        return static_cast<std::size_t>(std::find(taken.begin(), taken.end(), false) - taken.begin());
    };
    return static_cast<std::int64_t>(free_number_above(
        static_cast<std::uint64_t>(last), kProbes, [&] { return server.random(); }, count_taken));
}

void give_numbers(Server &server, const std::vector<Unnamed> &drafts) {
    std::map<std::pair<ObjectId, std::string_view>, std::vector<Unnamed>> bases;
    for (const Unnamed &unnamed : drafts) {
        bases[{unnamed.draft->plan->organization, unnamed.draft->base}].push_back(unnamed);
    }
    for (const auto &[key, unnamed] : bases) {
        std::int64_t last = 0;
        for (const Unnamed &one : unnamed) last = std::max(last, *one.number);
        const Group group{key.first, key.second, unnamed};
        if (last == 0) {
            give_next(server, group);
        } else {
            give_free(server, group, last);
        }
    }
}

}  // namespace appcreate::mongo
