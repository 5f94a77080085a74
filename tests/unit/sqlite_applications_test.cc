// Listing a large organization, which is read in another way than a small one, among the records of others.
#include "sqlite/admin/applications.h"
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
    const auto after = ObjectId::parse(Json::parse(all[3999]).string("/id"));
    const auto rest = rows([&](const RowSink &sink) { store->app_list(large.slug, after, 700, sink); });
    EXPECT_EQ(rest, (std::vector<std::string>{all.begin() + 4000, all.begin() + 4700}));
}

// Applications as rows: of ids that begin with `letter`, in an order that is not that of their slugs.
void add_rows(Stranger &stranger, const Org &org, char letter, int n) {
    stranger.execute("WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < " +
                     std::to_string(n - 1) + ") INSERT INTO applications SELECT NULL, o.rowid, CAST(printf('" + letter +
                     "%011d', (i * 7919) % " + std::to_string(n) + ") AS BLOB), '" + letter +
                     "-app-' || i, 0, printf('{\"n\":%d}', (i * 7919) % " + std::to_string(n) +
                     ") FROM n, organizations o WHERE o.slug = '" + org.slug + "'");
    stranger.execute(
        "UPDATE organizations AS o SET applications ="
        " (SELECT count(*) FROM applications a WHERE a.organization = o.rowid)");
}

std::vector<std::string> numbers(int from, int to) {
    std::vector<std::string> out;
    for (int i = from; i < to; ++i) out.push_back("{\"n\":" + std::to_string(i) + "}");
    return out;
}

class SqliteApplicationPages : public testing::Test {
  protected:
    // What `all` rows at most cost SQLite, in instructions of its machine.
    std::int64_t cost_of(const std::optional<ObjectId> &after, std::size_t max,
                         const std::vector<std::string> &expected) {
        const sqlite::Connection connection(under_test_.path(), sqlite::Use::kRead, in_ms(20'000));
        std::int64_t instructions = 0;
        sqlite3_progress_handler(
            connection.raw(), 100, [](void *n) { return *static_cast<std::int64_t *>(n) += 100, 0; }, &instructions);
        sqlite::ApplicationPages pages(after, max);
        std::vector<std::string> found;
        while (!pages.is_over()) {
            const auto records = pages.step(connection, sqlite::find_organization(connection, own_.slug));
            found.insert(found.end(), records.begin(), records.end());
        }
        EXPECT_EQ(found, expected);
        return instructions;
    }

    static constexpr int kOwn = 5000;
    static constexpr int kOthers = 100'000;
    SqliteUnderTest under_test_;
    const std::unique_ptr<Store> store_ = under_test_.open();
    const Org own_ = make_org(*store_, "own");
    const Org other_ = make_org(*store_, "other");
    Stranger stranger_{under_test_.path()};
};

// Whatever stands before, between and behind: others' records cost no more than its own.
TEST_F(SqliteApplicationPages, OthersCostNoMoreThanItsOwn) {
    add_rows(stranger_, own_, 'm', kOwn);
    const auto middle = ObjectId{{'m', '0', '0', '0', '0', '0', '0', '0', '2', '4', '9', '9'}};
    const std::int64_t all = cost_of(std::nullopt, SIZE_MAX, numbers(0, kOwn));
    add_rows(stranger_, other_, 'a', kOthers);
    EXPECT_LT(cost_of(std::nullopt, SIZE_MAX, numbers(0, kOwn)), 10 * all);
    EXPECT_LT(cost_of(std::nullopt, 10, numbers(0, 10)), 10 * all);
    EXPECT_LT(cost_of(middle, 10, numbers(2500, 2510)), all);
    add_rows(stranger_, other_, 'z', kOthers);
    EXPECT_LT(cost_of(middle, SIZE_MAX, numbers(2500, kOwn)), 10 * all);
    EXPECT_LT(cost_of(std::nullopt, SIZE_MAX, numbers(0, kOwn)), 10 * all);
}

TEST_F(SqliteApplicationPages, AreWholeAtEveryLength) {
    for (const int n : {0, 1, 511, 512, 513, 2000}) {
        stranger_.execute("DELETE FROM applications");
        if (n > 0) add_rows(stranger_, own_, 'm', n);
        add_rows(stranger_, other_, 'a', 3000);
        for (const int max : {1, 511, 512, 513, 4000}) {
            cost_of(std::nullopt, static_cast<std::size_t>(max), numbers(0, std::min(n, max)));
        }
    }
}

}  // namespace
}  // namespace appcreate::test
