// Out of memory at every allocation of a batch, on the model of a server: each create comes back once, with an answer,
// and what was answered with 200 is there.
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <new>

#include "mongo/serve/write_loop.h"
#include "mongo_model.h"
#include "store_support.h"

namespace {

// Counts this thread's allocations down to the one that fails; below zero none does.
thread_local long allocations_left = -1;
thread_local bool allocation_failed = false;

void *allocate(std::size_t size) {
    if (allocations_left >= 0 && allocations_left-- == 0) {
        allocation_failed = true;
        throw std::bad_alloc();
    }
    if (void *block = std::malloc(size)) return block;  // NOLINT(cppcoreguidelines-no-malloc)
    throw std::bad_alloc();
}

}  // namespace

void *operator new(std::size_t size) { return allocate(size); }
void *operator new[](std::size_t size) { return allocate(size); }
void operator delete(void *block) noexcept { std::free(block); }                 // NOLINT(cppcoreguidelines-no-malloc)
void operator delete[](void *block) noexcept { std::free(block); }               // NOLINT(cppcoreguidelines-no-malloc)
void operator delete(void *block, std::size_t) noexcept { std::free(block); }    // NOLINT(cppcoreguidelines-no-malloc)
void operator delete[](void *block, std::size_t) noexcept { std::free(block); }  // NOLINT(cppcoreguidelines-no-malloc)

namespace appcreate::test {
namespace {

class MongoMemory : public testing::Test {
  protected:
    // Two that are made, names that collide, a replay and one of another organization's.
    std::vector<std::unique_ptr<Create>> creates() {
        std::vector<std::unique_ptr<Create>> out;
        for (int i = 0; i < 3; ++i) out.push_back(named(key_, "A name that no small string holds"));
        for (int i = 0; i < 2; ++i) out.push_back(make_create(key_, {R"({"name":"Keyed"})", "key", false}));
        out.push_back(make_create(key_, {R"({"name":"Valid"})", "", true}));
        return out;
    }

    // Returns whether the fault was met.
    bool write_with_fault(long k, bool is_undecided) {
        const auto made = creates();
        std::map<Create *, int> given_back;
        std::vector<Create *> batch;
        for (const auto &create : made) {
            batch.push_back(create.get());
            given_back[create.get()] = 0;
        }
        bool met = false;
        Scheduler scheduler(1);
        Model model(scheduler);
        model.organizations[organization_].history = {0};
        std::map<std::pair<ObjectId, std::string>, std::int64_t> suffixes;
        scheduler.add([&] {
            ModelServer server(model);
            server.suffixes = &suffixes;
            mongo::Writing writing;
            const mongo::Patience patience{server.now() + 3'000'000'000, true};
            const mongo::Batch::Done done = [&](std::span<Create *const> some) {
                for (Create *create : some) {
                    EXPECT_TRUE(create->answered());
                    ++given_back[create];
                }
            };
            if (is_undecided) leave_undecided(model, writing, server, patience);
            allocation_failed = false;
            allocations_left = k;
            try {
                writing.write(server, batch, patience, done);
            } catch (const std::bad_alloc &) {
            }
            allocations_left = -1;
            met = allocation_failed;
        });
        scheduler.run([] {});
        for (const auto &[create, times] : given_back) {
            EXPECT_EQ(times, 1) << "allocation " << k;
            const bool is_made = create->answer().status == 200 && !create->validate_only() &&
                                 (create->answer().flags & AC_ANSWER_REPLAYED) == 0;
            if (is_made) {
                EXPECT_NE(model.find(*ObjectId::parse(id_of(*create))), nullptr) << "allocation " << k;
            }
            if (!met) {
                EXPECT_EQ(create->answer().status, 200);
            }
        }
        return met;
    }

    // From now on one create is sent at a time, until one is acknowledged.
    void leave_undecided(Model &model, mongo::Writing &writing, ModelServer &server, const mongo::Patience &patience) {
        const auto lost = named(key_, "Lost");
        std::vector<Create *> batch = {lost.get()};
        allocations_left = 60;
        try {
            writing.write(server, batch, patience, [](std::span<Create *const>) {});
        } catch (const std::bad_alloc &) {
        }
        allocations_left = -1;
        model.calm();
    }

    void sweep(bool is_undecided) {
        constexpr long kMany = 20'000;
        write_with_fault(-1, is_undecided);
        long k = 0;
        while (k < kMany && !HasFailure() && write_with_fault(k, is_undecided)) ++k;
        EXPECT_GT(k, 50);
        EXPECT_LT(k, kMany);
    }

    const ObjectId organization_ = ObjectId::make();
    const ac_key key_ = [this] {
        ac_key key{};
        organization_.write_hex(key.id);
        organization_.write_hex(key.organization);
        organization_.write_hex(key.owner);
        key.flags = AC_KEY_MAY_CREATE | AC_KEY_ORG_ENABLED;
        return key;
    }();
};

TEST_F(MongoMemory, EachCreateComesBackOnce) { sweep(false); }

TEST_F(MongoMemory, EachCreateComesBackOnceAfterAnUndecidedOutcome) { sweep(true); }

}  // namespace
}  // namespace appcreate::test
