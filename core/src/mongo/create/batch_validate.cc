// validateOnly: every check of a batch's creates, and no write.
#include <algorithm>
#include <map>

#include "mongo/create/batch.h"
#include "mongo/create/slug_numbers.h"
#include "slug/slug.h"

namespace appcreate::mongo {
namespace {

// The numbers that creates of these bases would get.
std::map<std::string_view, std::int64_t> numbers_of(Server &server, const ObjectId &organization,
                                                    const std::vector<std::string> &bases) {
    std::vector<TakenNumber> taken;
    taken.reserve(bases.size());
    for (const std::string &base : bases) taken.push_back({base});
    const std::vector<std::int64_t> free = find_free_numbers(server, organization, taken);
    std::map<std::string_view, std::int64_t> out;
    for (std::size_t i = 0; i < bases.size(); ++i) out.emplace(bases[i], free[i]);
    return out;
}

}  // namespace

void Batch::validate(const Entries &open) {
    std::map<ObjectId, Entries> organizations;
    for (Entry *entry : open) organizations[entry->draft.plan->organization].push_back(entry);
    for (const auto &[organization, entries] : organizations) {
        const Plan &plan = *entries.front()->draft.plan;
        const Room room = persist(false, [&] { return places_.look_for_room(server_, plan); });
        if (room != Room::kFree) {
            for (Entry *entry : entries) refuse(*entry, room == Room::kFull ? AC_CODE_LIMIT : AC_CODE_DATABASE);
            continue;
        }
        std::vector<std::string> bases;
        for (const Entry *entry : entries) bases.push_back(entry->draft.base);
        const std::vector<std::string> taken =
            persist(false, [&] { return server_.taken_slugs(plan.organization, bases); });
        const std::map<std::string_view, std::int64_t> numbers =
            persist(false, [&] { return numbers_of(server_, plan.organization, taken); });
        for (Entry *entry : entries) {
            Draft &draft = entry->draft;
            const auto number = numbers.find(draft.base);
            if (number != numbers.end()) {
                draft.slug = numbered_slug(draft.base, static_cast<std::uint64_t>(number->second));
            }
            render(*entry, false);
            draft.create->would_create(draft.slug);
            finish(*entry);
        }
    }
    report();
}

}  // namespace appcreate::mongo
