// A gateway looks again and again whether the store is what "appctl init" made, and says in its log what is not.
#include <gtest/gtest.h>

#include "harness/command_monitor.h"
#include "harness/store_test.h"
#include "mongo/schema/schema.h"

namespace appcreate::test {
namespace {

using Commands = std::vector<std::string>;

class Schema : public MongoStoreTest {
  protected:
    // A create through a gateway of its own is refused, and the one line in its log says why.
    void expect_unfit(const Tenant &tenant, const std::string &why) {
        CoreGateway gateway(server().uri({}, database()));
        for (int i = 0; i < 2; ++i) EXPECT_REFUSED(gateway.create(tenant), AC_CODE_DATABASE);
        ASSERT_EQ(gateway.complaints().size(), 1U);
        EXPECT_NE(gateway.complaints().front().find(why), std::string::npos) << gateway.complaints().front();
        EXPECT_NE(gateway.complaints().front().find("127.0.0.1"), std::string::npos) << "it names the store";
        EXPECT_EQ(stored(tenant), 0);
    }
    void run(const std::string &command) { ASSERT_TRUE(direct().command(bson(command)).ok) << command; }
};

TEST_F(Schema, EveryUniqueIndexThatIsMissingIsNamed) {
    const Tenant tenant = admin().make_tenant();
    for (const char *index : {"organization_slug", "organization_place", "organization_request"}) {
        run(R"({"dropIndexes":"applications","index":")" + std::string(index) + "\"}");
        expect_unfit(tenant, "applications." + std::string(index));
    }
    expect_unfit(tenant,
                 "unique indexes are missing: applications.organization_slug, applications.organization_place, "
                 "applications.organization_request; run \"appctl --store URI check --repair\"");
    admin().store().init();
    CoreGateway gateway(server().uri({}, database()));
    EXPECT_CREATED(gateway.create(tenant));
}

TEST_F(Schema, AnIndexOfThatNameThatIsNotUniqueIsMissing) {
    const Tenant tenant = admin().make_tenant();
    run(R"({"dropIndexes":"apiKeys","index":"token"})");
    run(R"({"createIndexes":"apiKeys","indexes":[{"key":{"token":1},"name":"token"}]})");
    expect_unfit(tenant, "unique indexes are missing: apiKeys.token;");
}

TEST_F(Schema, ACollectionThatIsMissingIsNamedByItsIndexes) {
    const Tenant tenant = admin().make_tenant();
    run(R"({"drop":"applications"})");
    expect_unfit(tenant, "applications.organization_slug");
}

TEST_F(Schema, ADatabaseThatNobodyInitializedSaysSo) {
    const Tenant tenant = admin().make_tenant();
    direct().drop();
    expect_unfit(tenant, "it is not initialized; restore a backup, or, if it never held a store, run \"appctl");
}

TEST_F(Schema, ANewerStoreAsksForANewerProgram) {
    const Tenant tenant = admin().make_tenant();
    run(R"({"update":"schema","updates":[{"q":{"_id":"version"},"u":{"$set":{"version":99,"readableFrom":99}}}]})");
    expect_unfit(tenant, "upgrade this program");
    run(R"({"update":"schema","updates":[{"q":{"_id":"version"},"u":{"$set":{"version":99,"readableFrom":1}}}]})");
    CoreGateway gateway(server().uri({}, database()));
    EXPECT_CREATED(gateway.create(tenant)) << "an upgrade only adds";
}

TEST_F(Schema, AnOlderStoreAsksForInit) {
    const Tenant tenant = admin().make_tenant();
    run(R"({"update":"schema","updates":[{"q":{"_id":"version"},"u":{"$set":{"version":0,"readableFrom":0}}}]})");
    expect_unfit(tenant, "run \"appctl --store URI init\"");
}

// They decide nothing: the store is slow without them, and serves.
TEST_F(Schema, IndexesThatSaveTimeAreWarnedOfOnce) {
    const Tenant tenant = admin().make_tenant();
    run(R"({"dropIndexes":"applications","index":"keptUntil"})");
    run(R"({"dropIndexes":"applications","index":"organization_id"})");
    CoreGateway gateway(server().uri({}, database()));
    for (int i = 0; i < 2; ++i) EXPECT_CREATED(gateway.create(tenant));
    ASSERT_EQ(gateway.complaints().size(), 1U);
    EXPECT_NE(gateway.complaints().front().find("it is slow without the indexes applications.organization_id, "
                                                "applications.keptUntil; run \"appctl --store URI init\""),
              std::string::npos)
        << gateway.complaints().front();
    admin().store().init();
    CoreGateway mended(server().uri({}, database()));
    EXPECT_CREATED(mended.create(tenant));
    EXPECT_TRUE(mended.complaints().empty());
}

TEST_F(Schema, IsLookedAtOnceASecond) {
    const Tenant tenant = admin().make_tenant();
    const auto proxy = make_proxy();
    const CommandMonitor monitor(proxy->port());
    const std::int64_t start = monotonic_ns();
    CoreGateway gateway(uri(*proxy));
    for (int i = 0; i < 10; ++i) EXPECT_CREATED(gateway.create(tenant, order("Note " + std::to_string(i))));
    const Commands commands = monitor.commands();
    const std::int64_t most = 1 + (monotonic_ns() - start) / mongo::kFitNs;
    EXPECT_LE(std::count(commands.begin(), commands.end(), "find schema"), most);
    EXPECT_LE(std::count(commands.begin(), commands.end(), "listIndexes applications"), most);
    EXPECT_EQ(std::count(commands.begin(), commands.end(), "listIndexes apiKeys"), 1);
}

// ---- what changes under gateways that serve

class Serving : public Schema {
  protected:
    void SetUp() override {
        Schema::SetUp();
        if (IsSkipped()) return;
        gateway_ = std::make_unique<CoreGateway>(server().uri({}, database()));
        tenant_ = admin().make_tenant();
        ASSERT_TRUE(is_served());
    }
    // Creates go on until one is refused; the one line in the log says why.
    void expect_noticed(const std::string &why) {
        ASSERT_TRUE(eventually([&] { return gateway_->create(tenant_).code == AC_CODE_DATABASE; })) << why;
        const std::int64_t before = stored(tenant_);
        EXPECT_REFUSED(gateway_->create(tenant_), AC_CODE_DATABASE);
        EXPECT_EQ(stored(tenant_), before);
        ASSERT_EQ(gateway_->complaints().size(), 1U);
        EXPECT_NE(gateway_->complaints().front().find(why), std::string::npos) << gateway_->complaints().front();
    }
    bool is_mended() {
        return eventually([&] { return gateway_->create(tenant_).status == 200; });
    }
    CoreGateway &gateway() { return *gateway_; }
    [[nodiscard]] const Tenant &tenant() const { return tenant_; }

  private:
    bool is_served() { return gateway_->create(tenant_).status == 200; }

    std::unique_ptr<CoreGateway> gateway_;
    Tenant tenant_;
};

TEST_F(Serving, AUniqueIndexThatIsDroppedIsNoticed) {
    run(R"({"dropIndexes":"applications","index":"organization_slug"})");
    expect_noticed(
        "unique indexes are missing: applications.organization_slug; run \"appctl --store URI check --repair\"");
    // Nothing but the index kept the equal names apart.
    CoreGateway admin_of_now(server().uri({}, database()));
    try {
        admin_of_now.store().init();
    } catch (const Failure &failure) {
        EXPECT_NE(std::string(failure.what()).find("run \"appctl --store URI check --repair\""), std::string::npos)
            << failure.what();
    }
    EXPECT_TRUE(admin_of_now.store().check(true, [](std::string_view) { return true; }));
    EXPECT_TRUE(is_mended());
    EXPECT_EQ(gateway().complaints().size(), 1U);
    expect_sound();
}

TEST_F(Serving, ANewerSchemaIsNoticed) {
    run(R"({"update":"schema","updates":[{"q":{"_id":"version"},"u":{"$set":{"version":99,"readableFrom":99}}}]})");
    expect_noticed("upgrade this program");
    run(R"({"update":"schema","updates":[{"q":{"_id":"version"},"u":{"$set":{"version":99,"readableFrom":1}}}]})");
    EXPECT_TRUE(is_mended());
}

TEST_F(Serving, ADatabaseThatIsDroppedIsNoticed) {
    direct().drop();
    expect_noticed("it is not initialized; restore a backup, or, if it never held a store, run \"appctl");
}

// Guards: 404 and 401 for what a server that came back empty does not have, in the second in which the schema is
// believed to be there.
TEST_F(Serving, AServerThatCameBackEmptyIsNotMissingAnOrganization) {
    Tenant unseen = admin().make_tenant();
    ASSERT_TRUE(is_mended());
    direct().drop();
    EXPECT_REFUSED(gateway().create(unseen), AC_CODE_DATABASE);
    ASSERT_EQ(gateway().complaints().size(), 1U);
    EXPECT_NE(gateway().complaints().front().find("restore a backup"), std::string::npos)
        << gateway().complaints().front();
}

TEST_F(Serving, AServerThatCameBackEmptyIsNotMissingAKey) {
    ac_lookup lookup{};
    const auto look = [&] {
        gateway().store().find_keys({&lookup, 1}, monotonic_ns() + CoreGateway::kTimeoutMs * 1'000'000);
    };
    look();
    EXPECT_EQ(lookup.found, 0) << "of a store that is there";
    direct().drop();
    EXPECT_THROW(look(), Failure);
}

// By a process that serves, creates or not: none of its creates has to look.
TEST_F(Serving, IsNoticedBesideCreatesWhereThereIsUpkeep) {
    const auto proxy = make_proxy();
    CoreGateway maintained(uri(*proxy), 20'000, true);
    ASSERT_EQ(maintained.create(tenant()).status, 200);
    proxy->reset_counts();
    ASSERT_TRUE(eventually([&] {
        const Commands commands = proxy->commands();
        return std::count(commands.begin(), commands.end(), "find schema") >= 2;
    }));
    EXPECT_EQ(proxy->count("insert"), 0);
}

// What came in between is found afterwards, and mended.
TEST_F(Serving, WhatAMissingIndexLetInIsFoundByCheckAndMended) {
    const Tenant limited = admin().make_tenant(10);
    const Answer first = gateway().create(limited, order("Twin", "key-1"));
    EXPECT_CREATED(first);
    for (const char *index : {"organization_slug", "organization_place", "organization_request"}) {
        run(R"({"dropIndexes":"applications","index":")" + std::string(index) + "\"}");
    }
    const std::vector<Bson> there = direct().find("applications", bson(R"({"_id":{"$oid":")" + first.id + "\"}}"));
    ASSERT_EQ(there.size(), 1U);
    std::vector<Bson> twin;
    twin.push_back(without(there.front().get(), "_id"));
    ASSERT_TRUE(direct().insert("applications", twin).ok);
    CoreGateway checking(server().uri({}, database()));
    std::string problems;
    const RowSink add = [&problems](std::string_view row) {
        problems.append(row).append("\n");
        return true;
    };
    EXPECT_FALSE(checking.store().check(false, add));
    for (const char *what :
         {"its slug is that of ", "its place is that of ", "its request is that of ", "unique indexes are missing"}) {
        EXPECT_NE(problems.find(what), std::string::npos) << what << "\n" << problems;
    }
    EXPECT_TRUE(checking.store().check(true, add)) << problems;
    EXPECT_TRUE(admin().store().check(false, add)) << problems;
    EXPECT_EQ(stored(limited), 2);
    EXPECT_TRUE(is_mended());
    const Answer again = gateway().create(limited, order("Twin", "key-1"));
    EXPECT_TRUE(again.is_replay) << again;
}

// Guards: taking ids for ages. Those of one second that two processes made are in no order.
TEST_F(Serving, TheOlderRecordKeepsItsSlugWhateverTheIds) {
    const Answer first = gateway().create(tenant(), order("Twin", "key-1"));
    EXPECT_CREATED(first);
    for (const char *index : {"organization_slug", "organization_place", "organization_request"}) {
        run(R"({"dropIndexes":"applications","index":")" + std::string(index) + "\"}");
    }
    const std::string by_id = R"({"_id":{"$oid":")" + first.id + "\"}}";
    const std::vector<Bson> there = direct().find("applications", bson(by_id));
    ASSERT_EQ(there.size(), 1U);
    std::vector<Bson> twin;
    twin.push_back(bson(R"({"_id":{"$oid":"000000000000000000000001"}})"));
    const Bson rest = without(there.front().get(), "_id");
    ASSERT_TRUE(bson_concat(twin.front().get(), rest.get()));
    ASSERT_TRUE(direct().insert("applications", twin).ok);
    run(R"({"update":"applications","updates":[{"q":{"_id":{"$oid":"000000000000000000000001"}},)"
        R"("u":{"$set":{"createdAt":{"$date":{"$numberLong":"4102444800000"}}}}}]})");
    EXPECT_TRUE(CoreGateway(server().uri({}, database())).store().check(true, [](std::string_view) { return true; }));
    const std::string kept = R"({"_id":{"$oid":")" + first.id + R"("},"slug":")" + first.slug + "\"}";
    EXPECT_EQ(direct().find("applications", bson(kept)).size(), 1U);
    EXPECT_TRUE(is_mended());
    const Answer again = gateway().create(tenant(), order("Twin", "key-1"));
    EXPECT_TRUE(again.is_replay) << again;
    EXPECT_EQ(again.body, first.body);
}

}  // namespace
}  // namespace appcreate::test
