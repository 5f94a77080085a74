// The inserts of a batch: collisions, and outcomes that were lost.
#include <algorithm>
#include <iterator>
#include <map>
#include <string>

#include "mongo/batch.h"
#include "mongo/numbers.h"

namespace appcreate::mongo {
namespace {

constexpr std::string_view kTooLarge = "the record is larger than the store can hold (16 MiB)";

bool is_collision(Verdict verdict) noexcept {
    return verdict == Verdict::kSlugTaken || verdict == Verdict::kPlaceTaken || verdict == Verdict::kRequestTaken ||
           verdict == Verdict::kIdTaken || verdict == Verdict::kTaken;
}

}  // namespace

void Batch::insert_all(Entries open) {
    hold_back_equal_names(open);
    try {
        while (!open.empty()) {
            give_places(open);
            give_slugs(open);
            if (open.empty() || !insert_once(open)) break;
        }
    } catch (const ServerFailure &failure) {
        failure_ = failure;
    }
    for (Entry *entry : open) {
        if (entry->over) continue;
        undecided_ |= entry->maybe;
        refuse(*entry, AC_CODE_DATABASE);
    }
    sweep(open);
}

// Of equal names in one batch all but the first would collide: they need numbers, and so may the first.
void Batch::hold_back_equal_names(const Entries &open) {
    std::map<std::pair<ObjectId, std::string_view>, int> seen;
    for (Entry *entry : open) {
        entry->waits_for_name = seen[{entry->draft.plan->organization, entry->draft.base}]++ != 0;
    }
}

// A place for each that has none. 5017 is said only when a majority has as many as the limit allows: not for places
// that others of this batch hold but have not used. Other organizations' creates go before a search begins.
void Batch::give_places(Entries &open) {
    struct Need {
        Entries lacking;
        std::vector<std::int64_t> held;  // by those that are not in yet
    };
    std::map<ObjectId, Need> needs;
    bool always = false;
    for (Entry *entry : open) {
        always |= entry->maybe;
        if (!entry->draft.plan->limit) continue;
        Need &need = needs[entry->draft.plan->organization];
        if (entry->draft.place) {
            need.held.push_back(*entry->draft.place);
        } else {
            need.lacking.push_back(entry);
        }
    }
    for (const bool may_search : {false, true}) {
        for (auto &[organization, need] : needs) {
            std::erase_if(need.lacking, [](const Entry *e) { return e->over || e->draft.place; });
            const bool is_awaited = std::any_of(open.begin(), open.end(), [&id = organization](const Entry *e) {
                return !e->over && !waits(*e) && e->draft.plan->organization != id;
            });
            if (need.lacking.empty() || (may_search && is_awaited)) continue;
            give_places(need.lacking, need.held, always, may_search);
        }
    }
    sweep(open);
}

// To those of one organization.
void Batch::give_places(const Entries &lacking, std::vector<std::int64_t> &held, bool always, bool may_search) {
    const PlanRef &plan = lacking.front()->draft.plan;
    limited_[plan->organization] = plan;
    const Given given = persist(always, [&] { return places_.take(server_, *plan, lacking.size(), held, may_search); });
    const bool is_over = given.places.empty() && held.empty() && (given.rest == Room::kFull || may_search);
    for (std::size_t i = 0; i < lacking.size(); ++i) {
        Entry &entry = *lacking[i];
        entry.waits_for_place = i >= given.places.size();
        if (!entry.waits_for_place) {
            entry.draft.place = given.places[i];
        } else if (is_over) {
            refuse(entry, given.rest == Room::kFull ? AC_CODE_LIMIT : AC_CODE_DATABASE);
        }
    }
    held.insert(held.end(), given.places.begin(), given.places.end());
}

// When all have their answers.
void Batch::tidy() {
    for (const auto &[organization, plan] : limited_) {
        if (failure_ || is_late()) return;
        try {
            places_.tidy(server_, *plan);
        } catch (const ServerFailure &) {
            // It only saves work later.
            return;
        }
    }
}

void Batch::give_slugs(const Entries &open) {
    std::vector<Unnamed> unnamed;
    bool always = false;
    for (Entry *entry : open) {
        always |= entry->maybe;
        if (is_to_number(*entry)) unnamed.push_back({&entry->draft, &entry->number});
    }
    if (!unnamed.empty()) {
        persist(always, [&] {
            give_numbers(server_, unnamed);
            return true;
        });
    }
    for (Entry *entry : open) {
        if (is_to_number(*entry)) entry->rendered = entry->needs_number = false;
        if (!entry->rendered && !waits(*entry)) render(*entry, true);
    }
}

// False: the time is up.
bool Batch::insert_once(Entries &open) {
    if (is_late()) return false;
    Entries sent;
    std::copy_if(open.begin(), open.end(), std::back_inserter(sent), [](const Entry *e) { return !waits(*e); });
    std::vector<const Draft *> drafts;
    drafts.reserve(sent.size());
    for (const Entry *entry : sent) drafts.push_back(&entry->draft);

    Inserted inserted;
    try {
        inserted = server_.insert(drafts);
    } catch (const ServerFailure &failure) {
        failure_ = failure;
        const bool may_exist = std::any_of(open.begin(), open.end(), [](const Entry *e) { return e->maybe; });
        if (!may_exist && !is_awaited(failure)) throw;
        wait();
        return true;
    }
    failure_ = inserted.failure;
    Entries look;
    bool is_known = true;
    for (std::size_t i = 0; i < sent.size(); ++i) {
        const Verdict verdict = inserted.verdicts[i];
        judge(*sent[i], verdict, look);
        is_known &= verdict != Verdict::kUnknown;
        acknowledged_ |= verdict == Verdict::kInserted || is_collision(verdict);
    }
    for (Entry *entry : open) {
        entry->needs_number |= entry->waits_for_name;
        entry->waits_for_name = false;
    }
    if (!look.empty()) resolve(look);
    sweep(open);
    if (!is_known) wait();
    return true;
}

void Batch::judge(Entry &entry, Verdict verdict, Entries &look) {
    switch (verdict) {
        case Verdict::kInserted:
            return made(entry, entry.draft.slug);
        case Verdict::kTooLarge:
            if (entry.draft.place) places_.give_back(*entry.draft.plan, *entry.draft.place);
            entry.draft.create->violate(kTooLarge);
            return over(entry);
        case Verdict::kRefused:
            undecided_ |= entry.maybe;
            return refuse(entry, AC_CODE_DATABASE);
        case Verdict::kUnknown:
            entry.maybe = true;
            return;
        case Verdict::kIdTaken:
            entry.maybe = true;
            return look.push_back(&entry);
        case Verdict::kTaken:
        case Verdict::kRequestTaken:
            return look.push_back(&entry);
        case Verdict::kSlugTaken:
            if (entry.maybe) return look.push_back(&entry);
            entry.needs_number = true;
            return collide(entry);
        case Verdict::kPlaceTaken:
            if (entry.maybe) return look.push_back(&entry);
            places_.collided(entry.draft.plan->organization);
            entry.draft.place.reset();
            return collide(entry);
    }
}

// What stands in the way of a create that may be in the store is the create itself, or another record. "Not found" says
// nothing: its first insert may still be on its way.
void Batch::resolve(const Entries &look) {
    std::vector<const Draft *> drafts;
    drafts.reserve(look.size());
    for (const Entry *entry : look) drafts.push_back(&entry->draft);
    const std::vector<Record> related = persist(true, [&] { return server_.find_related(drafts); });
    bool is_clear = true;
    for (Entry *entry : look) {
        const int before = entry->collisions;
        resolve(*entry, related);
        is_clear &= entry->over || entry->collisions != before;
    }
    if (!is_clear) wait();
}

void Batch::resolve(Entry &entry, std::span<const Record> related) {
    const Draft &draft = entry.draft;
    const Record *request = nullptr;
    bool is_slug_taken = false;
    bool is_place_taken = false;
    for (const Record &record : related) {
        if (record.organization != draft.plan->organization) continue;
        if (record.id == draft.id) return made(entry, record.slug);
        if (draft.create->request() && record.request == draft.create->request()) request = &record;
        is_slug_taken |= record.slug == draft.slug;
        is_place_taken |= draft.place && record.place == draft.place;
    }
    if (request != nullptr) {
        if (!meet(entry, *request)) collide(entry);
        return;
    }
    if (is_slug_taken) entry.needs_number = true;
    if (is_place_taken) {
        places_.collided(draft.plan->organization);
        entry.draft.place.reset();
    }
    if (is_slug_taken || is_place_taken) return collide(entry);
    // Nothing that a majority has; so the insert that made it collide may be its own.
    entry.maybe = true;
}

void Batch::collide(Entry &entry) {
    if (++entry.collisions < kMaxInserts) return;
    undecided_ |= entry.maybe;
    refuse(entry, AC_CODE_DATABASE);
}

// `slug` is that of the attempt that made it.
void Batch::made(Entry &entry, const std::string &slug) {
    if (slug != entry.draft.slug) {
        entry.draft.slug = slug;
        render(entry, true);
    }
    entry.draft.create->created(entry.draft.id, slug);
    over(entry);
}

}  // namespace appcreate::mongo
