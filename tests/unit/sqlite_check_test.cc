// check finds every broken promise, and mends what can be mended.
#include "sqlite_support.h"

namespace appcreate::test {
namespace {

class SqliteCheck : public testing::Test {
  protected:
    struct Result {
        bool is_whole = false;
        std::vector<std::string> problems;
    };
    Result check(bool repair = false) {
        Result out;
        out.problems = rows([&](const RowSink &sink) { out.is_whole = store_->check(repair, sink); });
        return out;
    }
    // Spoils the file, and expects one problem of this kind that says so.
    void expect_problem(const std::string &sql, const std::string &kind, const std::string &detail) {
        Stranger(under_test_.path()).exec(sql);
        const Result result = check();
        EXPECT_FALSE(result.is_whole);
        ASSERT_EQ(result.problems.size(), 1U) << sql;
        EXPECT_EQ(text_at(parse(result.problems[0]).get(), {"problem"}), kind);
        EXPECT_NE(result.problems[0].find(detail), std::string::npos) << result.problems[0];
        EXPECT_NE(result.problems[0].find(R"("repaired":false)"), std::string::npos);
    }

    SqliteUnderTest under_test_;
    std::unique_ptr<Store> store_ = under_test_.open();
    const Org org_ = make_org(*store_);
    const std::vector<std::unique_ptr<Create>> creates_ = [this] {
        auto creates = named(org_.key, "App", 3);
        creates.push_back(make_create(org_.key, {R"({"name":"App"})", "k", false}));
        write_all(*store_, creates);
        return creates;
    }();
};

TEST_F(SqliteCheck, FindsNothingInASoundStore) {
    EXPECT_TRUE(check().is_whole);
    EXPECT_TRUE(check(true).is_whole);
    EXPECT_TRUE(check(true).problems.empty());
}

TEST_F(SqliteCheck, CountIsWrongAndMended) {
    expect_problem("UPDATE organizations SET applications = 7", "count", "counts 7 applications, has 4");
    const Result mended = check(true);
    EXPECT_TRUE(mended.is_whole);
    ASSERT_EQ(mended.problems.size(), 1U);
    EXPECT_NE(mended.problems[0].find(R"("repaired":true)"), std::string::npos);
    EXPECT_EQ(text_at(parse(mended.problems[0]).get(), {"organization"}), org_.id);
    EXPECT_TRUE(check().problems.empty());
    EXPECT_EQ(store_->app_count(org_.slug), 4U);
}

TEST_F(SqliteCheck, RequestWithoutApplicationIsRemoved) {
    expect_problem("UPDATE idempotency SET application = 99", "request", "1 kept requests without");
    EXPECT_TRUE(check(true).is_whole);
    EXPECT_TRUE(check().is_whole);
    EXPECT_EQ(Stranger(under_test_.path()).query("SELECT count(*) FROM idempotency"), 0);
}

TEST_F(SqliteCheck, SlugAgainstThePattern) {
    expect_problem("UPDATE applications SET slug = 'App' WHERE rowid = 2", "record", "pattern of slugs");
    EXPECT_FALSE(check(true).is_whole) << "not to be mended by guessing";
}

TEST_F(SqliteCheck, DataAndColumnsDiffer) {
    expect_problem("UPDATE applications SET slug = 'other' WHERE rowid = 2", "record", "another slug");
    EXPECT_NE(check().problems[0].find(id_of(*creates_[1])), std::string::npos);
}

TEST_F(SqliteCheck, DataWithAnotherId) {
    expect_problem("UPDATE applications SET id = x'000000000000000000000001' WHERE rowid = 2", "record", "another id");
}

TEST_F(SqliteCheck, DataOfAnotherOrganization) {
    Stranger(under_test_.path()).exec("UPDATE organizations SET id = x'000000000000000000000001' WHERE slug = 'acme'");
    const Result result = check();
    EXPECT_EQ(result.problems.size(), 4U);
    EXPECT_NE(result.problems[0].find("names another organization"), std::string::npos);
}

TEST_F(SqliteCheck, DataThatIsNoJson) {
    expect_problem("UPDATE applications SET data = x'7b' WHERE rowid = 2", "record", "no JSON object");
}

TEST_F(SqliteCheck, ApplicationsOfNoOrganization) {
    Stranger(under_test_.path()).exec("DELETE FROM keys; DELETE FROM organizations");
    const Result result = check();
    EXPECT_EQ(result.problems.size(), 4U);
    EXPECT_NE(result.problems[0].find("organization does not exist"), std::string::npos);
}

TEST_F(SqliteCheck, ReferencesToNothing) {
    expect_problem("UPDATE organizations SET default_provider = 5", "reference", "default storage provider");
    expect_problem("UPDATE organizations SET default_provider = NULL; UPDATE keys SET organization = 9", "reference",
                   "the key's organization");
}

// The table has what its index has not: as after a disk that lost a write.
TEST_F(SqliteCheck, DamagedIndex) {
    Stranger stranger(under_test_.path());
    sqlite3_int64 root =
        stranger.query("SELECT rootpage FROM sqlite_schema WHERE name = 'sqlite_autoindex_applications_2'");
    stranger.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    ASSERT_GT(root, 1);
    stranger.exec(
        "PRAGMA writable_schema=ON;"
        "UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM sqlite_schema WHERE name = 'keys_organization')"
        " WHERE name = 'sqlite_autoindex_applications_2'");
    store_ = under_test_.open();
    EXPECT_FALSE(check().is_whole);
}

}  // namespace
}  // namespace appcreate::test
