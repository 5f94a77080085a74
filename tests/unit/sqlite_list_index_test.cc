// Stores that were made before applications were listed by the API.
#include "sqlite/read/record_reads.h"

#include <algorithm>

#include "sqlite_support.h"

namespace appcreate::test {
namespace {

class SqliteListIndex : public testing::Test {
  protected:
    SqliteListIndex() {
        write_one(*store_, *named(org_.key, "App"));
        Stranger(under_test_.path()).execute("DROP INDEX applications_organization_id");
    }
    RecordPage list(Store &store) const {
        return store.list_records(*ObjectId::parse(org_.id), std::nullopt, 5, in_ms(20'000));
    }

    // How many lines say so.
    std::ptrdiff_t logged(const std::string &text) const {
        const std::vector<std::string> lines = under_test_.log.lines();
        return std::count_if(lines.begin(), lines.end(),
                             [&](const std::string &line) { return line.find(text) != std::string::npos; });
    }

    SqliteUnderTest under_test_;
    const std::unique_ptr<Store> store_ = under_test_.open();
    const Org org_ = make_org(*store_);
};

TEST_F(SqliteListIndex, WithoutItListsAreRefusedAndAllElseWorks) {
    const auto serving = under_test_.serve();
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(status_of([&] { list(*serving); }), AC_EVERSION);
        EXPECT_TRUE(serving->find_record(*ObjectId::parse(org_.id), "app", in_ms(20'000)));
        write_one(*serving, *named(org_.key, "App"));
    }
    const std::string message = message_of([&] { list(*serving); });
    EXPECT_NE(message.find(under_test_.path()), std::string::npos) << message;
    EXPECT_NE(message.find("appctl --store"), std::string::npos) << message;
    // Two kinds of work, two states: one line, not one for each change between them.
    EXPECT_EQ(logged("listing applications fails"), 1);
    EXPECT_EQ(logged("reading applications"), 0);
}

TEST_F(SqliteListIndex, InitMakesItWhileOthersServe) {
    const auto serving = under_test_.serve();
    EXPECT_EQ(status_of([&] { list(*serving); }), AC_EVERSION);
    store_->init();
    EXPECT_EQ(list(*serving).records.size(), 1);
    EXPECT_EQ(logged("listing applications works again"), 1);
    write_one(*serving, *named(org_.key, "App"));
    EXPECT_EQ(list(*serving).records.size(), 2U);
    store_->init();
    expect_sound(*store_, org_.slug);
}

// However many records others have: what a page costs SQLite is its own records.
TEST_F(SqliteListIndex, OthersCostNothing) {
    store_->init();
    const Org other = make_org(*store_, "other");
    const sqlite::Connection connection(under_test_.path(), sqlite::Use::kRead, in_ms(20'000));
    std::int64_t instructions = 0;
    sqlite3_progress_handler(
        connection.raw(), 10, [](void *n) { return *static_cast<std::int64_t *>(n) += 10, 0; }, &instructions);
    const auto cost = [&] {
        sqlite::RecordReads reads(connection);
        instructions = 0;
        EXPECT_EQ(reads.list(*ObjectId::parse(org_.id), std::nullopt, 20)->records.size(), 1U);
        EXPECT_TRUE(reads.find(*ObjectId::parse(org_.id), "app"));
        return instructions;
    };
    const std::int64_t alone = cost();
    for (int i = 0; i < 4; ++i) write_all(*store_, named(other.key, "App", 250));
    EXPECT_LT(cost(), alone + 200);
}

}  // namespace
}  // namespace appcreate::test
