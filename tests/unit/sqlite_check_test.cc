// check finds every broken promise, and mends what can be mended.
#include <thread>

#include "kinds.h"
#include "sqlite/admin/check.h"
#include "sqlite/serve/turn.h"
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
        Stranger(under_test_.path()).execute(sql);
        const Result result = check();
        EXPECT_FALSE(result.is_whole);
        ASSERT_EQ(result.problems.size(), 1U) << sql;
        EXPECT_EQ(Json::parse(result.problems[0]).string("/problem"), kind);
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
    EXPECT_EQ(Json::parse(mended.problems[0]).string("/organization"), org_.id);
    EXPECT_TRUE(check().problems.empty());
    EXPECT_EQ(store_->app_count(org_.slug), 4U);
}

TEST_F(SqliteCheck, RequestWithoutApplicationIsRemoved) {
    expect_problem("UPDATE idempotency SET application = 99", "request", "1 kept requests without");
    EXPECT_TRUE(check(true).is_whole);
    EXPECT_TRUE(check().is_whole);
    EXPECT_EQ(Stranger(under_test_.path()).number("SELECT count(*) FROM idempotency"), 0);
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
    Stranger(under_test_.path())
        .execute("UPDATE organizations SET id = x'000000000000000000000001' WHERE slug = 'acme'");
    const Result result = check();
    EXPECT_EQ(result.problems.size(), 4U);
    EXPECT_NE(result.problems[0].find("names another organization"), std::string::npos);
}

TEST_F(SqliteCheck, DataThatIsNoJson) {
    expect_problem("UPDATE applications SET data = x'7b' WHERE rowid = 2", "record", "no JSON object");
}

TEST_F(SqliteCheck, ApplicationsOfNoOrganization) {
    Stranger(under_test_.path()).execute("DELETE FROM keys; DELETE FROM organizations");
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
        stranger.number("SELECT rootpage FROM sqlite_schema WHERE name = 'sqlite_autoindex_applications_2'");
    stranger.execute("PRAGMA wal_checkpoint(TRUNCATE)");
    ASSERT_GT(root, 1);
    stranger.execute(
        "PRAGMA writable_schema=ON;"
        "UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM sqlite_schema WHERE name = 'keys_organization')"
        " WHERE name = 'sqlite_autoindex_applications_2'");
    store_ = under_test_.open();
    EXPECT_FALSE(check().is_whole);
}

// An index that SQLite keeps no more while `change` runs: afterwards the table and it say different things.
void change_behind_index(const std::string &path, const std::string &index, const std::string &change) {
    const auto redefine = [&](const std::string &sql) {
        Stranger(path).execute("PRAGMA writable_schema=ON; UPDATE sqlite_schema SET sql = " + sql + " WHERE name = '" +
                               index + "'");
    };
    redefine("sql || ' WHERE 0'");
    Stranger(path).execute(change);
    redefine("replace(sql, ' WHERE 0', '')");
}

// quick_check does not see it: the index is a sound tree, with other keys than the table.
TEST_F(SqliteCheck, RowThatAnIndexLacks) {
    change_behind_index(under_test_.path(), "keys_organization",
                        "INSERT INTO keys(digest, id, organization, owner, role, permissions, revoked, expires_at,"
                        " created_at) SELECT randomblob(32), randomblob(12), organization, owner, role,"
                        " permissions, revoked, expires_at, created_at FROM keys LIMIT 1");
    const Result result = check();
    EXPECT_FALSE(result.is_whole);
    ASSERT_FALSE(result.problems.empty());
    EXPECT_NE(result.problems[0].find("index keys_organization"), std::string::npos) << result.problems[0];
}

TEST_F(SqliteCheck, IndexEntryWithoutARow) {
    change_behind_index(under_test_.path(), "keys_organization", "DELETE FROM keys WHERE rowid > 0");
    const Result result = check();
    EXPECT_FALSE(result.is_whole);
    ASSERT_FALSE(result.problems.empty());
    EXPECT_NE(result.problems[0].find("entries in index keys_organization"), std::string::npos) << result.problems[0];
}

// ---- repairs, while creates go on

class SqliteRepair : public SqliteCheck {
  protected:
    sqlite::Connection connection_{under_test_.path(), sqlite::Use::kWrite, in_ms(20'000)};
};

// What is missing stays the same whatever is created meanwhile: nothing is counted while others wait.
TEST_F(SqliteRepair, CountIsRightWhateverWasCreatedMeanwhile) {
    Stranger(under_test_.path()).execute("UPDATE organizations SET applications = applications + 3");
    const auto count = sqlite::read_count(connection_, 0);
    ASSERT_TRUE(count);
    EXPECT_EQ(count->counted, 7);
    EXPECT_EQ(count->records, 4);
    write_all(*store_, named(org_.key, "App", 5));
    EXPECT_TRUE(sqlite::mend_count(connection_, *count));
    EXPECT_EQ(store_->app_count(org_.slug), 9U);
    EXPECT_FALSE(sqlite::read_count(connection_, count->rowid));
    EXPECT_TRUE(check().is_whole);
}

TEST_F(SqliteRepair, TwoOfOneCountDoNotAddUp) {
    Stranger(under_test_.path()).execute("UPDATE organizations SET applications = 1");
    const auto first = sqlite::read_count(connection_, 0);
    const auto second = sqlite::read_count(connection_, 0);
    EXPECT_TRUE(sqlite::mend_count(connection_, *first));
    EXPECT_FALSE(sqlite::mend_count(connection_, *second));
    EXPECT_EQ(store_->app_count(org_.slug), 4U);
    Stranger(under_test_.path()).execute("UPDATE organizations SET applications = 1");
    EXPECT_TRUE(check(true).is_whole);
    EXPECT_EQ(store_->app_count(org_.slug), 4U);
}

TEST_F(SqliteRepair, StrayRequestsGoInManyTransactions) {
    Stranger(under_test_.path())
        .execute(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)"
            " INSERT INTO idempotency SELECT NULL, 9223372036854775807, randomblob(32), zeroblob(32), 1000000 + i"
            " FROM n");
    alignas(64) char memory[AC_TURN_SIZE];
    sqlite::init_turn(memory);
    StoreOptions options = under_test_.options();
    options.turn = memory;
    const auto store = open_store(options);
    bool is_whole = false;
    const auto problems = rows([&](const RowSink &sink) { is_whole = store->check(true, sink); });
    EXPECT_TRUE(is_whole);
    ASSERT_EQ(problems.size(), 1U);
    EXPECT_NE(problems[0].find("5000 kept requests"), std::string::npos) << problems[0];
    EXPECT_EQ(Stranger(under_test_.path()).number("SELECT count(*) FROM idempotency"), 1);
    EXPECT_GE(sqlite::Turn(memory).commits(), 5U);
}

// One that got its application back, or is another one's now.
TEST_F(SqliteRepair, RequestThatIsStrayNoMoreStays) {
    Stranger stranger(under_test_.path());
    stranger.execute("UPDATE idempotency SET application = application + 1000");
    const auto checked = sqlite::check_requests(connection_, 0);
    ASSERT_EQ(checked.stray.size(), 1U);
    EXPECT_EQ(checked.next, 0);
    stranger.execute("UPDATE idempotency SET application = application - 1000");
    sqlite::remove_requests(connection_, checked.stray);
    EXPECT_EQ(stranger.number("SELECT count(*) FROM idempotency"), 1);
}

TEST_F(SqliteRepair, WhileCreatesGoOn) {
    std::jthread creating([this] {
        const auto other = under_test_.open();
        for (int i = 0; i < 60; ++i) write_all(*other, named(org_.key, "More", 3));
    });
    for (int i = 0; i < 5; ++i) {
        Stranger(under_test_.path()).execute("UPDATE organizations SET applications = applications + 11");
        EXPECT_TRUE(check(true).is_whole);
    }
    creating.join();
    EXPECT_TRUE(check().is_whole);
    EXPECT_EQ(store_->app_count(org_.slug), 184U);
}

}  // namespace
}  // namespace appcreate::test
