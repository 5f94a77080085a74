// Idempotency-Keys: at most one application each, the same bytes again.
#include <thread>

#include "store_support.h"

namespace appcreate::test {
namespace {

class StoreIdempotency : public StoreTest {
  protected:
    void prepare() override { org_ = make_org(*store_); }
    std::unique_ptr<Create> send(const std::string &key, const std::string &body = R"({"name":"My App"})") {
        auto create = make_create(org_.key, {body, key, false});
        write_one(*store_, *create);
        return create;
    }
    static bool is_replay(const Create &create) { return (create.answer().flags & AC_ANSWER_REPLAYED) != 0; }

    Org org_;
};

TEST_P(StoreIdempotency, ReplaysTheSameBytes) {
    const std::string body = "{\"name\":\"\u00c4pp \\\"1\\\"\",\"metadata\":{\"a.b\":1.50,\"\":\"\\u0000\"}}";
    const auto first = send("k", body);
    store_ = under_test_->open();
    const auto second = send("k", body);
    EXPECT_FALSE(is_replay(*first));
    EXPECT_TRUE(is_replay(*second));
    EXPECT_EQ(second->answer().status, 200);
    EXPECT_EQ(answer_body(*second), answer_body(*first));
    EXPECT_EQ(expect_sound(*store_, org_.slug).size(), 1U);
}

TEST_P(StoreIdempotency, AnotherKeyCreatesAnother) {
    const auto first = send("k1");
    const auto second = send("k2");
    EXPECT_NE(id_of(*first), id_of(*second));
    EXPECT_EQ(store_->app_count(org_.slug), 2U);
}

TEST_P(StoreIdempotency, AnotherBodyIsRefused) {
    send("k");
    const auto other = send("k", R"({"name":"My App" })");
    EXPECT_EQ(code_of(*other), AC_CODE_KEY_REUSED);
    EXPECT_EQ(other->answer().status, 422);
    EXPECT_EQ(store_->app_count(org_.slug), 1U);
}

TEST_P(StoreIdempotency, IsScopedToTheApiKey) {
    const auto first = send("k");
    KeySpec spec;
    spec.org = org_.slug;
    spec.owner = ObjectId::make();
    spec.permissions = {AC_PERMISSION_CREATE};
    spec.token = "another-token-of-32-characters-or-more";
    store_->key_create(spec, [](std::string_view) { return true; });
    const auto other = make_create(find_key(*store_, spec.token).key, {R"({"name":"My App"})", "k", false});
    write_one(*store_, *other);
    EXPECT_FALSE(is_replay(*other));
    EXPECT_NE(id_of(*other), id_of(*first));
}

TEST_P(StoreIdempotency, ReplaysWhenTheLimitWasReachedSince) {
    const auto first = send("k");
    set_limit(*store_, org_.slug, 1);
    know_change();
    EXPECT_EQ(code_of(*send("other")), AC_CODE_LIMIT);
    EXPECT_EQ(answer_body(*send("k")), answer_body(*first));
}

TEST_P(StoreIdempotency, OnlySuccessIsKept) {
    set_limit(*store_, org_.slug, 0);
    EXPECT_EQ(code_of(*send("k")), AC_CODE_LIMIT);
    set_limit(*store_, org_.slug, 1);
    know_change();
    const auto retried = send("k");
    EXPECT_EQ(code_of(*retried), AC_CODE_OK);
    EXPECT_FALSE(is_replay(*retried));
}

TEST_P(StoreIdempotency, SameKeyTwiceInOneBatch) {
    std::vector<std::unique_ptr<Create>> creates;
    for (const char *name : {"A", "A", "B"}) {
        creates.push_back(make_create(org_.key, {R"({"name":")" + std::string(name) + "\"}", "k", false}));
    }
    write_all(*store_, creates);
    EXPECT_EQ(code_of(*creates[0]), AC_CODE_OK);
    EXPECT_TRUE(is_replay(*creates[1]));
    EXPECT_EQ(answer_body(*creates[1]), answer_body(*creates[0]));
    EXPECT_EQ(code_of(*creates[2]), AC_CODE_KEY_REUSED);
    EXPECT_EQ(expect_sound(*store_, org_.slug).size(), 1U);
}

TEST_P(StoreIdempotency, ExpiredKeyIsNew) {
    const auto first = send("k");
    under_test_->expire_requests();
    const auto second = send("k", R"({"name":"Another"})");
    EXPECT_EQ(code_of(*second), AC_CODE_OK);
    EXPECT_FALSE(is_replay(*second));
    EXPECT_NE(id_of(*second), id_of(*first));
    const auto third = send("k", R"({"name":"Another"})");
    EXPECT_TRUE(is_replay(*third));
    EXPECT_EQ(expect_sound(*store_, org_.slug).size(), 2U);
}

TEST_P(StoreIdempotency, ValidateOnlyIgnoresIt) {
    const auto first = make_create(org_.key, {R"({"name":"My App"})", "k", true});
    write_one(*store_, *first);
    EXPECT_FALSE(is_replay(*send("k")));
    const auto again = make_create(org_.key, {R"({"name":"Other"})", "k", true});
    write_one(*store_, *again);
    EXPECT_EQ(code_of(*again), AC_CODE_OK);
}

TEST_P(StoreIdempotency, OneApplicationFromManyAtOnce) {
    constexpr std::size_t kThreads = 8;
    std::vector<std::unique_ptr<Create>> creates;
    for (std::size_t i = 0; i < kThreads; ++i)
        creates.push_back(make_create(org_.key, {R"({"name":"A"})", "k", false}));
    {
        std::vector<std::jthread> threads;
        for (std::size_t i = 0; i < kThreads; ++i) {
            threads.emplace_back([&, i] { write_one(*under_test_->open(), *creates[i]); });
        }
    }
    std::size_t replays = 0;
    for (const auto &create : creates) {
        EXPECT_EQ(code_of(*create), AC_CODE_OK);
        EXPECT_EQ(answer_body(*create), answer_body(*creates[0]));
        replays += is_replay(*create) ? 1 : 0;
    }
    EXPECT_EQ(replays, kThreads - 1);
    EXPECT_EQ(expect_sound(*store_, org_.slug).size(), 1U);
}

INSTANTIATE_STORES(StoreIdempotency);

}  // namespace
}  // namespace appcreate::test
