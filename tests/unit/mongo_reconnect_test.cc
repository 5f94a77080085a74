// A server that was away comes back with other data, in the middle of a create or between two: no create is judged by
// what the server said before.
#include <gtest/gtest.h>

#include "mongo/create/plan_cache.h"
#include "mongo/serve/write_loop.h"
#include "mongo_model.h"
#include "request/record.h"
#include "store_support.h"

namespace appcreate::test {
namespace {

constexpr std::int64_t kPatienceNs = 9'000'000'000;

class MongoReconnect : public ::testing::Test {
  protected:
    MongoReconnect() {
        organization().history = {0};
        id_.write_hex(key_.organization);
        id_.write_hex(key_.owner);
        key_.flags = AC_KEY_MAY_CREATE | AC_KEY_ORG_ENABLED;
    }

    int create() {
        int code = -1;
        scheduler_.add([&] {
            ModelServer server(model_);
            server.suffixes = &suffixes_;
            const auto create = named(key_, "Field notes");
            Create *one = create.get();
            failure_ =
                writing_.write(server, {&one, 1}, {server.now() + kPatienceNs, true}, [](std::span<Create *const>) {});
            code = code_of(*create);
            answer_ = std::string(create->answer().body.data, create->answer().body.len);
        });
        scheduler_.run([] {});
        return code;
    }
    // The server, from now on.
    void come_back(const std::function<void()> &change) {
        change();
        model_.connected_at = model_.clock;
        model_.clock += 1;
    }
    void come_back_before_the_insert(const std::function<void()> &change) {
        model_.before_insert = [this, change] { come_back(change); };
    }
    // Its providers: one that new applications get.
    void set_provider(const std::string &name) {
        organization().default_provider = provider_;
        const std::string json = render_provider(provider_.hex(), name, "eu", "{}", "s3");
        model_.providers = {std::make_shared<mongo::Provider>(mongo::Provider{provider_, id_, json, {}})};
    }
    void lose_organization() { model_.organizations.erase(id_); }
    void empty_and_limit(std::int64_t limit) {
        model_.documents.clear();
        organization().limit = limit;
        organization().filled_to = organization().next_place = 0;
    }
    Model::Organization &organization() { return model_.organizations[id_]; }
    Model &model() { return model_; }
    [[nodiscard]] const std::string &answer() const { return answer_; }
    // Of the last create: what its host says of the store.
    [[nodiscard]] bool is_store_well() const { return !failure_; }

  private:
    Scheduler scheduler_{1};
    Model model_{scheduler_};
    const ObjectId id_ = ObjectId::make();
    const ObjectId provider_ = ObjectId::make();
    ac_key key_{};
    std::map<std::pair<ObjectId, std::string>, std::int64_t> suffixes_;
    mongo::Writing writing_;
    std::optional<mongo::ServerFailure> failure_;
    std::string answer_;
};

TEST_F(MongoReconnect, APlanOfBeforeIsAskedForOnceMore) {
    ASSERT_EQ(create(), AC_CODE_OK);
    come_back([this] { lose_organization(); });
    EXPECT_EQ(create(), AC_CODE_NOT_FOUND) << "the plan is known, for a second";
    EXPECT_EQ(model().documents.size(), 1U);
}

TEST_F(MongoReconnect, ACreateIsJudgedAnewBeforeItIsInserted) {
    const std::int64_t start = model().clock;
    come_back_before_the_insert([this] { lose_organization(); });
    EXPECT_EQ(create(), AC_CODE_NOT_FOUND);
    EXPECT_TRUE(model().documents.empty());
    EXPECT_TRUE(is_store_well()) << "what waits behind it is not refused for that";
    EXPECT_LT(model().clock - start, mongo::kPlanValidNs) << "nor does anybody wait until what is known is old";
}

TEST_F(MongoReconnect, ALimitOfNowCounts) {
    come_back_before_the_insert([this] { organization().limit = 0; });
    EXPECT_EQ(create(), AC_CODE_LIMIT);
    EXPECT_TRUE(model().documents.empty());
    EXPECT_TRUE(is_store_well());
    come_back_before_the_insert([this] { organization().limit = 1; });
    organization().limit = std::nullopt;
    model().clock += 2'000'000'000;
    EXPECT_EQ(create(), AC_CODE_OK);
    ASSERT_EQ(model().documents.size(), 1U);
    EXPECT_EQ(model().documents.front().record.place, 1) << "and not its own id, as without a limit";
}

// A place beyond the limit would be one more than the limit.
TEST_F(MongoReconnect, APlaceOfBeforeIsNotTakenBeyondTheLimitOfNow) {
    organization().limit = 5;
    for (int i = 0; i < 2; ++i) ASSERT_EQ(create(), AC_CODE_OK);
    come_back_before_the_insert([this] { empty_and_limit(1); });
    EXPECT_EQ(create(), AC_CODE_OK);
    ASSERT_EQ(model().documents.size(), 1U);
    EXPECT_EQ(model().documents.front().record.place, 1);
}

TEST_F(MongoReconnect, NothingChangedMeansNothingForACreate) {
    come_back_before_the_insert([] {});
    EXPECT_EQ(create(), AC_CODE_OK);
    EXPECT_EQ(model().documents.size(), 1U);
}

// An older copy may have an earlier state of it.
TEST_F(MongoReconnect, TheStorageProviderOfNowIsAnswered) {
    set_provider("Before");
    come_back_before_the_insert([this] { set_provider("Now"); });
    EXPECT_EQ(create(), AC_CODE_OK);
    EXPECT_NE(answer().find("Now"), std::string::npos) << answer();
    EXPECT_EQ(answer().find("Before"), std::string::npos) << answer();
    come_back_before_the_insert([this] { model().providers.clear(); });
    EXPECT_EQ(create(), AC_CODE_OK);
    EXPECT_EQ(answer().find("Now"), std::string::npos) << answer();
}

// What was sent may be in the store that there was, and in the one that there is: nobody knows.
TEST_F(MongoReconnect, WhatMayBeThereIsNotDenied) {
    model().step_downs = {{true, 0}};
    model().before_insert = [this] {
        // That is the first one; its reply is lost. Then:
        model().before_insert = [this] { come_back([this] { lose_organization(); }); };
    };
    EXPECT_EQ(create(), AC_CODE_DATABASE);
    EXPECT_FALSE(is_store_well());
}

// What may be there, and what would be made now, are not the same record.
TEST_F(MongoReconnect, WhatMayBeThereIsNotMadeOtherwise) {
    const auto is_not_made = [this](const std::function<void()> &change) {
        model().step_downs = {{true, 0}};
        model().before_insert = [this, change] {
            come_back_before_the_insert([this, change] {
                model().documents.clear();
                change();
            });
        };
        EXPECT_EQ(create(), AC_CODE_DATABASE);
        EXPECT_TRUE(model().documents.empty());
        EXPECT_FALSE(is_store_well());
    };
    set_provider("Before");
    is_not_made([this] { organization().limit = 5; });
    is_not_made([this] { set_provider("Now"); });
    is_not_made([this] { model().providers.clear(); });
}

// Each look at it is over another connection than the insert would be.
TEST_F(MongoReconnect, OneThatComesAndGoesIsTriedForAsLongAsThereIsPatience) {
    const std::int64_t start = model().clock;
    int times = 0;
    const std::function<void()> flap = [&] {
        ++times;
        come_back([] {});
        model().before_insert = flap;
    };
    model().before_insert = flap;
    EXPECT_EQ(create(), AC_CODE_DATABASE);
    EXPECT_GT(times, 1);
    EXPECT_GE(model().clock - start, kPatienceNs);
    EXPECT_TRUE(model().documents.empty());
    EXPECT_FALSE(is_store_well());
}

// An older copy has free places where there were none.
TEST_F(MongoReconnect, ThatAnOrganizationWasFullIsForgotten) {
    organization().limit = 3;
    for (int i = 0; i < 3; ++i) ASSERT_EQ(create(), AC_CODE_OK);
    ASSERT_EQ(create(), AC_CODE_LIMIT);
    ASSERT_EQ(organization().filled_to, 3);
    come_back([this] { empty_and_limit(3); });
    for (int i = 0; i < 3; ++i) EXPECT_EQ(create(), AC_CODE_OK);
    EXPECT_EQ(create(), AC_CODE_LIMIT);
    EXPECT_EQ(model().broken, std::vector<std::string>());
}

}  // namespace
}  // namespace appcreate::test
