// Property test of the MongoDB store's algorithm (docs/stores.md): thousands of random interleavings of gateways,
// crashes, lost, late and repeated inserts, roll-backs and changes of limits against a model of the server's
// single-document operations. Promises 1 to 4 are checked in each.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "mongo/serve/write_loop.h"
#include "mongo_model.h"
#include "store_support.h"

namespace appcreate::test {
namespace {

constexpr std::int64_t kTimeoutNs = 3'000'000'000;

struct World {
    int gateways = 3;
    int batches = 2;  // of each
    std::size_t creates = 4;
    Faults faults;
    unsigned crashes = 0;  // percent of the gateways
    bool changes_limits = false;
    bool expires = false;
    bool freezes = false;  // and copies what is there when that is known everywhere
};

// What a client sent and was told.
struct Told {
    std::unique_ptr<Create> create;
    std::size_t count_before = 0;  // into the organization's history, when its batch began
    std::int64_t least_limit = 0;  // that it may have been judged by
    bool is_done = false;
};

class Interleaving {
  public:
    Interleaving(std::uint64_t seed, const World &world) : scheduler_(seed), model_(scheduler_), world_(world) {
        model_.faults = world.faults;
        limited_ = make_organization(static_cast<std::int64_t>(2 + scheduler_.random(6)));
        unlimited_ = make_organization(std::nullopt);
    }

    // Returns the promises that were broken.
    std::vector<std::string> run() {
        for (int i = 0; i < world_.gateways; ++i) add_gateway();
        scheduler_.run([this] { between(); });
        check_answers();
        finish();
        check_records();
        return model_.broken;
    }

    // What happened, to see that the tests reach what they are about.
    std::map<int, int> codes;

  private:
    ObjectId make_organization(std::optional<std::int64_t> limit) {
        const ObjectId id = ObjectId::make();
        model_.organizations[id].limit = limit;
        model_.organizations[id].history = {0};
        return id;
    }

    ac_key key_of(const ObjectId &organization) {
        ac_key key{};
        organization.write_hex(key.id);
        organization.write_hex(key.organization);
        organization.write_hex(key.owner);
        key.flags = AC_KEY_MAY_CREATE | AC_KEY_ORG_ENABLED;
        return key;
    }

    // Few names and few keys, so that they meet.
    std::unique_ptr<Told> make_told() {
        static constexpr const char *kNames[] = {"App", "App", "App 2", "App 3", "Other"};
        const ObjectId &organization = scheduler_.chance(70) ? limited_ : unlimited_;
        Order sent;
        sent.body = std::string(R"({"name":")") + kNames[scheduler_.random(5)] + "\"}";
        if (scheduler_.chance(40)) sent.idempotency_key = "key-" + std::to_string(scheduler_.random(4));
        auto told = std::make_unique<Told>();
        told->create = make_create(key_of(organization), sent);
        const Model::Organization &now = model_.organizations[organization];
        told->count_before = now.history.size() - 1;
        told->least_limit = std::min(now.limit.value_or(INT64_MAX), recent_limit_);
        return told;
    }

    void add_gateway() {
        // Two gateways in three are a process with two threads of one store.
        auto writing = std::make_shared<mongo::Writing>();
        const int threads = scheduler_.chance(66) ? 2 : 1;
        for (int i = 0; i < threads; ++i) scheduler_.add([this, writing] { serve(*writing); });
    }

    void serve(mongo::Writing &writing) {
        ModelServer server(model_);
        server.suffixes = &suffixes_;
        for (int i = 0; i < world_.batches; ++i) {
            scheduler_.yield();
            std::vector<Create *> batch;
            std::map<Create *, Told *> told;
            const std::size_t n = 1 + scheduler_.random(world_.creates);
            for (std::size_t j = 0; j < n; ++j) {
                told_.push_back(make_told());
                batch.push_back(told_.back()->create.get());
                told.emplace(batch.back(), told_.back().get());
            }
            const mongo::Patience patience{server.now() + kTimeoutNs, scheduler_.chance(50)};
            writing.write(server, batch, patience, [&](std::span<Create *const> done) {
                for (Create *create : done) answered(*told.at(create));
            });
            if (std::any_of(told.begin(), told.end(), [](const auto &one) { return !one.second->is_done; })) {
                model_.broken.push_back("a create was not given back");
            }
        }
    }

    // At the moment of the answer.
    void answered(Told &told) {
        if (told.is_done) model_.broken.push_back("a create was given back twice");
        told.is_done = true;
        const Create &create = *told.create;
        ++codes[create.answer().code];
        const bool is_new = create.answer().status == 200 && (create.answer().flags & AC_ANSWER_REPLAYED) == 0;
        if (is_new) {
            const Model::Document *document = model_.find(*ObjectId::parse(id_of(create)));
            if (document == nullptr || !document->committed) {
                model_.broken.push_back("1: told 200 for what no majority has");
            } else if (document->record.slug != slug_of(create)) {
                model_.broken.push_back("3: told " + slug_of(create) + ", stored " + document->record.slug);
            }
        }
        if (create.answer().code == AC_CODE_LIMIT) check_was_full(told);
        if (create.answer().status == 200 && copy_ && !is_copied(create)) {
            model_.broken.push_back("a create was acknowledged in a freeze, and is not in its copy");
        }
    }

    [[nodiscard]] bool is_copied(const Create &create) const {
        return std::any_of(copy_->begin(), copy_->end(), [&](const mongo::Record &record) {
            return record.id.hex() == id_of(create) || (create.request() && record.request == create.request());
        });
    }

    void freeze() {
        if (frozen_at_ == 0) {
            if (!scheduler_.chance(2)) return;
            // A majority has the freeze, and so all that was there before it.
            model_.commit();
            frozen_at_ = model_.clock;
            const bool is_all = scheduler_.chance(50);
            (is_all ? model_.frozen : model_.organizations[limited_].frozen) = 30;
            if (!is_all) model_.organizations[unlimited_].frozen = 30;
        }
        // Whoever is at something may be stopped there for long.
        if (scheduler_.chance(10)) model_.clock += static_cast<std::int64_t>(scheduler_.random(1'500'000'000));
        if (copy_ || model_.clock - frozen_at_ < mongo::kFreezeWaitNs) return;
        copy_.emplace();
        for (const Model::Document &one : model_.documents) {
            if (one.committed) copy_->push_back(one.record);
        }
    }

    // Somewhere between the start of its batch and the answer, as many were there as its limit allows.
    void check_was_full(const Told &told) {
        const Model::Organization &organization = model_.organizations[limited_];
        const std::int64_t limit = std::min(told.least_limit, organization.limit.value_or(INT64_MAX));
        const auto &history = organization.history;
        const std::size_t most =
            *std::max_element(history.begin() + static_cast<std::ptrdiff_t>(told.count_before), history.end());
        if (static_cast<std::int64_t>(most) < std::min(limit, recent_limit_)) {
            model_.broken.push_back("2: told 5017 with " + std::to_string(most) + " records, the limit is " +
                                    std::to_string(limit));
        }
    }

    void between() {
        model_.happen();
        if (world_.crashes > 0 && scheduler_.random(2000) < world_.crashes) {
            scheduler_.kill(scheduler_.random(scheduler_.actors()));
        }
        if (world_.changes_limits && scheduler_.chance(1)) change_limit();
        if (world_.freezes) freeze();
        if (world_.expires && scheduler_.chance(1)) {
            model_.expire_all();
            ++expiries_;
        }
    }

    void change_limit() {
        const auto before = model_.organizations[limited_].limit;
        recent_limit_ = std::min(recent_limit_, before.value_or(INT64_MAX));
        if (scheduler_.chance(20)) {
            model_.set_limit(limited_, std::nullopt);
        } else {
            model_.set_limit(limited_, static_cast<std::int64_t>(scheduler_.random(9)));
            recent_limit_ = std::min(recent_limit_, *model_.organizations[limited_].limit);
        }
    }

    // When all is over but for what is late, the store is exactly as full as it may be, and a new gateway sees it so.
    void finish() {
        model_.calm();
        model_.frozen = 0;
        for (auto &[id, frozen] : model_.organizations) frozen.frozen = 0;
        model_.clock += 300'000'000'000;
        Model::Organization &organization = model_.organizations[limited_];
        organization.old_landed = 0;
        Scheduler last(scheduler_.random(1U << 30));
        mongo::Writing writing;
        Model &model = model_;
        last.add([&] {
            Scheduler &mine = last;
            for (int i = 0; i < 3; ++i) {
                Model calm(mine);
                std::swap(calm.organizations, model.organizations);
                std::swap(calm.documents, model.documents);
                calm.clock = model.clock + i * 200'000'000'000;
                ModelServer server(calm);
                server.suffixes = &suffixes_;
                if (!model.late.empty()) {
                    // However late: minutes after its gateway gave up.
                    calm.land(model.late.front());
                    calm.commit();
                    model.late.pop_front();
                }
                const std::size_t before = calm.count(limited_);
                auto create = named(key_of(limited_), "Last");
                Create *one = create.get();
                writing.write(server, {&one, 1}, {server.now() + kTimeoutNs, false}, [](std::span<Create *const>) {});
                const auto limit = calm.organizations[limited_].limit;
                const bool is_full = limit && before >= static_cast<std::size_t>(*limit);
                if (code_of(*create) != (is_full ? AC_CODE_LIMIT : AC_CODE_OK)) {
                    model.broken.push_back("2: in the end " + std::to_string(before) + " records, told " +
                                           std::to_string(code_of(*create)));
                }
                std::swap(calm.organizations, model.organizations);
                std::swap(calm.documents, model.documents);
                model.broken.insert(model.broken.end(), calm.broken.begin(), calm.broken.end());
            }
        });
        last.run([] {});
    }

    void check_answers() {
        std::map<Digest, std::set<std::string>> bodies;
        for (const auto &told : told_) {
            const Create &create = *told->create;
            if (create.answered() && create.answer().status == 200 && create.request()) {
                bodies[*create.request()].insert(answer_body(create));
            }
        }
        for (const auto &[request, answers] : bodies) {
            if (answers.size() > 1 + expiries_) model_.broken.push_back("4: one key was answered differently");
        }
    }

    void check_records() {
        std::map<Digest, std::size_t> made;
        std::set<std::pair<ObjectId, std::string>> slugs;
        std::set<ObjectId> ids;
        for (const Model::Document &one : model_.documents) {
            if (!ids.insert(one.record.id).second) model_.broken.push_back("3: an id is there twice");
            if (!slugs.emplace(one.record.organization, one.record.slug).second) {
                model_.broken.push_back("3: a slug is there twice");
            }
            if (one.record.request && ++made[*one.record.request] > 1) {
                model_.broken.push_back("4: a key made two applications");
            }
        }
        for (const auto &told : told_) {
            const Create &create = *told->create;
            const bool is_new = create.answered() && create.answer().status == 200 && !id_of(create).empty();
            if (is_new && !ids.contains(*ObjectId::parse(id_of(create)))) {
                model_.broken.push_back("1: what was told 200 is gone");
            }
        }
    }

    Scheduler scheduler_;
    Model model_;
    const World world_;
    ObjectId limited_, unlimited_;
    std::map<std::pair<ObjectId, std::string>, std::int64_t> suffixes_;
    std::deque<std::unique_ptr<Told>> told_;
    std::int64_t recent_limit_ = INT64_MAX;
    std::size_t expiries_ = 0;
    std::int64_t frozen_at_ = 0;                      // 0: not yet
    std::optional<std::vector<mongo::Record>> copy_;  // of what was there when the freeze was known everywhere
};

// APP_CREATE_TEST_SEED runs one interleaving again.
void run_all(const World &world, std::uint64_t n, const std::vector<int> &expected_codes) {
    const char *only = std::getenv("APP_CREATE_TEST_SEED");  // NOLINT(concurrency-mt-unsafe): one thread
    const std::uint64_t first = only != nullptr ? std::strtoull(only, nullptr, 10) : 1;
    std::map<int, int> codes;
    for (std::uint64_t seed = first; seed < (only != nullptr ? first + 1 : n + 1); ++seed) {
        Interleaving interleaving(seed, world);
        const std::vector<std::string> broken = interleaving.run();
        for (const auto &[code, times] : interleaving.codes) codes[code] += times;
        ASSERT_EQ(broken, std::vector<std::string>()) << "APP_CREATE_TEST_SEED=" << seed;
    }
    if (only != nullptr) return;
    for (const int code : expected_codes) EXPECT_GT(codes[code], 0) << "no interleaving came to " << code;
}

const std::vector<int> kUsual = {AC_CODE_OK, AC_CODE_LIMIT, AC_CODE_KEY_REUSED};
const std::vector<int> kWithFaults = {AC_CODE_OK, AC_CODE_LIMIT, AC_CODE_KEY_REUSED, AC_CODE_DATABASE};

TEST(MongoModel, GatewaysThatRace) { run_all({}, 1500, kUsual); }

TEST(MongoModel, ManyGatewaysAndLargeBatches) {
    World world;
    world.gateways = 6;
    world.batches = 3;
    world.creates = 8;
    run_all(world, 200, kUsual);
}

TEST(MongoModel, LostMessages) {
    World world;
    world.faults.lost = 15;
    run_all(world, 1500, kWithFaults);
}

TEST(MongoModel, LateAndRepeatedInserts) {
    World world;
    world.faults.lost = 5;
    world.faults.late = 30;
    run_all(world, 1500, kWithFaults);
}

TEST(MongoModel, MinoritiesAndRollBacks) {
    World world;
    world.faults.lost = 5;
    world.faults.late = 10;
    world.faults.minority = 30;
    run_all(world, 1500, kWithFaults);
}

// A new primary has what a majority had.
TEST(MongoModel, Elections) {
    World world;
    world.batches = 3;
    world.faults.lost = 5;
    world.faults.late = 10;
    world.faults.minority = 10;
    world.faults.elections = true;
    run_all(world, 1000, kWithFaults);
}

TEST(MongoModel, Crashes) {
    World world;
    world.batches = 3;
    world.faults.lost = 5;
    world.faults.late = 10;
    world.crashes = 40;
    run_all(world, 1500, kWithFaults);
}

TEST(MongoModel, ChangingLimits) {
    World world;
    world.batches = 4;
    world.changes_limits = true;
    run_all(world, 1500, kUsual);
}

TEST(MongoModel, ChangingLimitsAndEveryFault) {
    World world;
    world.batches = 4;
    world.faults.lost = 5;
    world.faults.late = 10;
    world.faults.minority = 10;
    world.crashes = 10;
    world.changes_limits = true;
    run_all(world, 1500, kWithFaults);
}

// What is acknowledged is in a copy that begins when a freeze has been waited for, whatever is stopped, lost or late.
TEST(MongoModel, Freezes) {
    World world;
    world.batches = 4;
    world.freezes = true;
    run_all(world, 1500, {AC_CODE_OK, AC_CODE_BUSY, AC_CODE_DATABASE});
    world.faults.lost = 10;
    world.faults.late = 20;
    world.faults.minority = 10;
    world.faults.elections = true;
    run_all(world, 1500, {AC_CODE_OK, AC_CODE_BUSY, AC_CODE_DATABASE});
}

TEST(MongoModel, ExpiringKeys) {
    World world;
    world.batches = 4;
    world.faults.lost = 5;
    world.expires = true;
    run_all(world, 1500, kWithFaults);
}

}  // namespace
}  // namespace appcreate::test
