// What was created can be read: by id, by slug, an organization's newest first (docs/api.md, "Reading").
#include <algorithm>
#include <atomic>
#include <set>
#include <thread>

#include "request/cursor.h"
#include "store_support.h"

namespace appcreate::test {
namespace {

class StoreRead : public StoreTest {
  protected:
    void prepare() override {
        org_ = make_org(*store_);
        other_ = make_org(*store_, "other");
    }

    ObjectId organization() const { return *ObjectId::parse(org_.id); }
    std::optional<std::string> find(const std::variant<ObjectId, std::string> &name) const {
        return store_->find_record(organization(), name, in_ms(20'000));
    }
    RecordPage list(const std::optional<ObjectId> &before, std::size_t limit) const {
        return store_->list_records(organization(), before, limit, in_ms(20'000));
    }
    // All pages of `limit` records, from the newest on.
    std::vector<std::string> walk(std::size_t limit) const {
        std::vector<std::string> all;
        std::optional<ObjectId> before;
        for (;;) {
            const RecordPage page = list(before, limit);
            EXPECT_LE(page.records.size(), limit);
            all.insert(all.end(), page.records.begin(), page.records.end());
            if (!page.is_more) return all;
            EXPECT_TRUE(page.last);
            before = page.last;
        }
    }

    Org org_;
    Org other_;
};

std::string record_in(const std::string &answer) {
    constexpr std::string_view kBefore = R"({"status":true,"data":)";
    return answer.substr(kBefore.size(), answer.size() - kBefore.size() - 1);
}

TEST_P(StoreRead, RecordIsWhatCreateAnswered) {
    Order order;
    order.body =
        R"({"name":"Ünïcode \" App","metadata":{"":1e300,"$a.b":[1.0,-5,"\u0000"]},"defaultScripts":{"audit":"x"}})";
    for (const char *key : {"", "with-a-key"}) {
        order.idempotency_key = key;
        const auto create = make_create(org_.key, order);
        write_one(*store_, *create);
        ASSERT_EQ(code_of(*create), AC_CODE_OK);
        const std::string record = record_in(answer_body(*create));
        EXPECT_EQ(find(*ObjectId::parse(id_of(*create))), record);
        EXPECT_EQ(find(slug_of(*create)), record);
        EXPECT_EQ(list(std::nullopt, 1).records, std::vector<std::string>{record});
    }
}

TEST_P(StoreRead, EveryHandleReadsWhatWasAnswered) {
    const auto reader = under_test_->open();
    for (int i = 0; i < 20; ++i) {
        const auto create = named(org_.key, "App");
        write_one(*store_, *create);
        EXPECT_TRUE(reader->find_record(organization(), slug_of(*create), in_ms(20'000))) << i;
    }
}

TEST_P(StoreRead, OfAnotherOrganizationNothingIsFound) {
    const auto create = named(other_.key, "Theirs");
    write_one(*store_, *create);
    EXPECT_EQ(find(*ObjectId::parse(id_of(*create))), std::nullopt);
    EXPECT_EQ(find("theirs"), std::nullopt);
    EXPECT_EQ(find(ObjectId::make()), std::nullopt);
    EXPECT_TRUE(list(std::nullopt, 100).records.empty());
    EXPECT_EQ(store_->find_record(ObjectId::make(), "theirs", in_ms(20'000)), std::nullopt);
    EXPECT_TRUE(store_->list_records(ObjectId::make(), std::nullopt, 5, in_ms(20'000)).records.empty());
}

TEST_P(StoreRead, DeletedApplicationIsNotFound) {
    const auto create = named(org_.key, "Gone");
    write_one(*store_, *create);
    store_->app_delete(org_.slug, "gone", [](std::string_view) { return true; });
    EXPECT_EQ(find("gone"), std::nullopt);
    EXPECT_TRUE(list(std::nullopt, 5).records.empty());
}

TEST_P(StoreRead, ListIsInTheReverseOrderOfIds) {
    for (int i = 0; i < 5; ++i) {
        write_all(*store_, named(org_.key, "App", 9));
        write_all(*store_, named(other_.key, "Other", 3));
    }
    std::vector<std::string> expected = list_apps(*store_, org_.slug);
    ASSERT_EQ(expected.size(), 45U);
    std::reverse(expected.begin(), expected.end());
    for (const std::size_t limit : {1U, 7U, 44U, 45U, 46U, 100U}) EXPECT_EQ(walk(limit), expected) << limit;
    EXPECT_FALSE(list(std::nullopt, 45).is_more);
    EXPECT_TRUE(list(std::nullopt, 44).is_more);
}

// Each at most once, and all that were there at the beginning.
TEST_P(StoreRead, ListIsWholeWhileOthersCreate) {
    write_all(*store_, named(org_.key, "Early", 40));
    const std::vector<std::string> early = list_apps(*store_, org_.slug);
    std::atomic<bool> is_over = false;
    std::thread others([&] {
        const auto store = under_test_->open();
        while (!is_over) write_all(*store, named(org_.key, "Late", 3));
    });
    for (int round = 0; round < 3; ++round) {
        const std::vector<std::string> all = walk(3);
        const std::set<std::string> once(all.begin(), all.end());
        EXPECT_EQ(once.size(), all.size());
        for (const std::string &record : early) EXPECT_TRUE(once.contains(record)) << record;
    }
    is_over = true;
    others.join();
}

TEST_P(StoreRead, PageOfLargeRecordsEndsEarly) {
    Order order;
    order.body = R"({"name":"Large","metadata":{"x":")" + std::string(1'500'000, 'x') + R"("}})";
    for (int i = 0; i < 4; ++i) write_one(*store_, *make_create(org_.key, order));
    const RecordPage page = list(std::nullopt, 100);
    EXPECT_EQ(page.records.size(), 3U);
    EXPECT_TRUE(page.is_more);
    EXPECT_EQ(walk(100).size(), 4U);
}

TEST_P(StoreRead, TimeThatIsOverIsAnAnswer) {
    const ac_str name = str("app");
    Read read({&org_.key, str(org_.slug), &name, {}});
    EXPECT_EQ(status_of([&] { answer(*store_, read, 1); }), AC_ETIMEOUT);
    EXPECT_EQ(read.answer().code, AC_CODE_DATABASE);
    EXPECT_FALSE(read.is_missing());
    // What has its answer keeps it.
    EXPECT_EQ(status_of([&] { answer(*store_, read, in_ms(20'000)); }), AC_OK);
    EXPECT_EQ(read.answer().code, AC_CODE_DATABASE);
}

INSTANTIATE_STORES(StoreRead);

}  // namespace
}  // namespace appcreate::test
