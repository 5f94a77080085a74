// Numbers behind taken slugs, many bases at once: what it costs, and that all are free.
#include "mongo/create/slug_numbers.h"

#include <gtest/gtest.h>

#include <set>

#include "mongo_model.h"
#include "slug/slug.h"

namespace appcreate::test {
namespace {

// The slugs and counters of one organization; counts what it is asked.
class SlugServer : public ModelServer {
  public:
    explicit SlugServer(Model &model) : ModelServer(model) {}
    std::int64_t next_suffix(const ObjectId &, std::string_view base, std::int64_t count) override {
        ++counted;
        return counters[std::string(base)] += count;
    }
    std::vector<std::string> taken_slugs(const ObjectId &, std::span<const std::string> slugs) override {
        ++looked;
        std::vector<std::string> out;
        for (const std::string &slug : slugs) {
            if (taken.contains(slug)) out.push_back(slug);
        }
        return out;
    }
    std::set<std::string> taken;
    std::map<std::string, std::int64_t> counters;
    int counted = 0;
    int looked = 0;
};

class MongoNumbers : public testing::Test {
  protected:
    struct One {
        mongo::Draft draft;
        std::int64_t number = 0;
    };
    One &add(const std::string &base, std::int64_t number) {
        One &one = ones_.emplace_back();
        one.draft.plan = plan_;
        one.draft.base = base;
        one.number = number;
        return one;
    }
    void give() {
        std::vector<mongo::Unnamed> unnamed;
        for (One &one : ones_) unnamed.push_back({&one.draft, &one.number});
        give_numbers(server_, unnamed);
    }
    void expect_free() {
        std::set<std::string> seen;
        for (const One &one : ones_) {
            EXPECT_FALSE(server_.taken.contains(one.draft.slug)) << one.draft.slug;
            EXPECT_TRUE(seen.insert(one.draft.slug).second) << one.draft.slug;
            EXPECT_EQ(one.draft.slug, numbered_slug(one.draft.base, static_cast<std::uint64_t>(one.number)));
        }
    }

    Scheduler scheduler_{1};
    Model model_{scheduler_};
    SlugServer server_{model_};
    std::deque<One> ones_;

  private:
    std::shared_ptr<mongo::Plan> plan_ = std::make_shared<mongo::Plan>();
};

TEST_F(MongoNumbers, ManyBasesAreLookedForTogether) {
    for (int i = 0; i < 250; ++i) {
        const std::string base = "name-" + std::to_string(i) + "-x";
        server_.taken.insert(base);
        for (int number = 2; number < 20 + i; ++number) server_.taken.insert(base + "-" + std::to_string(number));
        server_.counters[base] = 1;
        add(base, 2);
    }
    give();
    expect_free();
    for (int i = 0; i < 250; ++i) EXPECT_EQ(ones_[static_cast<std::size_t>(i)].number, 20 + i);
    EXPECT_EQ(server_.counted, 250);
    EXPECT_LE(server_.looked, 4);
    // The counters have gone past them: who comes next need not look.
    server_.looked = 0;
    for (One &one : ones_) server_.taken.insert(one.draft.slug);
    for (One &one : ones_) one.number = 0;
    give();
    expect_free();
    EXPECT_EQ(server_.looked, 0);
}

TEST_F(MongoNumbers, ABatchGetsWhatIsFreeAmongOthers) {
    for (int number = 1; number < 600; number += 2) server_.taken.insert("foo-" + std::to_string(number));
    server_.taken.insert("foo-2");
    server_.counters["foo"] = 2;
    for (int i = 0; i < 100; ++i) add("foo", 3);
    give();
    expect_free();
    for (const One &one : ones_) EXPECT_LT(one.number, 400);
    EXPECT_LE(server_.looked, 4);
}

// All that the counter may hand out is taken but for one.
TEST_F(MongoNumbers, WhatTheCounterCannotGiveIsDrawnFarOff) {
    for (int number = 1; number < 3000; ++number) server_.taken.insert("foo-" + std::to_string(number));
    server_.taken.erase("foo-2000");
    server_.counters["foo"] = 1;
    for (int i = 0; i < 250; ++i) add("foo", 2);
    give();
    expect_free();
    EXPECT_LE(server_.looked, 6);
}

// Another gateway counted meanwhile, to where names of their own stand.
TEST_F(MongoNumbers, ACounterThatWasMovedIsLookedAt) {
    for (int number = 2; number < 100; ++number) server_.taken.insert("foo-" + std::to_string(number));
    for (int number = 150; number < 400; ++number) server_.taken.insert("foo-" + std::to_string(number));
    server_.counters["foo"] = 70;
    add("foo", 2);
    give();
    expect_free();
}

// Bases that are equal where they are cut.
TEST_F(MongoNumbers, WhatIsCutToTheSameSlugIsGivenOnce) {
    const std::string start(kMaxSlug - 2, 'a');
    for (char c = 'a'; c <= 'z'; ++c) add(start + c + c, 0);
    give();
    expect_free();
    for (const One &one : ones_) EXPECT_LE(one.number, 27);
    for (int number = 2; number < 40; ++number)
        server_.taken.insert(numbered_slug(start, static_cast<unsigned>(number)));
    give();
    expect_free();
}

}  // namespace
}  // namespace appcreate::test
