// A gateway looks once whether the store is what "appctl init" made, and says in its log what is not.
#include <gtest/gtest.h>

#include "harness/command_monitor.h"
#include "harness/store_test.h"

namespace appcreate::mongotest {
namespace {

using Commands = std::vector<std::string>;

class Schema : public StoreTest {
  protected:
    // A create through a gateway of its own is refused, and the one line in its log says why.
    void expect_unfit(const Tenant &tenant, const std::string &why) {
        Gateway gateway(server().uri({}, database()));
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
                 "applications.organization_request; run \"appctl --store URI init\"");
    admin().store().init();
    Gateway gateway(server().uri({}, database()));
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
    expect_unfit(tenant, "it is not initialized; run \"appctl --store URI init\"");
}

TEST_F(Schema, ANewerStoreAsksForANewerProgram) {
    const Tenant tenant = admin().make_tenant();
    run(R"({"update":"schema","updates":[{"q":{"_id":"version"},"u":{"$set":{"version":99,"readableFrom":99}}}]})");
    expect_unfit(tenant, "upgrade this program");
    run(R"({"update":"schema","updates":[{"q":{"_id":"version"},"u":{"$set":{"version":99,"readableFrom":1}}}]})");
    Gateway gateway(server().uri({}, database()));
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
    Gateway gateway(server().uri({}, database()));
    for (int i = 0; i < 2; ++i) EXPECT_CREATED(gateway.create(tenant));
    ASSERT_EQ(gateway.complaints().size(), 1U);
    EXPECT_NE(gateway.complaints().front().find("it is slow without the indexes applications.organization_id, "
                                                "applications.keptUntil; run \"appctl --store URI init\""),
              std::string::npos)
        << gateway.complaints().front();
    admin().store().init();
    Gateway mended(server().uri({}, database()));
    EXPECT_CREATED(mended.create(tenant));
    EXPECT_TRUE(mended.complaints().empty());
}

TEST_F(Schema, IsLookedAtOnce) {
    const Tenant tenant = admin().make_tenant();
    const auto proxy = make_proxy();
    const CommandMonitor monitor(proxy->port());
    Gateway gateway(uri(*proxy));
    for (int i = 0; i < 3; ++i) EXPECT_CREATED(gateway.create(tenant, order("Note " + std::to_string(i))));
    const Commands commands = monitor.commands();
    EXPECT_EQ(std::count(commands.begin(), commands.end(), "find schema"), 1);
    EXPECT_EQ(std::count(commands.begin(), commands.end(), "listIndexes applications"), 1);
}

}  // namespace
}  // namespace appcreate::mongotest
