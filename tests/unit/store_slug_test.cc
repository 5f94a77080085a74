// Slugs in the store: unique in an organization, numbered where they are taken.
#include <set>
#include <thread>

#include "slug.h"
#include "store_support.h"

namespace appcreate::test {
namespace {

class StoreSlug : public StoreTest {
  protected:
    void prepare() override { org_ = make_org(*store_); }
    std::string create(std::string_view name) {
        const auto made = named(org_.key, name);
        write_one(*store_, *made);
        EXPECT_EQ(code_of(*made), AC_CODE_OK);
        return slug_of(*made);
    }

    Org org_;
};

TEST_P(StoreSlug, SeriesInOneBatch) {
    const auto creates = named(org_.key, "My App", 40);
    write_all(*store_, creates);
    EXPECT_EQ(slug_of(*creates[0]), "my-app");
    for (std::size_t i = 1; i < creates.size(); ++i) {
        EXPECT_EQ(slug_of(*creates[i]), "my-app-" + std::to_string(i + 1));
    }
    expect_sound(*store_, org_.slug);
}

TEST_P(StoreSlug, SeriesOverBatchesAndHandles) {
    for (int i = 1; i <= 12; ++i) {
        const auto other = under_test_->open();
        const auto made = named(org_.key, "My App");
        write_one(i % 3 == 0 ? *other : *store_, *made);
        EXPECT_EQ(slug_of(*made), i == 1 ? "my-app" : "my-app-" + std::to_string(i));
    }
}

TEST_P(StoreSlug, TakenNumberIsSkipped) {
    EXPECT_EQ(create("My App 3"), "my-app-3");
    EXPECT_EQ(create("My App 2"), "my-app-2");
    EXPECT_EQ(create("My App"), "my-app");
    EXPECT_EQ(create("My App"), "my-app-4");
    EXPECT_EQ(create("My App"), "my-app-5");
    expect_sound(*store_, org_.slug);
}

TEST_P(StoreSlug, NumbersOfANumberedName) {
    EXPECT_EQ(create("My App 2"), "my-app-2");
    EXPECT_EQ(create("My App 2"), "my-app-2-2");
    expect_sound(*store_, org_.slug);
}

TEST_P(StoreSlug, IsUniqueWithinItsOrganizationOnly) {
    const Org other = make_org(*store_, "other");
    EXPECT_EQ(create("My App"), "my-app");
    const auto made = named(other.key, "My App");
    write_one(*store_, *made);
    EXPECT_EQ(slug_of(*made), "my-app");
}

TEST_P(StoreSlug, LongBaseIsCutForItsNumber) {
    const std::string name(kMaxSlug, 'a');
    EXPECT_EQ(create(name), name);
    EXPECT_EQ(create(name), numbered_slug(name, 2));
    EXPECT_EQ(create(name).size(), kMaxSlug);
    expect_sound(*store_, org_.slug);
}

TEST_P(StoreSlug, NothingLeftOfTheName) {
    const auto made = named(org_.key, "\U0001F600");
    write_one(*store_, *made);
    EXPECT_EQ(slug_of(*made), "app-" + id_of(*made).substr(16));
}

TEST_P(StoreSlug, ValidateOnlyFindsTheNextNumber) {
    write_all(*store_, named(org_.key, "My App", 9));
    const auto fresh = under_test_->open();
    const auto create = make_create(org_.key, {R"({"name":"My App"})", "", true});
    write_one(*fresh, *create);
    EXPECT_EQ(slug_of(*create), "my-app-10");
}

// Without a hint: another handle has to search a long series.
TEST_P(StoreSlug, ColdSearchOfALongSeries) {
    write_all(*store_, named(org_.key, "My App", 1500));
    const auto fresh = under_test_->open();
    const auto creates = named(org_.key, "My App", 2);
    write_all(*fresh, creates);
    EXPECT_EQ(slug_of(*creates[0]), "my-app-1501");
    EXPECT_EQ(slug_of(*creates[1]), "my-app-1502");
}

TEST_P(StoreSlug, ConcurrentCreatesOfOneNameAllSucceed) {
    constexpr std::size_t kThreads = 8, kEach = 25;
    std::vector<std::vector<std::unique_ptr<Create>>> creates;
    for (std::size_t i = 0; i < kThreads; ++i) creates.push_back(named(org_.key, "My App", kEach));
    {
        std::vector<std::jthread> threads;
        for (std::size_t i = 0; i < kThreads; ++i) {
            threads.emplace_back([&, i] {
                const auto own = under_test_->open();
                write_all(i % 2 == 0 ? *own : *store_, creates[i], 7);
            });
        }
    }
    std::set<std::string> slugs;
    for (const auto &mine : creates) {
        for (const auto &create : mine) {
            EXPECT_EQ(code_of(*create), AC_CODE_OK);
            slugs.insert(slug_of(*create));
        }
    }
    EXPECT_EQ(slugs.size(), kThreads * kEach);
    EXPECT_EQ(expect_sound(*store_, org_.slug).size(), kThreads * kEach);
}

INSTANTIATE_STORES(StoreSlug);

}  // namespace
}  // namespace appcreate::test
