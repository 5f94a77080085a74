// The limit of an organization: never more, and no refusal while a place is free.
#include <unistd.h>

#include <algorithm>
#include <thread>

#include "store_support.h"
#include "support/child.h"

namespace appcreate::test {
namespace {

class StoreLimit : public StoreTest {};

std::size_t count(const std::vector<std::unique_ptr<Create>> &creates, int code) {
    return static_cast<std::size_t>(
        std::count_if(creates.begin(), creates.end(), [code](const auto &create) { return code_of(*create) == code; }));
}

TEST_P(StoreLimit, ExactlyInOneBatch) {
    const Org org = make_org(*store_, "acme", 5);
    const auto creates = named(org.key, "App", 8);
    write_all(*store_, creates);
    for (std::size_t i = 0; i < creates.size(); ++i) {
        EXPECT_EQ(code_of(*creates[i]), i < 5 ? AC_CODE_OK : AC_CODE_LIMIT) << i;
    }
    EXPECT_EQ(expect_sound(*store_, org.slug).size(), 5U);
}

TEST_P(StoreLimit, OfZero) {
    const Org org = make_org(*store_, "acme", 0);
    const auto create = named(org.key, "App");
    write_one(*store_, *create);
    EXPECT_EQ(code_of(*create), AC_CODE_LIMIT);
    EXPECT_EQ(create->answer().status, 400);
}

TEST_P(StoreLimit, RaisedLoweredAndRemoved) {
    const Org org = make_org(*store_, "acme", 2);
    const auto create = [&] {
        const auto made = named(org.key, "App");
        write_one(*store_, *made);
        return code_of(*made);
    };
    EXPECT_EQ(create(), AC_CODE_OK);
    EXPECT_EQ(create(), AC_CODE_OK);
    EXPECT_EQ(create(), AC_CODE_LIMIT);
    set_limit(*store_, org.slug, 3);
    know_change();
    EXPECT_EQ(create(), AC_CODE_OK);
    set_limit(*store_, org.slug, 1);
    know_change();
    EXPECT_EQ(create(), AC_CODE_LIMIT);
    set_limit(*store_, org.slug, std::nullopt);
    know_change();
    EXPECT_EQ(create(), AC_CODE_OK);
    EXPECT_EQ(expect_sound(*store_, org.slug).size(), 4U);
}

TEST_P(StoreLimit, RefusalsLeavePlacesFree) {
    const Org org = make_org(*store_, "acme", 2);
    std::vector<std::unique_ptr<Create>> creates;
    for (int i = 0; i < 3; ++i) {
        creates.push_back(make_create(
            org.key, {R"({"name":"A","configuration":{"storageProvider":"507f1f77bcf86cd799439011"}})", "", false}));
        creates.push_back(make_create(org.key, {R"({"name":"A"})", "", true}));
    }
    write_all(*store_, creates);
    const auto good = named(org.key, "App", 2);
    write_all(*store_, good);
    EXPECT_EQ(count(good, AC_CODE_OK), 2U);
}

TEST_P(StoreLimit, HoldsUnderManyThreads) {
    constexpr std::size_t kThreads = 8, kEach = 16, kPlaces = 10;
    const Org org = make_org(*store_, "acme", kPlaces);
    std::vector<std::vector<std::unique_ptr<Create>>> creates;
    for (std::size_t i = 0; i < kThreads; ++i) creates.push_back(named(org.key, "App", kEach));
    {
        std::vector<std::jthread> threads;
        for (std::size_t i = 0; i < kThreads; ++i) {
            threads.emplace_back([&, i] {
                const auto own = under_test_->open();
                write_all(i % 2 == 0 ? *own : *store_, creates[i], 1);
            });
        }
    }
    std::size_t made = 0;
    for (const auto &mine : creates) {
        made += count(mine, AC_CODE_OK);
        EXPECT_EQ(count(mine, AC_CODE_OK) + count(mine, AC_CODE_LIMIT), kEach);
    }
    EXPECT_EQ(made, kPlaces);
    EXPECT_EQ(expect_sound(*store_, org.slug).size(), kPlaces);
}

TEST_P(StoreLimit, HoldsOverTwoProcesses) {
    constexpr std::size_t kEach = 300, kPlaces = 100;
    const Org org = make_org(*store_, "acme", kPlaces);
    store_.reset();
    std::vector<Child> children;
    for (int i = 0; i < 2; ++i) {
        children.emplace_back([&] {
            const auto store = under_test_->open();
            const auto creates = named(org.key, "App", kEach);
            Pending pending(3);
            pending.add(creates);
            store->write(pending.source(), in_ms(20'000));
            const bool all = count(creates, AC_CODE_OK) + count(creates, AC_CODE_LIMIT) == kEach;
            return all ? static_cast<int>(count(creates, AC_CODE_OK)) : 255;
        });
    }
    std::size_t made = 0;
    for (Child &child : children) {
        const int status = child.wait();
        ASSERT_LE(status, static_cast<int>(kPlaces));
        made += static_cast<std::size_t>(status);
    }
    store_ = under_test_->open();
    EXPECT_EQ(made, kPlaces);
    EXPECT_EQ(expect_sound(*store_, org.slug).size(), kPlaces);
}

INSTANTIATE_STORES(StoreLimit);

}  // namespace
}  // namespace appcreate::test
