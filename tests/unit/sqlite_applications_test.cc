// Listing a large organization, which is read in another way than a small one, among the records of others.
#include "sqlite_support.h"

namespace appcreate::test {
namespace {

TEST(SqliteApplications, LargeOrganizationIsListedInOrderAndWhole) {
    SqliteUnderTest under_test;
    const auto store = under_test.open();
    const Org large = make_org(*store, "large");
    const Org small = make_org(*store, "small");
    constexpr std::size_t kLarge = 4800;
    for (std::size_t made = 0; made < kLarge; made += 240) {
        write_all(*store, named(large.key, "App " + std::to_string(made), 240));
        write_all(*store, named(small.key, "App", 10));
    }
    EXPECT_EQ(expect_sound(*store, large.slug).size(), kLarge);
    EXPECT_EQ(expect_sound(*store, small.slug).size(), 200U);
    const std::vector<std::string> all = list_apps(*store, large.slug);
    const auto after = ObjectId::parse(text_at(parse(all[3999]).get(), {"id"}));
    const auto rest = rows([&](const RowSink &sink) { store->app_list(large.slug, after, 700, sink); });
    EXPECT_EQ(rest, (std::vector<std::string>{all.begin() + 4000, all.begin() + 4700}));
}

}  // namespace
}  // namespace appcreate::test
