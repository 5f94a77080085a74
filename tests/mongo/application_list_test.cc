// Listing an organization's applications: what it asks of the server is read from an index, and is its own alone.
#include <gtest/gtest.h>

#include <mutex>
#include <vector>

#include "harness/store_test.h"

namespace appcreate::test {
namespace {

// What a read asks for, in extended JSON.
struct Read {
    std::string equal;  // the member that is one value
    std::string range;  // the member that is not
    std::string sort;
};

std::string member(const bson_t *document, const char *key) {
    bson_iter_t at;
    if (!bson_iter_init_find(&at, document, key) || !BSON_ITER_HOLDS_DOCUMENT(&at)) return {};
    const std::uint8_t *bytes = nullptr;
    std::uint32_t size = 0;
    bson_iter_document(&at, &size, &bytes);
    bson_t view;
    return bson_init_static(&view, bytes, size) ? json(&view) : std::string();
}

Read read_of(const bson_t *find) {
    Read out;
    out.sort = member(find, "sort");
    bson_iter_t at;
    bson_iter_t one;
    if (!bson_iter_init_find(&at, find, "filter") || !bson_iter_recurse(&at, &one)) return out;
    while (bson_iter_next(&one)) {
        std::string &names = BSON_ITER_HOLDS_OID(&one) ? out.equal : out.range;
        names += std::string(names.empty() ? "" : ", ") + bson_iter_key(&one);
    }
    return out;
}

class ApplicationList : public MongoStoreTest {
  protected:
    void SetUp() override {
        MongoStoreTest::SetUp();
        if (IsSkipped()) return;
        proxy_ = make_proxy();
        proxy_->add({.command = "find",
                     .collection = "applications",
                     .fault = Fault::kChange,
                     .times = 0,
                     .change = [this](const Bson &asked) {
                         const std::lock_guard lock(mutex_);
                         reads_.push_back(read_of(asked.get()));
                         return copy(asked.get());
                     }});
        for (const char *command : {"find", "getMore"}) {
            proxy_->add({.command = command,
                         .collection = "applications",
                         .side = Side::kReply,
                         .fault = Fault::kChange,
                         .times = 0,
                         .change = [this](const Bson &reply) {
                             const std::lock_guard lock(mutex_);
                             documents_ += length_at(reply.get(), "cursor.firstBatch");
                             documents_ += length_at(reply.get(), "cursor.nextBatch");
                             return copy(reply.get());
                         }});
        }
    }
    FaultProxy &proxy() { return *proxy_; }
    void add(const Tenant &tenant, int n) {
        std::vector<Order> orders(static_cast<std::size_t>(n));
        for (const Answer &answer : admin().create_all(tenant, orders)) EXPECT_CREATED(answer);
    }
    bool has_index(const std::string &keys) {
        const Result listed = direct().command(bson(R"({"listIndexes":"applications"})"));
        return json(listed.reply.get()).find("\"key\" : " + keys) != std::string::npos;
    }
    std::vector<Read> reads() {
        const std::lock_guard lock(mutex_);
        return reads_;
    }
    std::size_t documents() {
        const std::lock_guard lock(mutex_);
        return documents_;
    }

  private:
    std::mutex mutex_;
    std::vector<Read> reads_;
    std::size_t documents_ = 0;
    std::unique_ptr<FaultProxy> proxy_;
};

// Guards: walking the ids of the whole store. Equality, then the order, are the keys of one index, so that the server
// looks at nothing else.
TEST_F(ApplicationList, IsReadFromAnIndexOfTheOrganization) {
    constexpr int kOwn = 600;  // more than a page
    const Tenant own = admin().make_tenant();
    const Tenant other = admin().make_tenant();
    for (int i = 0; i < 3; ++i) {
        add(other, 200);
        add(own, kOwn / 3);
    }
    CoreGateway gateway(uri(proxy()));
    std::size_t rows = 0;
    gateway.store().app_list(own.organization, std::nullopt, 0, [&rows](std::string_view) { return ++rows > 0; });
    EXPECT_EQ(rows, kOwn);
    EXPECT_EQ(documents(), kOwn) << "records of others were read";
    const std::vector<Read> pages = reads();
    ASSERT_GE(pages.size(), 2U);
    for (std::size_t i = 0; i < pages.size(); ++i) {
        EXPECT_EQ(pages[i].equal, "organization");
        EXPECT_EQ(pages[i].range, i == 0 ? "" : "_id");
        EXPECT_EQ(pages[i].sort, R"({ "_id" : 1 })");
    }
    EXPECT_TRUE(has_index(R"({ "organization" : 1, "_id" : 1 })"));
}

}  // namespace
}  // namespace appcreate::test
