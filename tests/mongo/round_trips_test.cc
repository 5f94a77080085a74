// How often a batch asks the server: as libmongoc says (command monitoring), and as the server sees it.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <map>

#include "harness/command_monitor.h"
#include "harness/store_test.h"
#include "mongo/create/plan_cache.h"

namespace appcreate::test {
namespace {

using Commands = std::vector<std::string>;

const std::string kPlanRead = "find organizations";

class RoundTrips : public MongoStoreTest {
  protected:
    void SetUp() override {
        MongoStoreTest::SetUp();
        if (IsSkipped()) return;
        proxy_ = make_proxy();
        monitor_ = std::make_unique<CommandMonitor>(proxy_->port());
        gateway_ = std::make_unique<CoreGateway>(uri(*proxy_));
    }
    CoreGateway &gateway() { return *gateway_; }
    FaultProxy &proxy() { return *proxy_; }
    // One create, so that the organization is known.
    Tenant warm_tenant(std::optional<std::int64_t> limit = std::nullopt) {
        Tenant tenant = admin().make_tenant(limit);
        const Commands commands = commands_of(tenant, {order("Warm")});
        EXPECT_TRUE(!commands.empty() && commands.back() == "insert applications");
        return tenant;
    }
    // What the server was asked for a batch that is created as a whole.
    Commands commands_of(const Tenant &tenant, const std::vector<Order> &batch) {
        std::vector<std::pair<Tenant, Order>> of_one;
        for (const Order &one : batch) of_one.emplace_back(tenant, one);
        return commands_of(of_one);
    }
    Commands commands_of(const std::vector<std::pair<Tenant, Order>> &batch) {
        proxy_->reset_counts();
        monitor_->reset();
        const std::int64_t start = monotonic_ns();
        for (const Answer &answer : gateway().create_all(batch)) EXPECT_CREATED(answer);
        Commands commands = monitor_->commands();
        EXPECT_EQ(commands, proxy_->commands());
        drop_another_plan_read(commands, batch.front().first, start);
        return commands;
    }

  private:
    // An organization's plan is kept for a second, and what was seen of the schema too; a busy machine may take longer
    // from one batch to the next.
    void drop_another_plan_read(Commands &commands, const Tenant &tenant, std::int64_t start) {
        std::erase_if(commands,
                      [](const std::string &one) { return one == "find schema" || one.starts_with("listIndexes "); });
        const auto read = std::find(commands.begin(), commands.end(), kPlanRead);
        if (read == commands.end()) return;
        const auto [last, is_first] = plan_reads_.try_emplace(tenant.organization, start);
        const bool is_due = !is_first && monotonic_ns() - last->second > mongo::kPlanValidNs;
        last->second = start;
        if (is_due) commands.erase(read);
    }

    std::map<std::string, std::int64_t> plan_reads_;  // when the batches that read them began
    std::unique_ptr<FaultProxy> proxy_;
    std::unique_ptr<CommandMonitor> monitor_;
    std::unique_ptr<CoreGateway> gateway_;
};

std::ptrdiff_t inserts(const Commands &commands) {
    return std::count(commands.begin(), commands.end(), "insert applications");
}

std::vector<Order> orders(int n, const std::string &prefix, bool keyed = false) {
    std::vector<Order> out;
    for (int i = 0; i < n; ++i) {
        const std::string name = prefix + " " + std::to_string(i);
        out.push_back(keyed ? order(name, name + unique_name("key")) : order(name));
        std::replace(out.back().body.begin(), out.back().body.end(), '\n', ' ');
        if (keyed) {
            std::string &key = out.back().idempotency_key;
            std::replace(key.begin(), key.end(), ' ', '-');
        }
    }
    return out;
}

TEST_F(RoundTrips, UsuallyOne) {
    const Tenant tenant = warm_tenant();
    EXPECT_EQ(commands_of(tenant, orders(1, "Alone")), (Commands{"insert applications"}));
    EXPECT_EQ(commands_of(tenant, orders(100, "Many")), (Commands{"insert applications"}));
}

TEST_F(RoundTrips, OneMoreForAnOrganizationThatIsNotKnownYet) {
    const Tenant tenant = admin().make_tenant();
    warm_tenant();
    EXPECT_EQ(commands_of(tenant, orders(1, "First")), (Commands{"find organizations", "insert applications"}));
    EXPECT_EQ(commands_of(tenant, orders(1, "Second")), (Commands{"insert applications"}));
}

// Guards: that the other providers of an organization, with their configuration, are not read again and again.
TEST_F(RoundTrips, OneMoreForTheStorageProviderThatIsNeededAndForNoOther) {
    const Tenant tenant = admin().make_tenant();
    std::string wanted;
    for (int i = 0; i < 20; ++i) {
        ProviderSpec provider;
        provider.org = tenant.organization;
        provider.name = "Bucket " + std::to_string(i);
        provider.is_default = i == 7;
        provider.id = ObjectId::make();
        if (provider.is_default) wanted = provider.id->hex();
        admin().store().provider_create(provider, [](std::string_view) { return true; });
    }
    std::atomic<std::size_t> providers{0};
    proxy().add({.command = "find",
                 .collection = "storageProviders",
                 .side = Side::kReply,
                 .fault = Fault::kChange,
                 .times = 0,
                 .change = [&providers](const Bson &reply) {
                     providers += length_at(reply.get(), "cursor.firstBatch");
                     return copy(reply.get());
                 }});
    EXPECT_EQ(commands_of(tenant, orders(1, "First")),
              (Commands{"find organizations", "find storageProviders", "insert applications"}));
    EXPECT_EQ(providers, 1U);
    EXPECT_EQ(
        direct().count("applications", bson(R"({"configuration.storageProvider.id":{"$oid":")" + wanted + "\"}}")), 1);
}

TEST_F(RoundTrips, KeyedTwo) {
    const Tenant tenant = warm_tenant();
    const Commands expected{"find applications", "insert applications"};
    EXPECT_EQ(commands_of(tenant, orders(1, "Alone", true)), expected);
    EXPECT_EQ(commands_of(tenant, orders(50, "Many", true)), expected);
}

// Guards: that only the first with a key is sent, and the others of its batch have its answer.
TEST_F(RoundTrips, NoMoreForAKeyThatIsThereTwice) {
    const Tenant tenant = warm_tenant();
    EXPECT_EQ(commands_of(tenant, {order("Once", "key-1"), order("Once", "key-1"), order("Other", "key-2")}),
              (Commands{"find applications", "insert applications"}));
}

TEST_F(RoundTrips, ReplayOne) {
    const Tenant tenant = warm_tenant();
    const std::vector<Order> keyed = orders(10, "Kept", true);
    commands_of(tenant, keyed);
    EXPECT_EQ(commands_of(tenant, keyed), (Commands{"find applications"}));
}

TEST_F(RoundTrips, OneMoreForALimitedOrganizationWithoutPlaces) {
    const Tenant tenant = warm_tenant(100'000);
    const Commands with_places{"findAndModify organizations", "insert applications"};
    int batches_with_more = 0;
    for (int i = 0; i < 10; ++i) {
        const Commands commands = commands_of(tenant, orders(10, "Batch " + std::to_string(i)));
        if (commands == with_places) {
            ++batches_with_more;
        } else {
            EXPECT_EQ(commands, (Commands{"insert applications"}));
        }
    }
    EXPECT_GT(batches_with_more, 0);
    EXPECT_LT(batches_with_more, 10) << "places are taken in blocks";
}

// Guards: that no place is given to two of a batch, when some come from what is at hand and some from what is free.
TEST_F(RoundTrips, OneMoreForTheLastPlacesAndNoneForCollisions) {
    for (int i = 0; i < 10; ++i) {
        const Tenant tenant = warm_tenant(3);  // two places are at hand now
        ASSERT_TRUE(direct()
                        .command(bson(R"({"delete":"applications","deletes":[{"q":{"organization":{"$oid":")" +
                                      tenant.organization + R"("}},"limit":1}]})"))
                        .ok);
        EXPECT_EQ(commands_of(tenant, orders(3, "Last")), (Commands{"find applications", "insert applications"}));
    }
}

TEST_F(RoundTrips, OneMoreForEachLimitedOrganizationOfABatch) {
    const Tenant a = admin().make_tenant(100'000);
    const Tenant b = admin().make_tenant(100'000);
    const Tenant unlimited = warm_tenant();
    EXPECT_EQ(commands_of({{a, order("One")}, {b, order("One")}, {unlimited, order("One")}, {a, order("Two")}}),
              (Commands{"find organizations", "findAndModify organizations", "findAndModify organizations",
                        "insert applications"}));
}

TEST_F(RoundTrips, OneMoreForEachTakenNameAndOneInsertForAll) {
    const Tenant tenant = warm_tenant();
    commands_of(tenant, orders(3, "Taken"));
    std::vector<Order> batch = orders(20, "Free");
    for (const Order &one : orders(3, "Taken")) batch.push_back(one);
    const Commands commands = commands_of(tenant, batch);
    EXPECT_EQ(commands, (Commands{"insert applications", "findAndModify slugs", "findAndModify slugs",
                                  "findAndModify slugs", "insert applications"}));
}

TEST_F(RoundTrips, ManyOfOneTakenNameAskOnceForIt) {
    const Tenant tenant = warm_tenant();
    const Commands commands = commands_of(tenant, std::vector<Order>(30, order("Warm")));
    EXPECT_LE(inserts(commands), 2);
    EXPECT_LE(commands.size(), 3U) << ::testing::PrintToString(commands);
}

TEST_F(RoundTrips, FewForTheThousandthOfOneName) {
    const Tenant tenant = warm_tenant();
    for (int i = 0; i < 5; ++i) commands_of(tenant, std::vector<Order>(200, order("Warm")));
    EXPECT_LE(commands_of(tenant, {order("Warm")}).size(), 3U);
    CoreGateway cold(server().uri({}, database()));
    EXPECT_EQ(cold.create(tenant, order("Warm")).slug.rfind("warm-", 0), 0U);
}

TEST_F(RoundTrips, OneWhereTheOrganizationIsKnownToBeFull) {
    const Tenant tenant = warm_tenant(1);
    Order only = order("Seen");
    only.validate_only = true;
    EXPECT_REFUSED(gateway().create(tenant, order("Second")), AC_CODE_LIMIT);
    const std::unique_ptr<CoreGateway> another = std::make_unique<CoreGateway>(uri(proxy()));
    for (CoreGateway *one : {&gateway(), another.get()}) {
        for (const Order &next : {order("Third"), only}) {
            proxy().reset_counts();
            EXPECT_REFUSED(one->create(tenant, next), AC_CODE_LIMIT);
            int looks = 0;
            for (const std::string &command : proxy().commands()) {
                const bool is_look = command == "aggregate applications";
                looks += is_look ? 1 : 0;
                EXPECT_TRUE(is_look || command == kPlanRead || command == "find schema" ||
                            command.starts_with("listIndexes "))
                    << command;
            }
            EXPECT_EQ(looks, 1);
        }
    }
}

// Guards: that the server goes on with no read that nobody waits for any more.
TEST_F(RoundTrips, EveryReadHasAnEndOnTheServer) {
    std::atomic<int> reads{0};
    std::atomic<int> endless{0};
    for (const char *command : {"find", "aggregate", "listIndexes"}) {
        proxy().add({.command = command, .fault = Fault::kChange, .times = 0, .change = [&](const Bson &body) {
                         ++reads;
                         if (integer_at(body.get(), "maxTimeMS").value_or(0) <= 0) ++endless;
                         return copy(body.get());
                     }});
    }
    const Tenant tenant = warm_tenant(2);
    Order only = order("Seen");
    only.validate_only = true;
    EXPECT_CREATED(gateway().create(tenant, only));
    EXPECT_CREATED(gateway().create(tenant, order("Warm", "key-1")));
    EXPECT_REFUSED(gateway().create(tenant, order("Third")), AC_CODE_LIMIT);
    gateway().make_tenant();
    std::string rows;
    const RowSink add = [&rows](std::string_view row) {
        rows += row;
        return true;
    };
    gateway().store().org_list(add);
    gateway().store().app_list(tenant.organization, std::nullopt, 0, add);
    gateway().store().key_list(tenant.organization, add);
    EXPECT_TRUE(gateway().store().check(false, add));
    EXPECT_GE(reads, 10);
    EXPECT_EQ(endless, 0);
}

TEST_F(RoundTrips, NoneForValidateOnlyButReads) {
    const Tenant tenant = warm_tenant();
    Order only = order("Seen");
    only.validate_only = true;
    for (const std::string &command : commands_of(tenant, {only})) {
        EXPECT_TRUE(command.starts_with("find ") || command.starts_with("aggregate ")) << command;
    }
    EXPECT_EQ(stored(tenant), 1);
}

}  // namespace
}  // namespace appcreate::test
