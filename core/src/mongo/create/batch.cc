#include "mongo/create/batch.h"

#include <algorithm>
#include <cstring>
#include <exception>
#include <set>
#include <utility>

#include "base/views.h"
#include "request/record.h"
#include "slug/slug.h"

namespace appcreate::mongo {
namespace {

ObjectId organization_of(const Create &create) {
    return ObjectId::parse(view(create.key().organization)).value_or(ObjectId{});
}

}  // namespace

Batch::Batch(Server &server, Plans &plans, Places &places, const Patience &patience, Done done)
    : server_(server),
      plans_(plans),
      places_(places),
      patience_(patience),
      done_(std::move(done)),
      started_(server.now()),
      pause_ns_(kFirstPauseNs) {}

void Batch::run(std::span<Create *const> creates) {
    size_ = creates.size();
    open_.assign(creates.begin(), creates.end());
    try {
        run_some(creates, true);
    } catch (const ServerFailure &failure) {
        failure_ = failure;
    } catch (const std::exception &) {
        // Out of memory, most likely in the middle of something.
        undecided_ = true;
        give_back_all();
        throw;
    }
    give_back_all();
}

void Batch::give_back_all() {
    for (Create *create : open_) {
        if (!create->answered()) create->refuse(AC_CODE_DATABASE);
    }
    answered_.swap(open_);
    open_.clear();
    report();
    tidy();
}

void Batch::run_some(std::span<Create *const> creates, bool may_follow) {
    std::vector<Create *> firsts;
    std::vector<Create *> followers;
    for (Create *create : creates) {
        if (!create->request() || !may_follow) {
            firsts.push_back(create);
            continue;
        }
        const auto [first, is_first] = firsts_.try_emplace(*create->request());
        if (is_first) first->second.fingerprint = create->fingerprint();
        first->second.has_followers |= !is_first;
        (is_first ? firsts : followers).push_back(create);
    }
    std::vector<Entry> entries = draft(firsts);
    Entries open;
    for (Entry &entry : entries) open.push_back(&entry);
    sweep(open);
    refuse_frozen(open);
    replay(open);
    choose_providers(open);
    const auto validations =
        std::stable_partition(open.begin(), open.end(), [](Entry *e) { return !e->draft.create->validate_only(); });
    const Entries validated(validations, open.end());
    open.erase(validations, open.end());
    insert_all(std::move(open));
    validate(validated);
    follow(followers);
}

std::vector<Batch::Entry> Batch::draft(std::span<Create *const> creates) {
    std::vector<ObjectId> organizations;
    for (const Create *create : creates) organizations.push_back(organization_of(*create));
    std::sort(organizations.begin(), organizations.end());
    organizations.erase(std::unique(organizations.begin(), organizations.end()), organizations.end());
    const std::map<ObjectId, PlanRef> plans = persist(false, [&] { return plans_.get(server_, organizations); });

    std::vector<Entry> entries(creates.size());
    for (std::size_t i = 0; i < creates.size(); ++i) {
        Draft &draft = entries[i].draft;
        draft.create = creates[i];
        const auto plan = plans.find(organization_of(*creates[i]));
        if (plan == plans.end() || !plan->second->enabled) {
            refuse(entries[i], AC_CODE_NOT_FOUND);
            continue;
        }
        draft.plan = plan->second;
        draft.id = ObjectId::make();
        draft.created_at = now_ms();
        const std::string &slug = creates[i]->application().slug;
        draft.base = slug.empty() ? slug_of_id(draft.id.hex()) : slug;
        draft.slug = draft.base;
    }
    return entries;
}

// Before replays: a create whose outcome was lost may come into the store at any time, also behind a copy that is made
// in the freeze. Whoever was told of it then would miss it in the copy.
void Batch::refuse_frozen(Entries &open) {
    if (open.empty()) return;
    const bool any_may_be_stored =
        std::any_of(open.begin(), open.end(), [](const Entry *e) { return e->may_be_stored; });
    const SeenFreeze store = persist(any_may_be_stored, [&] { return server_.freeze(); });
    for (Entry *entry : open) {
        const Plan &plan = *entry->draft.plan;
        const Freeze frozen = store.seconds != 0 ? store.seconds : plan.frozen;
        if (frozen == 0) {
            entry->open_at = std::min(store.asked_at, plan.read_at);
        } else if (entry->may_be_stored) {
            deny(*entry, AC_CODE_DATABASE);
        } else if (!entry->draft.create->validate_only()) {
            return_place(*entry);
            entry->draft.create->refuse_frozen(frozen);
            finish(*entry);
        }
    }
    sweep(open);
}

// Of a create that is in the store, or repeats one that is. May it be acknowledged? Not where creates may have been
// frozen for so long that a copy without it may have begun; then, what was asked is asked again.
bool Batch::is_open_still(Entry &entry) {
    if (server_.now() - entry.open_at <= kFreezeKnownNs) return true;
    if (is_freeze_unknown_) return false;
    try {
        const ObjectId &id = entry.draft.plan->organization;
        const auto plans = persist(true, [&] { return plans_.get(server_, {&id, 1}); });
        const SeenFreeze store = persist(true, [&] { return server_.freeze(); });
        const auto plan = plans.find(id);
        return plan != plans.end() && plan->second->frozen == 0 && store.seconds == 0;
    } catch (const ServerFailure &failure) {
        failure_ = failure;
        is_freeze_unknown_ = true;
        return false;
    }
}

void Batch::replay(Entries &open) {
    std::vector<RequestName> names;
    for (const Entry *entry : open) {
        if (entry->draft.create->request()) {
            names.push_back({entry->draft.plan->organization, *entry->draft.create->request()});
        }
    }
    if (names.empty()) return;
    const std::vector<Record> kept = persist(false, [&] { return server_.find_requests(names); });
    for (const Record &record : kept) {
        for (Entry *entry : open) {
            if (!entry->is_answered && entry->draft.create->request() == record.request &&
                entry->draft.plan->organization == record.organization) {
                replay_or_expire(*entry, record);
            }
        }
    }
    sweep(open);
}

// The create's Idempotency-Key has made a record. False: it has expired, and is forgotten now.
bool Batch::replay_or_expire(Entry &entry, const Record &record) {
    Create &create = *entry.draft.create;
    if (record.kept_until < now_ms() - kClockSlackMs) {
        persist(false, [&] {
            server_.expire_request(record);
            return true;
        });
        return false;
    }
    if (record.fingerprint != create.fingerprint()) {
        create.refuse(AC_CODE_KEY_REUSED);
    } else if (is_open_still(entry)) {
        create.replayed(record.answer);
    } else {
        refuse(entry, AC_CODE_DATABASE);
        return true;
    }
    finish(entry);
    return true;
}

void Batch::choose_providers(Entries &open) {
    const auto wanted_of = [](const Entry &entry) {
        const auto &named = entry.draft.create->application().provider;
        return named ? named : entry.draft.plan->default_provider;
    };
    std::set<ObjectId> wanted;
    for (const Entry *entry : open) {
        if (const auto id = wanted_of(*entry)) wanted.insert(*id);
    }
    if (wanted.empty()) return;
    const std::vector<ObjectId> ids(wanted.begin(), wanted.end());
    const std::map<ObjectId, ProviderRef> providers =
        persist(false, [&] { return plans_.get_providers(server_, ids); });
    for (Entry *entry : open) {
        Draft &draft = entry->draft;
        const auto id = wanted_of(*entry);
        const auto found = id ? providers.find(*id) : providers.end();
        draft.provider = nullptr;
        if (found != providers.end() && found->second->organization == draft.plan->organization) {
            draft.provider = found->second;
        } else if (draft.create->application().provider) {
            deny(*entry, AC_CODE_PROVIDER);
        }
    }
    sweep(open);
}

// Those that waited for the first with their Idempotency-Key. Where it made nothing, they go all at once, or one key
// that is sent with many requests that are refused would hold everybody up: the unique index decides who is the first.
void Batch::follow(std::span<Create *const> followers) {
    std::vector<Create *> again;
    for (Create *create : followers) {
        First &first = firsts_[*create->request()];
        if (first.answer) {
            if (first.fingerprint == create->fingerprint()) {
                create->replayed(*first.answer);
            } else {
                create->refuse(AC_CODE_KEY_REUSED);
            }
            answered_.push_back(create);
        } else if (undecided_) {
            create->refuse(AC_CODE_DATABASE);
            answered_.push_back(create);
        } else {
            again.push_back(create);
        }
    }
    report();
    for (const Create *create : again) firsts_.erase(*create->request());
    if (!again.empty()) run_some(again, false);
}

void Batch::render(Entry &entry, bool with_id) {
    const Draft &draft = entry.draft;
    const std::string id = draft.id.hex();
    RecordFacts facts;
    if (with_id) facts.id = id;
    facts.slug = draft.slug;
    if (draft.provider != nullptr) facts.provider = draft.provider->json;
    facts.organization = view(draft.create->key().organization);
    facts.owner = view(draft.create->key().owner);
    facts.role = draft.create->key().role;
    facts.retention = draft.plan->retention;
    facts.created_at = draft.created_at;
    render_answer(draft.create->answer_buffer(), draft.create->application(), facts);
    entry.rendered = true;
}

void Batch::return_place(const Entry &entry) {
    if (entry.draft.place && !entry.may_be_stored) places_.give_back(*entry.draft.plan, *entry.draft.place);
}

void Batch::refuse(Entry &entry, int code) {
    return_place(entry);
    entry.draft.create->refuse(code);
    finish(entry);
}

// For a reason of the request. It may be in the store nevertheless, where that is another one than it was sent to.
void Batch::deny(Entry &entry, int code) {
    undecided_ |= entry.may_be_stored;
    refuse(entry, entry.may_be_stored ? AC_CODE_DATABASE : code);
}

void Batch::finish(Entry &entry) {
    entry.is_answered = true;
    const Create &create = *entry.draft.create;
    if (create.request() && create.answer().status == 200) {
        First &first = firsts_[*create.request()];
        if (first.has_followers) first.answer.emplace(create.answer().body.data, create.answer().body.len);
    }
    answered_.push_back(entry.draft.create);
}

// Drops what is answered, and gives it back.
void Batch::sweep(Entries &open) {
    std::erase_if(open, [](const Entry *entry) { return entry->is_answered; });
    report();
}

void Batch::report() {
    if (answered_.empty()) return;
    const auto microseconds = static_cast<std::uint32_t>((server_.now() - started_) / 1000);
    for (Create *create : answered_) create->set_batch(static_cast<std::uint32_t>(size_), microseconds);
    std::erase_if(open_, [this](const Create *create) {
        return std::find(answered_.begin(), answered_.end(), create) != answered_.end();
    });
    done_(answered_);
    answered_.clear();
}

void Batch::wait() {
    server_.pause(pause_ns_);
    pause_ns_ = std::min(2 * pause_ns_, kLastPauseNs);
}

}  // namespace appcreate::mongo
