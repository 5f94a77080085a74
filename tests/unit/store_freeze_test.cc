// Freezes: creates stop, for one organization or for all, and nothing is acknowledged that a copy might miss.
#include <algorithm>
#include <atomic>
#include <mutex>
#include <set>
#include <thread>

#include "copy/copy.h"
#include "store_support.h"
#include "support/wait.h"

namespace appcreate::test {
namespace {

constexpr Freeze kSeconds = 30;

class StoreFreeze : public StoreTest {
  protected:
    void prepare() override { org_ = make_org(*store_); }
    static int create(Store &store, const Org &org) {
        const auto made = named(org.key, "App");
        write_one(store, *made);
        return code_of(*made);
    }
    [[nodiscard]] bool is_shown_frozen(const Org &org) {
        return Json::parse(row([&](const RowSink &sink) { store_->org_show(org.slug, sink); })).at("/frozen").text() ==
               "true";
    }

    Org org_;
};

TEST_P(StoreFreeze, StopsTheWholeStore) {
    const Org other = make_org(*store_, "other");
    const auto serving = under_test_->serve();
    EXPECT_EQ(create(*serving, org_), AC_CODE_OK);
    EXPECT_EQ(store_->frozen(), 0);
    EXPECT_EQ(store_->freeze("", kSeconds), 0);
    EXPECT_EQ(store_->frozen(), kSeconds);
    const auto refused = named(org_.key, "App");
    write_one(*serving, *refused);
    EXPECT_EQ(refused->answer().status, 503);
    EXPECT_EQ(refused->answer().code, AC_CODE_BUSY);
    EXPECT_EQ(refused->answer().retry_after, kSeconds);
    EXPECT_EQ(create(*serving, other), AC_CODE_BUSY);
    // Where another process writes for it, it is seen a little later.
    EXPECT_TRUE(eventually([&] { return serving->stats().frozen == kSeconds; }));
    // It is no organization's own.
    EXPECT_FALSE(is_shown_frozen(org_));

    EXPECT_EQ(store_->freeze("", 7), kSeconds);
    EXPECT_EQ(store_->frozen(), 7);
    EXPECT_EQ(store_->thaw(""), 7);
    EXPECT_EQ(store_->thaw(""), 0);
    EXPECT_EQ(store_->frozen(), 0);
    EXPECT_TRUE(eventually([&] { return create(*serving, org_) == AC_CODE_OK; }));
    EXPECT_TRUE(eventually([&] { return serving->stats().frozen == 0; }));
    EXPECT_EQ(expect_sound(*store_, org_.slug).size(), 2U);
}

TEST_P(StoreFreeze, StopsOneOrganization) {
    const Org other = make_org(*store_, "other");
    const auto serving = under_test_->serve();
    EXPECT_EQ(create(*serving, org_), AC_CODE_OK);
    EXPECT_EQ(store_->freeze(org_.slug, kSeconds), 0);
    EXPECT_TRUE(is_shown_frozen(org_));
    EXPECT_FALSE(is_shown_frozen(other));
    EXPECT_EQ(create(*serving, org_), AC_CODE_BUSY);
    EXPECT_EQ(create(*serving, other), AC_CODE_OK);
    EXPECT_EQ(store_->frozen(), 0);
    // The store's freeze is another one.
    EXPECT_EQ(store_->freeze("", 5), 0);
    EXPECT_EQ(store_->thaw(""), 5);
    EXPECT_TRUE(is_shown_frozen(org_));
    EXPECT_EQ(store_->freeze(org_.id, 9), kSeconds);
    EXPECT_EQ(store_->thaw(org_.id), 9);
    EXPECT_FALSE(is_shown_frozen(org_));
    EXPECT_TRUE(eventually([&] { return create(*serving, org_) == AC_CODE_OK; }));
    EXPECT_EQ(status_of([&] { store_->freeze("nobody", kSeconds); }), AC_ENOTFOUND);
    EXPECT_EQ(status_of([&] { store_->thaw("nobody"); }), AC_ENOTFOUND);
    // What else is said of the organization is as it was.
    set_limit(*store_, org_.slug, 7);
    EXPECT_FALSE(is_shown_frozen(org_));
    expect_sound(*store_, org_.slug);
}

TEST_P(StoreFreeze, WhatIsOnlyValidatedIsAnsweredAsUsual) {
    store_->freeze("", kSeconds);
    store_->freeze(org_.slug, kSeconds);
    const auto create = make_create(org_.key, {R"({"name":"App"})", "", true});
    write_one(*store_, *create);
    EXPECT_EQ(code_of(*create), AC_CODE_OK);
    EXPECT_EQ(store_->app_count(org_.slug), 0U);
}

// Where a create of unknown outcome may come into the store behind a copy, nothing is told of it until the thaw.
TEST_P(StoreFreeze, AKeptAnswerIsRepeatedWhereACopyHasIt) {
    const Order order{R"({"name":"Kept"})", "key-1"};
    const auto first = make_create(org_.key, order);
    write_one(*store_, *first);
    EXPECT_EQ(code_of(*first), AC_CODE_OK);
    store_->freeze("", kSeconds);
    const auto repeat = [&](const Order &what) {
        auto create = make_create(org_.key, what);
        write_one(*store_, *create);
        return create;
    };
    const auto again = repeat(order);
    if (GetParam().replays_in_freeze) {
        EXPECT_EQ(answer_body(*again), answer_body(*first));
        EXPECT_EQ(again->answer().flags, AC_ANSWER_REPLAYED);
        EXPECT_EQ(code_of(*repeat({R"({"name":"Other"})", "key-1"})), AC_CODE_KEY_REUSED);
    } else {
        EXPECT_EQ(code_of(*again), AC_CODE_BUSY);
    }
    EXPECT_EQ(code_of(*repeat({R"({"name":"Kept"})", "key-2"})), AC_CODE_BUSY);
    store_->thaw("");
    know_change();
    EXPECT_EQ(answer_body(*repeat(order)), answer_body(*first));
    EXPECT_EQ(store_->app_count(org_.slug), 1U);
}

TEST_P(StoreFreeze, APlaceIsNotLost) {
    const Org full = make_org(*store_, "full", 2);
    EXPECT_EQ(create(*store_, full), AC_CODE_OK);
    store_->freeze("full", kSeconds);
    EXPECT_EQ(create(*store_, full), AC_CODE_BUSY);
    store_->thaw("full");
    know_change();
    EXPECT_EQ(create(*store_, full), AC_CODE_OK);
    EXPECT_EQ(create(*store_, full), AC_CODE_LIMIT);
    expect_sound(*store_, "full");
}

// Gateways create all the while. What any of them has acknowledged, whenever, is there when the freeze has returned.
TEST_P(StoreFreeze, IsAFence) {
    constexpr int kGateways = 3;
    std::mutex mutex;
    std::set<std::string> acknowledged;
    std::atomic<int> refused = 0;
    std::atomic<bool> is_over = false;
    std::set<std::string> there;
    {
        std::vector<std::jthread> gateways;
        for (int i = 0; i < kGateways; ++i) {
            gateways.emplace_back([&] {
                const auto store = under_test_->serve();
                while (!is_over) {
                    const auto creates = named(org_.key, "App", 3);
                    write_all(*store, creates);
                    const std::lock_guard lock(mutex);
                    for (const auto &create : creates) {
                        if (code_of(*create) == AC_CODE_OK) acknowledged.insert(id_of(*create));
                        if (code_of(*create) == AC_CODE_BUSY) ++refused;
                    }
                }
            });
        }
        EXPECT_TRUE(eventually([&] {
            const std::lock_guard lock(mutex);
            return acknowledged.size() >= 20;
        }));
        store_->freeze("", kSeconds);
        for (const std::string &record : list_apps(*store_, org_.slug)) {
            there.insert(Json::parse(record).string("/id"));
        }
        const int before = refused;
        EXPECT_TRUE(eventually([&] { return refused > before + 20; }));
        is_over = true;
    }
    EXPECT_TRUE(std::includes(there.begin(), there.end(), acknowledged.begin(), acknowledged.end()));
    EXPECT_EQ(expect_sound(*store_, org_.slug).size(), there.size());
}

// Its own freezes are a store's affair, and a copy serves at once.
TEST_P(StoreFreeze, IsNotCopied) {
    EXPECT_EQ(create(*store_, org_), AC_CODE_OK);
    store_->freeze("", kSeconds);
    store_->freeze(org_.slug, kSeconds);
    const auto target = GetParam().make();
    const auto to = target->open();
    EXPECT_TRUE(copy_store(*store_, *to, {}).has_value());
    // Once more: what is there is the same.
    EXPECT_TRUE(copy_store(*store_, *to, {}).has_value());
    EXPECT_EQ(to->frozen(), 0);
    EXPECT_EQ(create(*to, org_), AC_CODE_OK);
    EXPECT_EQ(store_->frozen(), kSeconds);
    EXPECT_TRUE(is_shown_frozen(org_));
}

INSTANTIATE_STORES(StoreFreeze);

}  // namespace
}  // namespace appcreate::test
