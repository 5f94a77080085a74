// The inserts of a batch: collisions, and outcomes that were lost.
#include <algorithm>
#include <iterator>
#include <map>
#include <string>

#include "mongo/create/batch.h"
#include "mongo/create/slug_numbers.h"

namespace appcreate::mongo {
namespace {

constexpr std::string_view kTooLarge = "the record is larger than the store can hold (16 MiB)";

bool is_collision(Verdict verdict) noexcept {
    return verdict == Verdict::kSlugTaken || verdict == Verdict::kPlaceTaken || verdict == Verdict::kRequestTaken ||
           verdict == Verdict::kIdTaken || verdict == Verdict::kTaken;
}

// For whoever was judged by the one: would the other make the same record?
bool is_same_plan(const Plan &a, const Plan &b) noexcept {
    return a.limit == b.limit && a.limit_version == b.limit_version && a.retention == b.retention &&
           a.default_provider == b.default_provider;
}

// The record holds all of it.
bool is_same_provider(const ProviderRef &a, const ProviderRef &b) noexcept {
    return a == nullptr || b == nullptr ? a == b : a->json == b->json;
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
        // All have the answer of the server that there is now.
        const bool is_anew = failure_ && failure_->kind() == ServerFailure::Kind::kAnew;
        if (is_anew && open.empty() && !undecided_) failure_.reset();
    } catch (const ServerFailure &failure) {
        failure_ = failure;
    }
    for (Entry *entry : open) {
        if (entry->is_answered) continue;
        undecided_ |= entry->may_be_stored;
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
    bool any_may_be_stored = false;
    for (Entry *entry : open) {
        any_may_be_stored |= entry->may_be_stored;
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
            std::erase_if(need.lacking, [](const Entry *e) { return e->is_answered || e->draft.place; });
            const bool is_awaited = std::any_of(open.begin(), open.end(), [&id = organization](const Entry *e) {
                return !e->is_answered && !waits(*e) && e->draft.plan->organization != id;
            });
            if (need.lacking.empty() || (may_search && is_awaited)) continue;
            give_places(need.lacking, need.held, any_may_be_stored, may_search);
        }
    }
    sweep(open);
}

// To those of one organization.
void Batch::give_places(const Entries &lacking, std::vector<std::int64_t> &held, bool any_may_be_stored,
                        bool may_search) {
    const PlanRef &plan = lacking.front()->draft.plan;
    limited_[plan->organization] = plan;
    const Given given =
        persist(any_may_be_stored, [&] { return places_.take(server_, *plan, lacking.size(), held, may_search); });
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
    bool any_may_be_stored = false;
    for (Entry *entry : open) {
        any_may_be_stored |= entry->may_be_stored;
        if (is_to_number(*entry)) unnamed.push_back({&entry->draft, &entry->number});
    }
    if (!unnamed.empty()) {
        persist(any_may_be_stored, [&] {
            give_numbers(server_, unnamed);
            return true;
        });
    }
    for (Entry *entry : open) {
        if (is_to_number(*entry)) entry->rendered = entry->needs_number = false;
        if (!entry->rendered && !waits(*entry)) render(*entry, true);
    }
}

std::vector<ObjectId> Batch::organizations_of(const Entries &entries) {
    std::vector<ObjectId> out;
    out.reserve(entries.size());
    for (const Entry *entry : entries) out.push_back(entry->draft.plan->organization);
    std::sort(out.begin(), out.end());
    out.erase(std::unique(out.begin(), out.end()), out.end());
    return out;
}

// The server was away, and what has its address now may hold an older copy: all are judged by what it says.
void Batch::renew(Entries &open) {
    const std::vector<ObjectId> organizations = organizations_of(open);
    const bool any_may_be_stored =
        std::any_of(open.begin(), open.end(), [](const Entry *e) { return e->may_be_stored; });
    const std::map<ObjectId, PlanRef> plans =
        persist(any_may_be_stored, [&] { return plans_.get(server_, organizations); });
    for (Entry *entry : open) {
        Draft &draft = entry->draft;
        const auto found = plans.find(draft.plan->organization);
        if (found == plans.end() || !found->second->enabled) {
            deny(*entry, AC_CODE_NOT_FOUND);
            continue;
        }
        const bool is_same = is_same_plan(*draft.plan, *found->second);
        draft.plan = found->second;
        if (is_same) continue;
        // What may be in the store is not what would be made now.
        if (entry->may_be_stored) {
            deny(*entry, AC_CODE_DATABASE);
            continue;
        }
        draft.place.reset();
        entry->rendered = entry->waits_for_place = false;
    }
    sweep(open);
    refuse_frozen(open);
    std::map<const Entry *, ProviderRef> before;
    for (const Entry *entry : open) before.emplace(entry, entry->draft.provider);
    choose_providers(open);
    for (Entry *entry : open) {
        if (is_same_provider(before[entry], entry->draft.provider)) continue;
        entry->rendered = false;
        if (entry->may_be_stored) deny(*entry, AC_CODE_DATABASE);
    }
    sweep(open);
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
        if (failure.kind() == ServerFailure::Kind::kAnew) {
            renew(open);
            wait();
            return true;
        }
        const bool may_exist = std::any_of(open.begin(), open.end(), [](const Entry *e) { return e->may_be_stored; });
        const bool is_final = failure.kind() == ServerFailure::Kind::kRefused;
        if (is_final || (!may_exist && !is_awaited(failure))) throw;
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
            return succeed(entry, entry.draft.slug);
        case Verdict::kTooLarge:
            if (entry.draft.place) places_.give_back(*entry.draft.plan, *entry.draft.place);
            entry.draft.create->violate(kTooLarge);
            return finish(entry);
        case Verdict::kRefused:
            undecided_ |= entry.may_be_stored;
            return refuse(entry, AC_CODE_DATABASE);
        case Verdict::kUnknown:
            entry.may_be_stored = true;
            return;
        case Verdict::kIdTaken:
            entry.may_be_stored = true;
            return look.push_back(&entry);
        case Verdict::kTaken:
        case Verdict::kRequestTaken:
            return look.push_back(&entry);
        case Verdict::kSlugTaken:
            if (entry.may_be_stored) return look.push_back(&entry);
            entry.needs_number = true;
            return collide(entry);
        case Verdict::kPlaceTaken:
            if (entry.may_be_stored) return look.push_back(&entry);
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
        is_clear &= entry->is_answered || entry->collisions != before;
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
        if (record.id == draft.id) return succeed(entry, record.slug);
        if (draft.create->request() && record.request == draft.create->request()) request = &record;
        is_slug_taken |= record.slug == draft.slug;
        is_place_taken |= draft.place && record.place == draft.place;
    }
    if (request != nullptr) {
        if (!replay_or_expire(entry, *request)) collide(entry);
        return;
    }
    if (is_slug_taken) entry.needs_number = true;
    if (is_place_taken) {
        places_.collided(draft.plan->organization);
        entry.draft.place.reset();
    }
    if (is_slug_taken || is_place_taken) return collide(entry);
    // Nothing that a majority has; so the insert that made it collide may be its own.
    entry.may_be_stored = true;
}

void Batch::collide(Entry &entry) {
    if (++entry.collisions < kMaxInserts) return;
    undecided_ |= entry.may_be_stored;
    refuse(entry, AC_CODE_DATABASE);
}

// `slug` is that of the attempt that made it.
void Batch::succeed(Entry &entry, const std::string &slug) {
    if (slug != entry.draft.slug) {
        entry.draft.slug = slug;
        render(entry, true);
    }
    entry.may_be_stored = true;
    if (!is_open_still(entry)) return refuse(entry, AC_CODE_DATABASE);
    entry.draft.create->created(entry.draft.id, slug);
    finish(entry);
}

}  // namespace appcreate::mongo
