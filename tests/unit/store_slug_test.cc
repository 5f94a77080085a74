// Slugs in the store: unique in an organization, numbered where they are taken.
#include <set>
#include <thread>

#include "slug/slug.h"
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

// Names that stand at all the distances that a doubling search looks at, as somebody would choose them who knows it.
std::vector<std::string> names_at_doubling_distances(const std::string &base) {
    std::vector<std::string> out;
    for (std::uint64_t start = 1; start < 4; ++start) {
        for (unsigned k = 0; k < 64; ++k) out.push_back(base + " " + std::to_string(start + (std::uint64_t{1} << k)));
    }
    return out;
}

std::vector<std::unique_ptr<Create>> all_named(const ac_key &key, const std::vector<std::string> &names) {
    std::vector<std::unique_ptr<Create>> out;
    for (const std::string &name : names) out.push_back(named(key, name));
    return out;
}

TEST_P(StoreSlug, NamesInTheWayOfEveryStep) {
    EXPECT_EQ(create("Foo"), "foo");
    EXPECT_EQ(create("Foo"), "foo-2");
    std::vector<std::string> names = names_at_doubling_distances("Foo");
    names.insert(names.end(), {"Foo 007", "Foo 02", "Foo 99999999999999999999", "Foo 0"});
    write_all(*store_, all_named(org_.key, names));
    const auto validate = make_create(org_.key, {R"({"name":"Foo"})", "", true});
    write_one(*store_, *validate);
    EXPECT_EQ(code_of(*validate), AC_CODE_OK);
    create("Foo");
    const auto fresh = under_test_->open();
    const auto more = named(org_.key, "Foo", 30);
    write_all(*fresh, more);
    for (const auto &one : more) EXPECT_EQ(code_of(*one), AC_CODE_OK);
    expect_sound(*store_, org_.slug);
}

// Every other number is a name of its own: a batch of equal names meets one of them at each second step.
TEST_P(StoreSlug, EveryOtherNumberIsTaken) {
    std::vector<std::string> names = {"Foo"};
    for (int i = 2; i <= 400; i += 2) names.push_back("Foo " + std::to_string(i));
    write_all(*store_, all_named(org_.key, names));
    const auto more = named(org_.key, "Foo", 100);
    write_all(*store_, more);
    for (const auto &one : more) EXPECT_EQ(code_of(*one), AC_CODE_OK);
    EXPECT_EQ(expect_sound(*store_, org_.slug).size(), names.size() + more.size());
}

// Bases that are equal where they are cut share their numbers.
TEST_P(StoreSlug, LongBasesThatDifferBehindTheCut) {
    const std::string start(kMaxSlug - 2, 'a');
    std::vector<std::string> names;
    for (char c = 'a'; c <= 'z'; ++c) names.push_back(start + c + c);
    write_all(*store_, all_named(org_.key, names));
    const auto again = all_named(org_.key, names);
    write_all(*store_, again);
    for (const auto &one : again) {
        EXPECT_EQ(code_of(*one), AC_CODE_OK);
        EXPECT_LE(slug_of(*one).size(), kMaxSlug);
    }
    EXPECT_EQ(expect_sound(*store_, org_.slug).size(), 2 * names.size());
}

INSTANTIATE_STORES(StoreSlug);

}  // namespace
}  // namespace appcreate::test
