// A model of a MongoDB server: single-document operations with unique indexes, what a majority has, and a network that
// loses, delays and repeats. Gateways run the production algorithm against it; a scheduler decides who goes on.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <semaphore>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "mongo/create/server.h"
#include "mongo/schema/schema.h"

namespace appcreate::test {

// A gateway was killed.
struct Killed {};

// Threads of which one at a time runs, until it yields; the seed decides who is next.
class Scheduler {
  public:
    explicit Scheduler(std::uint64_t seed) : random_(seed) {}
    Scheduler(const Scheduler &) = delete;
    Scheduler &operator=(const Scheduler &) = delete;
    ~Scheduler();

    using ActorId = std::size_t;
    ActorId add(std::function<void()> act);
    // It throws Killed where it yields next.
    void kill(ActorId actor) { actors_[actor]->killed = true; }
    // Called by the actor that runs.
    void yield();
    // Until all actors have ended. `between` runs before each step.
    void run(const std::function<void()> &between);

    std::uint64_t random(std::uint64_t below) { return random_() % below; }
    bool chance(unsigned percent) { return random(100) < percent; }
    [[nodiscard]] std::size_t actors() const { return actors_.size(); }

  private:
    struct Actor {
        std::function<void()> act;
        std::binary_semaphore turn{0};
        bool killed = false;
        bool ended = false;
        std::thread thread;
    };

    std::mt19937_64 random_;
    std::vector<std::unique_ptr<Actor>> actors_;
    std::binary_semaphore back_{0};
    Actor *running_ = nullptr;
};

// What goes wrong, in percent of the operations.
struct Faults {
    unsigned lost = 0;      // a request, a reply, or both
    unsigned late = 0;      // an insert arrives after its sender gave up, or twice
    unsigned minority = 0;  // an insert that no majority has yet
    bool elections = false;
};

class Model {
  public:
    // What follows an insert.
    struct StepDown {
        bool loses_reply = false;
        std::int64_t away_ns = 0;
    };
    struct Organization {
        Freeze frozen = 0;
        std::optional<std::int64_t> limit;
        std::int64_t version = 1;
        std::int64_t settled = 1;
        std::int64_t next_place = 0;
        std::int64_t filled_to = 0;
        std::optional<ObjectId> default_provider;
        std::size_t old_landed = 0;        // since the limit changed, judged by an older one
        std::vector<std::size_t> history;  // how many records it had, after every change
    };
    // A document, and the plan that it was judged by.
    struct Document {
        mongo::Record record;
        std::int64_t version = 0;
        std::optional<std::int64_t> limit;
        bool committed = false;
    };

    explicit Model(Scheduler &scheduler) : scheduler_(scheduler) {}

    Faults faults;
    std::map<ObjectId, Organization> organizations;
    std::vector<mongo::ProviderRef> providers;
    std::vector<Document> documents;
    std::int64_t clock = 1'000'000'000;
    std::int64_t connected_at = 0;
    Freeze frozen = 0;                    // the whole store
    std::function<void()> before_insert;  // once; the same for the next
    std::function<void()> before_find;    // of requests
    // Until then there is no primary; who looks for one gives up after a while.
    std::int64_t away_until = 0;
    static constexpr std::int64_t kSelectionNs = 750'000'000;
    int vain_selections = 0;
    std::deque<StepDown> step_downs;  // of the next inserts, in order
    std::vector<std::string> broken;  // promises

    void set_limit(const ObjectId &organization, std::optional<std::int64_t> limit);
    void expire_all();
    // Something of the network's or the replica set's own: a late insert, a commit, a roll-back.
    void happen();
    // A majority has what is there, and nothing fails any more. What is late stays so.
    void calm();

    [[nodiscard]] std::size_t count(const ObjectId &organization, bool committed_only = false) const;
    [[nodiscard]] const Document *find(const ObjectId &id) const;
    // The verdict of a unique index, or that it is in.
    mongo::Verdict land(const Document &document);
    void changed(const ObjectId &organization);
    // Are 1…to taken by what a majority has?
    [[nodiscard]] bool is_filled(const ObjectId &organization, std::int64_t to) const;
    void roll_back();
    void commit();

    std::deque<Document> late;
    Scheduler &scheduler_;
};

// One gateway's way to the model.
class ModelServer : public mongo::Server {
  public:
    explicit ModelServer(Model &model) : model_(model), scheduler_(model.scheduler_) {}

    std::int64_t connected_at() override { return model_.connected_at; }
    std::int64_t now() override { return model_.clock; }
    void pause(std::int64_t ns) override;
    std::uint64_t random() override { return scheduler_.random(1U << 30); }
    mongo::SeenFreeze freeze() override;
    std::vector<mongo::PlanRef> read_plans(std::span<const ObjectId> organizations) override;
    std::vector<mongo::ProviderRef> read_providers(std::span<const ObjectId> ids) override;
    mongo::Inserted insert(std::span<const mongo::Draft *const> drafts) override;
    std::vector<mongo::Record> find_requests(std::span<const mongo::RequestName> requests) override;
    std::vector<mongo::Record> find_related(std::span<const mongo::Draft *const> drafts) override;
    void expire_request(const mongo::Record &record) override;
    std::optional<std::int64_t> next_place(const ObjectId &organization, std::int64_t count,
                                           std::int64_t limit) override;
    void raise_next_place(const ObjectId &organization, std::int64_t to) override;
    void raise_filled_to(const ObjectId &organization, std::int64_t to, std::int64_t since) override;
    void lower_filled_to(const ObjectId &organization, std::int64_t to) override;
    std::int64_t highest_place(const ObjectId &organization, std::int64_t limit) override;
    std::int64_t count_places(const ObjectId &organization, std::int64_t first, std::int64_t last) override;
    std::vector<std::int64_t> taken_places(const ObjectId &organization, std::int64_t first,
                                           std::int64_t last) override;
    std::vector<mongo::Outsider> find_outsiders(const ObjectId &organization, std::int64_t limit,
                                                std::size_t max) override;
    void move(const ObjectId &organization, std::span<const mongo::Move> moves) override;
    std::int64_t next_suffix(const ObjectId &organization, std::string_view base, std::int64_t count) override;
    std::vector<std::string> taken_slugs(const ObjectId &organization, std::span<const std::string> slugs) override;

    std::map<std::pair<ObjectId, std::string>, std::int64_t> *suffixes = nullptr;  // the slugs collection

  private:
    // The way there and back of an operation; either may be lost.
    template <class Operation>
    auto round_trip(const Operation &operation);
    void travel();
    // On the way to one.
    void find_server();
    mongo::Inserted insert_some(const std::vector<Model::Document> &documents);

    Model &model_;
    Scheduler &scheduler_;
    mongo::SeenFreeze freeze_;
};

}  // namespace appcreate::test
