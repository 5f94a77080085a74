// A create meets an election: nothing was sent, so a primary is waited for, for as long as the create has time.
#include <gtest/gtest.h>

#include "mongo/serve/write_loop.h"
#include "mongo_model.h"
#include "store_support.h"

namespace appcreate::test {
namespace {

constexpr std::int64_t kSecondNs = 1'000'000'000;
constexpr std::int64_t kPatienceNs = 9 * kSecondNs / 4;

class MongoElection : public ::testing::Test {
  protected:
    MongoElection() {
        model_.organizations[organization_].history = {0};
        organization_.write_hex(key_.organization);
        organization_.write_hex(key_.owner);
        key_.flags = AC_KEY_MAY_CREATE | AC_KEY_ORG_ENABLED;
    }

    // The code of a create that comes when there will be no primary for so long.
    int create_without_primary(std::int64_t ns, bool waits, bool plan_is_known = false) {
        int code = -1;
        scheduler_.add([&] {
            ModelServer server(model_);
            server.suffixes = &suffixes_;
            model_.away_until = 0;
            if (plan_is_known) write(server, true);
            model_.away_until = model_.clock + ns;
            started_ = model_.clock;
            code = write(server, waits);
            took_ = model_.clock - started_;
        });
        scheduler_.run([] {});
        return code;
    }
    // The code of a create whose inserts are followed by these.
    int create_before(const std::deque<Model::StepDown> &step_downs, bool waits) {
        model_.step_downs = step_downs;
        return create_without_primary(0, waits);
    }
    [[nodiscard]] std::size_t made() const { return model_.documents.size(); }
    [[nodiscard]] int vain_selections() const { return model_.vain_selections; }
    [[nodiscard]] std::int64_t took() const { return took_; }

  private:
    int write(ModelServer &server, bool waits) {
        const auto create = named(key_, "Field notes");
        Create *one = create.get();
        writing_.write(server, {&one, 1}, {server.now() + kPatienceNs, waits}, [](std::span<Create *const>) {});
        return code_of(*create);
    }

    Scheduler scheduler_{1};
    Model model_{scheduler_};
    const ObjectId organization_ = ObjectId::make();
    ac_key key_{};
    std::map<std::pair<ObjectId, std::string>, std::int64_t> suffixes_;
    mongo::Writing writing_;
    std::int64_t started_ = 0;
    std::int64_t took_ = 0;
};

TEST_F(MongoElection, IsWaitedForBeforeThePlanIsRead) {
    EXPECT_EQ(create_without_primary(2 * kSecondNs, true), AC_CODE_OK);
    EXPECT_EQ(vain_selections(), 2);
    EXPECT_EQ(made(), 1U);
}

TEST_F(MongoElection, IsWaitedForBeforeTheInsert) {
    EXPECT_EQ(create_without_primary(2 * kSecondNs, true, true), AC_CODE_OK);
    EXPECT_EQ(vain_selections(), 2);
    EXPECT_EQ(made(), 2U);
}

TEST_F(MongoElection, IsNotWaitedForBeyondTheTime) {
    for (const bool plan_is_known : {false, true}) {
        const std::size_t before = made();
        EXPECT_EQ(create_without_primary(60 * kSecondNs, true, plan_is_known), AC_CODE_DATABASE);
        EXPECT_LE(took(), kPatienceNs + Model::kSelectionNs);
        EXPECT_EQ(made(), before + (plan_is_known ? 1 : 0));
    }
}

TEST_F(MongoElection, IsLookedAtOnceWhereTheStoreIsKnownToBeAway) {
    EXPECT_EQ(create_without_primary(2 * kSecondNs, false), AC_CODE_DATABASE);
    EXPECT_EQ(vain_selections(), 1);
    EXPECT_EQ(made(), 0U);
}

// It may be in the store: that is found out for as long as there is time, also where the store is known to be away.
TEST_F(MongoElection, IsWaitedForBeforeALostInsertIsRepeated) {
    for (const bool waits : {false, true}) {
        const std::size_t before = made();
        EXPECT_EQ(create_before({{true, 2 * kSecondNs}}, waits), AC_CODE_OK);
        EXPECT_EQ(made(), before + 1);
    }
    EXPECT_EQ(vain_selections(), 4);
}

TEST_F(MongoElection, IsWaitedForBeforeWhatIsInTheWayIsLookedAt) {
    for (const bool waits : {false, true}) {
        const std::size_t before = made();
        EXPECT_EQ(create_before({{true, 0}, {false, 2 * kSecondNs}}, waits), AC_CODE_OK);
        EXPECT_EQ(made(), before + 1);
    }
    EXPECT_EQ(vain_selections(), 4);
}

}  // namespace
}  // namespace appcreate::test
