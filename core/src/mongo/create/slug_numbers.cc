#include "mongo/create/slug_numbers.h"

#include <algorithm>
#include <map>
#include <string>
#include <unordered_set>
#include <utility>

#include "slug/free_number.h"
#include "slug/slug.h"

namespace appcreate::mongo {
namespace {

// Asked for in one round trip.
constexpr std::size_t kProbes = 32;
// Where many names stand in the way, numbers are drawn from so many.
constexpr std::uint64_t kFar = std::uint64_t{1} << 32;

std::string slug_of(std::string_view base, std::int64_t number) {
    return numbered_slug(base, static_cast<std::uint64_t>(number));
}

using Slugs = std::unordered_set<std::string>;

// Those that are taken.
Slugs taken_of(Server &server, const ObjectId &organization, const std::vector<std::string> &slugs) {
    if (slugs.empty()) return {};
    const std::vector<std::string> taken = server.taken_slugs(organization, slugs);
    return {taken.begin(), taken.end()};
}

// The drafts of one base in one organization.
struct Group {
    std::string_view base;
    std::vector<Unnamed> drafts;
    std::int64_t last = 0;   // the last number that was found taken; 0: none was tried
    std::int64_t found = 0;  // a free one above
    std::int64_t first = 0;  // of those that the counter handed out
    std::int64_t window = 0;
    bool is_known = true;  // that the window is free

    [[nodiscard]] std::int64_t count() const noexcept { return static_cast<std::int64_t>(drafts.size()); }
};

void name(const Unnamed &unnamed, std::int64_t number) {
    *unnamed.number = number;
    unnamed.draft->slug = slug_of(unnamed.draft->base, number);
}

void look_for_free(Server &server, const ObjectId &organization, std::vector<Group> &groups) {
    std::vector<TakenNumber> taken;
    for (const Group &group : groups) {
        if (group.last != 0) taken.push_back({group.base, group.last});
    }
    if (taken.empty()) return;
    const std::vector<std::int64_t> found = find_free_numbers(server, organization, taken);
    auto next = found.begin();
    for (Group &group : groups) {
        if (group.last != 0) group.found = *next++;
    }
}

// The next numbers, which nobody else gets: as many as are needed, or, where names of their own stand in the way, past
// those that stand in a row twice as many. Numbers start at 2, so the number after a count of n is n + 2.
void count_up(Server &server, const ObjectId &organization, Group &group) {
    group.window = group.last == 0 || group.count() == 1 ? group.count() : 2 * group.count();
    const std::int64_t past = group.last == 0 ? 0 : group.found - group.last - 1;
    group.first = server.next_suffix(organization, group.base, past + group.window) + 2 - group.window;
    group.is_known = group.last == 0 || (group.window == 1 && group.first == group.found);
}

// Those of the window that are free. Who gets none draws one far off, where nobody can stand in the way of all.
//
// Long bases that are equal where they are cut share their slugs, so what another one was given is passed over: with a
// number more at first, far off where others stand in the way too.
void name_all(Server &server, const Group &group, const Slugs &taken, Slugs &given) {
    std::int64_t number = group.first;
    std::int64_t end = group.first + group.window;
    for (const Unnamed &unnamed : group.drafts) {
        for (; number < end; ++number) {
            const std::string slug = slug_of(group.base, number);
            if (given.contains(slug)) {
                if (group.last == 0) ++end;
            } else if (!taken.contains(slug)) {
                break;
            }
        }
        name(unnamed, number < end ? number++ : end + static_cast<std::int64_t>(server.random() % kFar));
        given.insert(unnamed.draft->slug);
    }
}

void give_numbers(Server &server, const ObjectId &organization, std::vector<Group> &groups) {
    look_for_free(server, organization, groups);
    std::vector<std::string> slugs;
    for (Group &group : groups) {
        count_up(server, organization, group);
        if (group.is_known) continue;
        for (std::int64_t i = 0; i < group.window; ++i) slugs.push_back(slug_of(group.base, group.first + i));
    }
    const Slugs taken = taken_of(server, organization, slugs);
    Slugs given;
    for (const Group &group : groups) name_all(server, group, taken, given);
}

}  // namespace

std::vector<std::int64_t> find_free_numbers(Server &server, const ObjectId &organization,
                                            const std::vector<TakenNumber> &taken) {
    std::vector<NumberSearch> searches;
    searches.reserve(taken.size());
    for (const TakenNumber &one : taken) {
        searches.emplace_back(static_cast<std::uint64_t>(one.number), kProbes, [&server] { return server.random(); });
    }
    for (;;) {
        std::vector<std::string> slugs;
        for (std::size_t i = 0; i < searches.size(); ++i) {
            for (const std::uint64_t number : searches[i].numbers()) {
                slugs.push_back(numbered_slug(taken[i].base, number));
            }
        }
        if (slugs.empty()) break;
        const Slugs is_taken = taken_of(server, organization, slugs);
        auto slug = slugs.begin();
        for (NumberSearch &search : searches) {
            const std::size_t asked = search.numbers().size();
            if (asked == 0) continue;
            const auto end = slug + static_cast<std::ptrdiff_t>(asked);
            const auto free = std::find_if(slug, end, [&](const std::string &one) { return !is_taken.contains(one); });
            search.go_on(static_cast<std::size_t>(free - slug));
            slug = end;
        }
    }
    std::vector<std::int64_t> out;
    out.reserve(searches.size());
    for (const NumberSearch &search : searches) out.push_back(static_cast<std::int64_t>(search.number()));
    return out;
}

void give_numbers(Server &server, const std::vector<Unnamed> &drafts) {
    std::map<ObjectId, std::map<std::string_view, Group>> organizations;
    for (const Unnamed &unnamed : drafts) {
        Group &group = organizations[unnamed.draft->plan->organization][unnamed.draft->base];
        group.base = unnamed.draft->base;
        group.last = std::max(group.last, *unnamed.number);
        group.drafts.push_back(unnamed);
    }
    for (auto &[organization, bases] : organizations) {
        std::vector<Group> groups;
        groups.reserve(bases.size());
        for (auto &one : bases) groups.push_back(std::move(one.second));
        give_numbers(server, organization, groups);
    }
}

}  // namespace appcreate::mongo
