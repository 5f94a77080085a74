// What is asked of the server with each command: writes of a majority's journals, reads of what a majority has, both at
// the primary. mongo-java-server does neither, so the commands themselves are looked at.
#include <gtest/gtest.h>

#include <map>
#include <mutex>

#include "harness/store_test.h"

namespace appcreate::test {
namespace {

class Concern : public MongoStoreTest {
  protected:
    void SetUp() override {
        MongoStoreTest::SetUp();
        if (IsSkipped()) return;
        proxy_ = make_proxy();
        for (const char *command : {"insert", "update", "delete", "find", "aggregate", "findAndModify"}) watch(command);
        gateway_ = std::make_unique<CoreGateway>(uri(*proxy_));
    }
    CoreGateway &gateway() { return *gateway_; }

    // Commands of this name that were sent.
    std::vector<Bson> sent(const std::string &command) {
        proxy_->clear();
        return std::move(sent_[command]);
    }
    static bool is_about(const Bson &command, const char *name, const char *collection) {
        return text_at(command.get(), name) == collection;
    }

  private:
    void watch(const std::string &command) {
        proxy_->add(
            {.command = command, .fault = Fault::kChange, .times = 0, .change = [this, command](const Bson &one) {
                 const std::lock_guard lock(mutex_);
                 sent_[command].push_back(copy(one.get()));
                 return copy(one.get());
             }});
    }

    std::mutex mutex_;
    std::map<std::string, std::vector<Bson>> sent_;
    std::unique_ptr<FaultProxy> proxy_;
    std::unique_ptr<CoreGateway> gateway_;
};

bool has(const Bson &command, const char *path) {
    bson_iter_t at;
    bson_iter_t found;
    return bson_iter_init(&at, command.get()) && bson_iter_find_descendant(&at, path, &found);
}

// Guards: that 200 means a majority's journals, in time.
TEST_F(Concern, InsertsAskForAMajorityWithJournal) {
    const Tenant tenant = admin().make_tenant(3);
    for (const char *key : {"key-1", "key-2"}) EXPECT_CREATED(gateway().create(tenant, order("Same", key)));
    const std::vector<Bson> inserts = sent("insert");
    ASSERT_GE(inserts.size(), 2U);
    for (const Bson &insert : inserts) {
        EXPECT_EQ(text_at(insert.get(), "writeConcern.w"), "majority") << json(insert.get());
        bson_iter_t at;
        bson_iter_t journal;
        ASSERT_TRUE(bson_iter_init(&at, insert.get()) && bson_iter_find_descendant(&at, "writeConcern.j", &journal));
        EXPECT_TRUE(bson_iter_bool(&journal));
        EXPECT_GT(integer_at(insert.get(), "writeConcern.wtimeout").value_or(0), 0);
    }
}

// Guards: that what appctl says is gone does not come back with another primary.
TEST_F(Concern, RemovalsAskForAMajorityWithJournal) {
    const Tenant tenant = admin().make_tenant();
    EXPECT_CREATED(admin().create(tenant, order("First")));
    EXPECT_CREATED(admin().create(tenant, order("Second")));
    gateway().store().app_delete(tenant.organization, "first", [](std::string_view) { return true; });
    EXPECT_EQ(gateway().store().org_delete(tenant.organization, true), 1U);
    for (const auto &[command, least] :
         std::map<std::string, std::size_t>{{"findAndModify", 1}, {"delete", 3}, {"update", 1}}) {
        const std::vector<Bson> all = sent(command);
        EXPECT_GE(all.size(), least) << command;
        for (const Bson &one : all) {
            // Counters only suggest.
            if (is_about(one, "delete", "slugs")) continue;
            EXPECT_EQ(text_at(one.get(), "writeConcern.w"), "majority") << json(one.get());
            EXPECT_TRUE(has(one, "writeConcern.j")) << json(one.get());
        }
    }
}

// Guards: replays, 5017, free places, taken slugs and resolved outcomes are read from what a majority has.
TEST_F(Concern, ReadsAskForWhatAMajorityHas) {
    const Tenant tenant = admin().make_tenant(3);
    for (const char *key : {"key-1", "key-2", "key-3", "key-1"}) {
        EXPECT_CREATED(gateway().create(tenant, order("Same", key)));
    }
    EXPECT_REFUSED(gateway().create(tenant, order("Same", "key-4")), AC_CODE_LIMIT);
    const Tenant other = admin().make_tenant();
    EXPECT_CREATED(gateway().create(other, order("Other")));
    Order only = order("Other");
    only.validate_only = true;
    EXPECT_EQ(gateway().create(other, only).slug, "other-2");
    int finds = 0;
    for (const Bson &find : sent("find")) {
        if (is_about(find, "find", "applications")) ++finds;
        EXPECT_EQ(text_at(find.get(), "readConcern.level"), "majority") << json(find.get());
        EXPECT_FALSE(has(find, "$readPreference.mode") && text_at(find.get(), "$readPreference.mode") != "primary");
    }
    EXPECT_GE(finds, 5);
}

// Guards: free places of a large limit, which are counted before they are read.
TEST_F(Concern, CountsAskForWhatAMajorityHas) {
    const Tenant tenant = admin().make_tenant(100'000);
    // Others have been given all places.
    ASSERT_TRUE(direct()
                    .command(bson(R"({"update":"organizations","updates":[{"q":{"_id":{"$oid":")" +
                                  tenant.organization + R"("}},"u":{"$set":{"nextPlace":100000}}}]})"))
                    .ok);
    EXPECT_CREATED(gateway().create(tenant));
    const std::vector<Bson> counts = sent("aggregate");
    ASSERT_FALSE(counts.empty());
    for (const Bson &count : counts) {
        EXPECT_EQ(text_at(count.get(), "readConcern.level"), "majority") << json(count.get());
    }
}

// Guards: the look at what stands in the way of a create whose first insert was lost.
TEST_F(Concern, ResolvingAsksForWhatAMajorityHas) {
    const Tenant tenant = admin().make_tenant();
    const auto proxy = make_proxy();
    CoreGateway other(uri(*proxy));
    EXPECT_CREATED(other.create(tenant, order("Warm")));
    proxy->lose_reply("insert", "applications");
    std::string level;
    proxy->add(
        {.command = "find", .collection = "applications", .fault = Fault::kChange, .change = [&](const Bson &one) {
             level = text_at(one.get(), "readConcern.level");
             return copy(one.get());
         }});
    EXPECT_CREATED(other.create(tenant));
    proxy->clear();
    EXPECT_EQ(level, "majority");
}

}  // namespace
}  // namespace appcreate::test
