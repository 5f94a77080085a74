// A freeze that comes while a create is on its way to MongoDB, where no insert can look at it.
#include <gtest/gtest.h>

#include "mongo/serve/write_loop.h"
#include "mongo_model.h"
#include "store_support.h"

namespace appcreate::test {
namespace {

constexpr std::int64_t kSecondNs = 1'000'000'000;

class MongoFreeze : public ::testing::Test {
  protected:
    MongoFreeze() {
        model_.organizations[organization_].history = {0};
        organization_.write_hex(key_.organization);
        organization_.write_hex(key_.owner);
        key_.flags = AC_KEY_MAY_CREATE | AC_KEY_ORG_ENABLED;
    }

    // The code of a create whose insert takes so long; `meanwhile` comes in between.
    int create(std::int64_t ns, const std::function<void()> &meanwhile, const std::string &idempotency_key = {}) {
        int code = -1;
        model_.before_insert = [&, ns, meanwhile] {
            meanwhile();
            model_.clock += ns;
        };
        scheduler_.add([&] {
            ModelServer server(model_);
            server.suffixes = &suffixes_;
            const auto made = make_create(key_, {R"({"name":"Field notes"})", idempotency_key});
            Create *one = made.get();
            writing_.write(server, {&one, 1}, {server.now() + 60 * kSecondNs, false}, [](std::span<Create *const>) {});
            code = code_of(*made);
        });
        scheduler_.run([] {});
        return code;
    }

    Scheduler scheduler_{1};
    Model model_{scheduler_};
    const ObjectId organization_ = ObjectId::make();
    ac_key key_{};
    std::map<std::pair<ObjectId, std::string>, std::int64_t> suffixes_;
    mongo::Writing writing_;
};

TEST_F(MongoFreeze, WhatIsAcknowledgedInTimeIsWaitedForByTheFreeze) {
    EXPECT_EQ(create(kSecondNs, [this] { model_.frozen = 30; }), AC_CODE_OK);
}

// It is in the store, where a copy may have missed it.
TEST_F(MongoFreeze, ALateCreateIsNotAcknowledged) {
    EXPECT_EQ(create(3 * kSecondNs, [this] { model_.frozen = 30; }), AC_CODE_DATABASE);
    EXPECT_EQ(model_.documents.size(), 1U);
}

TEST_F(MongoFreeze, NorOneOfAFrozenOrganization) {
    EXPECT_EQ(create(3 * kSecondNs, [this] { model_.organizations[organization_].frozen = 30; }), AC_CODE_DATABASE);
}

TEST_F(MongoFreeze, ALateCreateIsAcknowledgedWhereNothingIsFrozen) {
    EXPECT_EQ(create(3 * kSecondNs, [] {}), AC_CODE_OK);
}

// What it repeats may have come late itself.
TEST_F(MongoFreeze, NorIsALateRepetition) {
    EXPECT_EQ(create(
                  0, [] {}, "key"),
              AC_CODE_OK);
    EXPECT_EQ(create(
                  0, [] {}, "key"),
              AC_CODE_OK);
    model_.before_find = [this] {
        model_.frozen = 30;
        model_.clock += 3 * kSecondNs;
    };
    EXPECT_EQ(create(
                  0, [] {}, "key"),
              AC_CODE_DATABASE);
}

// Another server may be there, and say so.
TEST_F(MongoFreeze, IsSeenWhenTheServerIsConnectedToAnew) {
    const int code = create(0, [this] {
        model_.organizations[organization_].frozen = 30;
        model_.connected_at = model_.clock;
        model_.clock += 1;
    });
    EXPECT_EQ(code, AC_CODE_BUSY);
    EXPECT_TRUE(model_.documents.empty());
}

}  // namespace
}  // namespace appcreate::test
