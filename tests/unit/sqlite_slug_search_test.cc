// How many statements the search for a number costs, on a real file.
#include "sqlite/create/slug_numbers.h"

#include <bit>

#include "slug/slug.h"
#include "sqlite_support.h"

namespace appcreate::test {
namespace {

using sqlite::slug_of_number;

class SqliteSlugSearch : public testing::Test {
  protected:
    SqliteSlugSearch() { sqlite3_trace_v2(connection_.raw(), SQLITE_TRACE_STMT, count, &statements_); }

    // Names of the organization, straight into the table.
    void take(const std::vector<std::string> &slugs) {
        Stranger stranger(under_test_.path());
        stranger.execute("BEGIN");
        for (const std::string &slug : slugs) {
            stranger.execute(
                "INSERT OR IGNORE INTO applications(organization, id, slug, created_at, data)"
                " VALUES(1, randomblob(12), '" +
                slug + "', 0, '{}')");
        }
        stranger.execute("COMMIT");
        names_ += slugs.size();
    }
    void expect_cheap(const std::string &base, std::uint64_t taken = 1) {
        statements_ = 0;
        const std::uint64_t number = search_.free_above(1, base, taken);
        EXPECT_LE(statements_, 2 * static_cast<std::size_t>(std::bit_width(names_)) + 12);
        const std::string slug = slug_of_number(base, number);
        EXPECT_FALSE(search_.is_taken(1, slug));
        EXPECT_LE(slug.size(), kMaxSlug);
        EXPECT_TRUE(number - 1 == taken || search_.is_taken(1, slug_of_number(base, number - 1)));
    }

    static int count(unsigned, void *statements, void *, void *) {
        ++*static_cast<std::size_t *>(statements);
        return 0;
    }

    SqliteUnderTest under_test_;
    sqlite::Connection connection_{under_test_.path(), sqlite::Use::kRead, in_ms(20'000)};
    sqlite::SlugSearch search_{connection_};
    std::size_t statements_ = 0;
    std::size_t names_ = 0;
};

TEST_F(SqliteSlugSearch, IsCheapInALongSeries) {
    std::vector<std::string> slugs = {"foo"};
    for (int i = 2; i <= 5000; ++i) slugs.push_back("foo-" + std::to_string(i));
    take(slugs);
    expect_cheap("foo");
    EXPECT_EQ(search_.free_above(1, "foo", 1), 5001U);
    statements_ = 0;
    EXPECT_EQ(search_.free_above(1, "foo", 4999), 5001U);
    EXPECT_LE(statements_, 4U);
}

TEST_F(SqliteSlugSearch, IsCheapBehindPowersOfTwo) {
    std::vector<std::string> slugs = {"foo"};
    for (std::uint64_t start = 1; start < 8; ++start) {
        for (unsigned k = 0; k < 64; ++k) slugs.push_back("foo-" + std::to_string(start + (std::uint64_t{1} << k)));
    }
    slugs.insert(slugs.end(), {"foo-007", "foo-02", "foo-99999999999999999999", "foo-18446744073709551615", "foo-0"});
    take(slugs);
    for (std::uint64_t taken = 1; taken < 8; ++taken) expect_cheap("foo", taken);
}

TEST_F(SqliteSlugSearch, IsCheapBehindALongBase) {
    const std::string base(kMaxSlug, 'a');
    std::vector<std::string> slugs = {base};
    for (std::uint64_t number = 2; number < 130; ++number) slugs.push_back(numbered_slug(base, number));
    for (unsigned k = 8; k < 64; ++k) slugs.push_back(numbered_slug(base, 1 + (std::uint64_t{1} << k)));
    take(slugs);
    expect_cheap(base);
    EXPECT_EQ(search_.free_above(1, base, 1), 130U);
}

}  // namespace
}  // namespace appcreate::test
