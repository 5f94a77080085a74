#include "mongo_model.h"

#include <algorithm>

namespace appcreate::test {

using mongo::Draft;
using mongo::Inserted;
using mongo::Record;
using mongo::ServerFailure;
using mongo::Verdict;

namespace {

ServerFailure failure(ServerFailure::Kind kind) { return {AC_EUNAVAILABLE, "the model's network", 0, kind}; }

Model::Document document_of(const Draft &draft) {
    Model::Document out;
    out.record.organization = draft.plan->organization;
    out.record.id = draft.id;
    out.record.slug = draft.slug;
    out.record.place = draft.place;
    out.record.request = draft.create->request();
    if (out.record.request) {
        out.record.fingerprint = draft.create->fingerprint();
        out.record.answer = draft.create->answer_buffer();
        out.record.kept_until = INT64_MAX / 2;
    }
    out.version = draft.plan->limit_version;
    out.limit = draft.plan->limit;
    return out;
}

}  // namespace

// ---- Scheduler

Scheduler::~Scheduler() {
    for (const auto &actor : actors_) actor->thread.join();
}

Scheduler::ActorId Scheduler::add(std::function<void()> act) {
    auto actor = std::make_unique<Actor>();
    Actor *self = actor.get();
    self->act = std::move(act);
    self->thread = std::thread([this, self] {
        self->turn.acquire();
        try {
            self->act();
        } catch (const Killed &) {
        }
        self->ended = true;
        back_.release();
    });
    actors_.push_back(std::move(actor));
    return actors_.size() - 1;
}

void Scheduler::yield() {
    Actor *self = running_;
    back_.release();
    self->turn.acquire();
    if (self->killed) throw Killed();
}

void Scheduler::run(const std::function<void()> &between) {
    for (;;) {
        std::vector<Actor *> alive;
        for (const auto &actor : actors_) {
            if (!actor->ended) alive.push_back(actor.get());
        }
        if (alive.empty()) return;
        between();
        running_ = alive[random(alive.size())];
        running_->turn.release();
        back_.acquire();
    }
}

// ---- Model

std::size_t Model::count(const ObjectId &organization, bool committed_only) const {
    return static_cast<std::size_t>(std::count_if(documents.begin(), documents.end(), [&](const Document &one) {
        return one.record.organization == organization && (one.committed || !committed_only);
    }));
}

const Model::Document *Model::find(const ObjectId &id) const {
    const auto found =
        std::find_if(documents.begin(), documents.end(), [&](const Document &one) { return one.record.id == id; });
    return found == documents.end() ? nullptr : &*found;
}

void Model::changed(const ObjectId &organization) {
    organizations[organization].history.push_back(count(organization));
}

bool Model::is_filled(const ObjectId &organization, std::int64_t to) const {
    std::set<std::int64_t> places;
    for (const Document &one : documents) {
        if (one.committed && one.record.organization == organization && one.record.place.value_or(to + 1) <= to) {
            places.insert(*one.record.place);
        }
    }
    return static_cast<std::int64_t>(places.size()) == to;
}

// The indexes are asked in any order; the first that refuses is named.
Verdict Model::land(const Document &document) {
    std::vector<Verdict> refusals;
    for (const Document &other : documents) {
        if (other.record.id == document.record.id) refusals.push_back(Verdict::kIdTaken);
        if (other.record.organization != document.record.organization) continue;
        if (other.record.slug == document.record.slug) refusals.push_back(Verdict::kSlugTaken);
        if (document.record.place && other.record.place == document.record.place) {
            refusals.push_back(Verdict::kPlaceTaken);
        }
        if (document.record.request && other.record.request == document.record.request) {
            refusals.push_back(Verdict::kRequestTaken);
        }
    }
    if (!refusals.empty()) return scheduler_.chance(5) ? Verdict::kTaken : refusals[scheduler_.random(refusals.size())];
    documents.push_back(document);
    Organization &organization = organizations[document.record.organization];
    changed(document.record.organization);
    if (document.version != organization.version) {
        ++organization.old_landed;
    } else if (organization.limit && count(document.record.organization) >
                                         static_cast<std::size_t>(*organization.limit) + organization.old_landed) {
        broken.push_back("2: " + std::to_string(count(document.record.organization)) + " records, the limit is " +
                         std::to_string(*organization.limit));
    }
    return Verdict::kInserted;
}

void Model::commit() {
    for (Document &one : documents) one.committed = true;
}

void Model::roll_back() {
    std::erase_if(documents, [](const Document &one) { return !one.committed; });
    for (auto &[id, organization] : organizations) changed(id);
}

void Model::set_limit(const ObjectId &id, std::optional<std::int64_t> limit) {
    Organization &organization = organizations[id];
    const bool is_higher =
        organization.limit && limit && *limit > *organization.limit && organization.settled == organization.version;
    organization.limit = limit;
    ++organization.version;
    if (is_higher) organization.settled = organization.version;
    organization.old_landed = 0;
}

void Model::expire_all() {
    for (Document &one : documents) one.record.kept_until = 0;
}

void Model::happen() {
    clock += static_cast<std::int64_t>(scheduler_.random(20'000'000));
    if (!late.empty() && scheduler_.chance(20)) {
        const Document document = late.front();
        late.pop_front();
        land(document);
        if (scheduler_.chance(50)) commit();
    }
    if (faults.elections && scheduler_.random(1000) < 5) {
        away_until = clock + static_cast<std::int64_t>(scheduler_.random(5'000'000'000));
        roll_back();
    }
    if (faults.minority > 0 && scheduler_.chance(5)) {
        if (scheduler_.chance(50)) {
            commit();
        } else {
            roll_back();
        }
    }
}

void Model::calm() {
    commit();
    faults = {};
    away_until = 0;
}

// ---- ModelServer

void ModelServer::travel() {
    scheduler_.yield();
    model_.clock += static_cast<std::int64_t>(scheduler_.random(3'000'000));
}

void ModelServer::find_server() {
    travel();
    if (model_.clock >= model_.away_until) return;
    if (model_.away_until - model_.clock > Model::kSelectionNs) {
        model_.clock += Model::kSelectionNs;
        ++model_.vain_selections;
        throw failure(ServerFailure::Kind::kNoServer);
    }
    model_.clock = model_.away_until;
}

void ModelServer::pause(std::int64_t ns) {
    travel();
    model_.clock += ns;
}

template <class Operation>
auto ModelServer::round_trip(const Operation &operation) {
    find_server();
    const bool is_lost = scheduler_.chance(model_.faults.lost);
    const auto kind = scheduler_.random(3);
    if (is_lost && kind == 0) throw failure(ServerFailure::Kind::kNotSent);
    if (is_lost && kind == 1) throw failure(ServerFailure::Kind::kLost);
    auto result = operation();
    travel();
    if (is_lost) throw failure(ServerFailure::Kind::kLost);
    return result;
}

// A gateway asks when what it has seen is a second old.
mongo::SeenFreeze ModelServer::freeze() {
    if (freeze_.asked_at == 0 || model_.clock - freeze_.asked_at > mongo::kFitNs) {
        const std::int64_t asked_at = model_.clock;
        freeze_ = {round_trip([this] { return model_.frozen; }), asked_at};
    }
    return freeze_;
}

std::vector<mongo::PlanRef> ModelServer::read_plans(std::span<const ObjectId> organizations) {
    return round_trip([&] {
        std::vector<mongo::PlanRef> out;
        for (const ObjectId &id : organizations) {
            const auto found = model_.organizations.find(id);
            if (found == model_.organizations.end()) continue;
            auto plan = std::make_shared<mongo::Plan>();
            plan->organization = id;
            plan->enabled = true;
            plan->frozen = found->second.frozen;
            plan->limit = found->second.limit;
            plan->limit_version = found->second.version;
            plan->settled_version = found->second.settled;
            plan->next_place = found->second.next_place;
            plan->filled_to = found->second.filled_to;
            plan->default_provider = found->second.default_provider;
            plan->read_at = model_.clock;
            plan->since = model_.connected_at;
            out.push_back(std::move(plan));
        }
        return out;
    });
}

std::vector<mongo::ProviderRef> ModelServer::read_providers(std::span<const ObjectId> ids) {
    return round_trip([&] {
        std::vector<mongo::ProviderRef> out;
        std::copy_if(
            model_.providers.begin(), model_.providers.end(), std::back_inserter(out),
            [&](const mongo::ProviderRef &one) { return std::find(ids.begin(), ids.end(), one->id) != ids.end(); });
        return out;
    });
}

// In one message, but not atomic: each document lands on its own, and the primary may step down between two.
Inserted ModelServer::insert_some(const std::vector<Model::Document> &documents) {
    Inserted out;
    const bool is_minority = scheduler_.chance(model_.faults.minority);
    const std::size_t stops =
        scheduler_.chance(model_.faults.lost) ? scheduler_.random(documents.size() + 1) : SIZE_MAX;
    for (std::size_t i = 0; i < documents.size(); ++i) {
        out.verdicts.push_back(i < stops ? model_.land(documents[i]) : Verdict::kUnknown);
    }
    if (is_minority || stops != SIZE_MAX) {
        std::fill(out.verdicts.begin(), out.verdicts.end(), Verdict::kUnknown);
        out.failure = failure(ServerFailure::Kind::kLost);
    } else {
        // Majority writes wait for all that came before them, whether they wrote or collided.
        model_.commit();
    }
    return out;
}

Inserted ModelServer::insert(std::span<const Draft *const> drafts) {
    std::vector<Model::Document> documents;
    for (const Draft *draft : drafts) documents.push_back(document_of(*draft));
    if (model_.before_insert) std::exchange(model_.before_insert, nullptr)();
    if (std::any_of(drafts.begin(), drafts.end(),
                    [this](const Draft *draft) { return draft->plan->read_at <= model_.connected_at; })) {
        throw failure(ServerFailure::Kind::kAnew);
    }
    find_server();
    Inserted unknown;
    unknown.verdicts.assign(drafts.size(), Verdict::kUnknown);
    unknown.failure = failure(ServerFailure::Kind::kLost);
    if (scheduler_.chance(model_.faults.late)) {
        model_.late.insert(model_.late.end(), documents.begin(), documents.end());
        if (scheduler_.chance(50)) {
            travel();
            return unknown;
        }
    }
    if (scheduler_.chance(model_.faults.lost)) {
        if (scheduler_.chance(30)) throw failure(ServerFailure::Kind::kNotSent);
        travel();
        return unknown;
    }
    Inserted inserted = insert_some(documents);
    if (!model_.step_downs.empty()) {
        const Model::StepDown next = model_.step_downs.front();
        model_.step_downs.pop_front();
        model_.away_until = model_.clock + next.away_ns;
        if (next.loses_reply) return unknown;
    }
    travel();
    return scheduler_.chance(model_.faults.lost) ? unknown : inserted;
}

std::vector<Record> ModelServer::find_requests(std::span<const mongo::RequestName> requests) {
    if (model_.before_find) std::exchange(model_.before_find, nullptr)();
    return round_trip([&] {
        std::vector<Record> out;
        for (const Model::Document &one : model_.documents) {
            for (const mongo::RequestName &name : requests) {
                if (one.committed && one.record.organization == name.organization &&
                    one.record.request == name.request) {
                    out.push_back(one.record);
                }
            }
        }
        return out;
    });
}

std::vector<Record> ModelServer::find_related(std::span<const Draft *const> drafts) {
    return round_trip([&] {
        std::vector<Record> out;
        for (const Model::Document &one : model_.documents) {
            const bool is_related = std::any_of(drafts.begin(), drafts.end(), [&](const Draft *draft) {
                if (one.record.organization != draft->plan->organization) return false;
                return one.record.id == draft->id || one.record.slug == draft->slug ||
                       (draft->place && one.record.place == draft->place) ||
                       (draft->create->request() && one.record.request == draft->create->request());
            });
            if (one.committed && is_related) out.push_back(one.record);
        }
        return out;
    });
}

void ModelServer::expire_request(const Record &record) {
    round_trip([&] {
        for (Model::Document &one : model_.documents) {
            if (one.record.id == record.id && one.record.request == record.request) one.record.request.reset();
        }
        return true;
    });
}

std::optional<std::int64_t> ModelServer::next_place(const ObjectId &organization, std::int64_t count,
                                                    std::int64_t limit) {
    return round_trip([&]() -> std::optional<std::int64_t> {
        Model::Organization &found = model_.organizations[organization];
        if (found.next_place >= limit) return std::nullopt;
        return found.next_place += count;
    });
}

void ModelServer::raise_next_place(const ObjectId &organization, std::int64_t to) {
    round_trip([&] {
        Model::Organization &found = model_.organizations[organization];
        return found.next_place = std::max(found.next_place, to);
    });
}

void ModelServer::raise_filled_to(const ObjectId &organization, std::int64_t to, std::int64_t since) {
    if (model_.connected_at != since) return;
    round_trip([&] {
        if (!model_.is_filled(organization, to))
            model_.broken.push_back("2: a free place is said to be taken for good");
        std::int64_t &found = model_.organizations[organization].filled_to;
        return found = std::max(found, to);
    });
}

void ModelServer::lower_filled_to(const ObjectId &organization, std::int64_t to) {
    round_trip([&] {
        std::int64_t &found = model_.organizations[organization].filled_to;
        return found = std::min(found, to);
    });
}

std::int64_t ModelServer::highest_place(const ObjectId &organization, std::int64_t limit) {
    return round_trip([&] {
        std::int64_t highest = 0;
        for (const Model::Document &one : model_.documents) {
            if (!one.committed || one.record.organization != organization || !one.record.place) continue;
            if (*one.record.place <= limit) highest = std::max(highest, *one.record.place);
        }
        return highest;
    });
}

std::int64_t ModelServer::count_places(const ObjectId &organization, std::int64_t first, std::int64_t last) {
    return round_trip([&] {
        return static_cast<std::int64_t>(
            std::count_if(model_.documents.begin(), model_.documents.end(), [&](const Model::Document &one) {
                return one.committed && one.record.organization == organization && one.record.place &&
                       *one.record.place >= first && *one.record.place <= last;
            }));
    });
}

std::vector<std::int64_t> ModelServer::taken_places(const ObjectId &organization, std::int64_t first,
                                                    std::int64_t last) {
    return round_trip([&] {
        std::set<std::int64_t> out;
        for (const Model::Document &one : model_.documents) {
            if (one.committed && one.record.organization == organization && one.record.place &&
                *one.record.place >= first && *one.record.place <= last) {
                out.insert(*one.record.place);
            }
        }
        return std::vector<std::int64_t>(out.begin(), out.end());
    });
}

std::vector<mongo::Outsider> ModelServer::find_outsiders(const ObjectId &organization, std::int64_t limit,
                                                         std::size_t max) {
    return round_trip([&] {
        std::vector<mongo::Outsider> out;
        for (const Model::Document &one : model_.documents) {
            if (!one.committed || one.record.organization != organization || out.size() == max) continue;
            if (!one.record.place || *one.record.place > limit) out.push_back({one.record.id, one.record.place});
        }
        return out;
    });
}

void ModelServer::move(const ObjectId &organization, std::span<const mongo::Move> moves) {
    round_trip([&] {
        for (const mongo::Move &move : moves) {
            const bool is_taken =
                std::any_of(model_.documents.begin(), model_.documents.end(), [&](const Model::Document &one) {
                    return one.record.organization == organization && one.record.place == move.to;
                });
            for (Model::Document &one : model_.documents) {
                if (one.record.id == move.from.id && one.record.place == move.from.place && !is_taken) {
                    one.record.place = move.to;
                }
            }
        }
        model_.commit();
        return true;
    });
}

std::int64_t ModelServer::next_suffix(const ObjectId &organization, std::string_view base, std::int64_t count) {
    return round_trip([&] { return (*suffixes)[{organization, std::string(base)}] += count; });
}

std::vector<std::string> ModelServer::taken_slugs(const ObjectId &organization, std::span<const std::string> slugs) {
    return round_trip([&] {
        std::vector<std::string> out;
        for (const Model::Document &one : model_.documents) {
            if (one.committed && one.record.organization == organization &&
                std::find(slugs.begin(), slugs.end(), one.record.slug) != slugs.end()) {
                out.push_back(one.record.slug);
            }
        }
        return out;
    });
}

}  // namespace appcreate::test
