// appctl freeze and thaw, and who else tells of a freeze.
#include "copies.h"

namespace appcreate::test {
namespace {

class FreezeCommand : public CopyTest {
  protected:
    int create_status() { return create(uri_, "acme", {{}}).at(0).status; }
};

TEST_F(FreezeCommand, OfTheWholeStore) {
    make_organization();
    const std::string refused = "clients get 503 with code 1006 and come again after ";
    Outcome result = appctl({"freeze"});
    EXPECT_EQ(result.status, 0);
    EXPECT_EQ(result.err, "");
    EXPECT_EQ(result.out, "the whole store is frozen: no create of it is acknowledged any more; " + refused +
                              "30 seconds, until \"appctl thaw\"\n");
    EXPECT_EQ(create_status(), 503);
    result = appctl({"freeze", "--retry-after", "5"});
    EXPECT_EQ(result.status, 0);
    EXPECT_NE(result.out.find("the whole store was frozen already"), std::string::npos) << result.out;
    EXPECT_NE(result.out.find("after 5 seconds"), std::string::npos) << result.out;

    EXPECT_EQ(appctl({"check"}).out,
              "every promise holds\n"
              "the whole store is frozen, so nobody can create; run \"appctl thaw\" when that is to end\n");
    EXPECT_EQ(json({"check"}).size(), 0U);

    EXPECT_EQ(appctl({"thaw"}).out, "the whole store is thawed: creates go on\n");
    EXPECT_EQ(appctl({"thaw"}).out, "the whole store was not frozen\n");
    EXPECT_EQ(appctl({"check"}).out, "every promise holds\n");
    EXPECT_EQ(create_status(), 200);
}

TEST_F(FreezeCommand, OfAnOrganization) {
    make_organization();
    const std::string id = json({"org", "show", "acme"}).string("/id");
    EXPECT_EQ(json({"org", "show", "acme"}).at("/frozen").text(), "false");
    const Json frozen = json({"freeze", "acme", "--retry-after", "7"});
    EXPECT_EQ(frozen.string("/organization"), id);
    EXPECT_EQ(frozen.at("/frozen").text(), "true");
    EXPECT_EQ(frozen.integer("/retryAfter"), 7);
    EXPECT_EQ(frozen.at("/already").text(), "false");
    EXPECT_EQ(json({"freeze", id}).at("/already").text(), "true");
    EXPECT_EQ(json({"org", "show", "acme"}).at("/frozen").text(), "true");
    EXPECT_NE(appctl({"org", "list"}).out.find("FROZEN"), std::string::npos);
    EXPECT_EQ(create_status(), 503);

    EXPECT_TRUE(json({"freeze"}).is_null("/organization"));
    EXPECT_EQ(appctl({"thaw", "acme"}).out,
              "the organization \"acme\" is thawed: creates go on\n"
              "the whole store is frozen, so nobody can create; run \"appctl thaw\" when that is to end\n");
    EXPECT_EQ(create_status(), 503);
    const Json thawed = json({"thaw"});
    EXPECT_EQ(thawed.at("/frozen").text(), "false");
    EXPECT_EQ(thawed.at("/already").text(), "false");
    EXPECT_EQ(json({"thaw", "acme"}).at("/already").text(), "true");
    EXPECT_EQ(create_status(), 200);
}

TEST_F(FreezeCommand, WhatCannotBe) {
    make_organization();
    expect_failure(1, {"freeze", "nobody"}, "no organization \"nobody\"");
    expect_failure(1, {"thaw", "nobody"}, "no organization \"nobody\"");
    expect_failure(2, {"freeze", "a b"}, "ORG takes an organization's id");
    expect_failure(2, {"freeze", "acme", "other"}, "unexpected argument \"other\"");
    expect_failure(2, {"freeze", ""}, "ORG must not be empty");
    for (const char *seconds : {"0", "3601", "4294967297", "soon"}) {
        EXPECT_EQ(appctl({"freeze", "--retry-after", seconds}).status, 2) << seconds;
    }
    EXPECT_EQ(create_status(), 200);
}

// A store of an earlier version has nothing of it, and needs no "init".
TEST_F(FreezeCommand, AStoreOfAnEarlierVersion) {
    make_organization();
    EXPECT_EQ(query(path_, "SELECT count(*) FROM pragma_table_info('organizations') WHERE name = 'frozen'"), "0");
    EXPECT_EQ(query(path_, "SELECT count(*) FROM meta WHERE name = 'frozen'"), "0");
    EXPECT_EQ(appctl({"thaw", "acme"}).status, 0);
    EXPECT_EQ(query(path_, "SELECT count(*) FROM pragma_table_info('organizations') WHERE name = 'frozen'"), "0");
    EXPECT_EQ(appctl({"freeze", "acme"}).status, 0);
    EXPECT_EQ(query(path_, "SELECT frozen FROM organizations"), "30");
    EXPECT_EQ(create_status(), 503);
    EXPECT_EQ(appctl({"org", "create", "--name", "New", "--slug", "new"}).status, 0);
    EXPECT_EQ(json({"org", "show", "new"}).at("/frozen").text(), "false");
}

TEST_F(FreezeCommand, ABackupComesBackFrozen) {
    make_organization();
    EXPECT_EQ(appctl({"freeze"}).status, 0);
    EXPECT_EQ(appctl({"backup", file("backup.db")}).status, 0);
    EXPECT_EQ(appctl({"thaw"}).status, 0);
    EXPECT_EQ(create_status(), 200);
    EXPECT_EQ(appctl({"restore", file("backup.db")}).status, 0);
    EXPECT_EQ(create(uri_, "acme", {{}}).at(0).status, 503);
}

TEST_F(FreezeCommand, DoctorFindsWhatWasForgotten) {
    make_organization();
    const auto found = [this] { return run({APPCTL, "--store", uri_, "doctor", "--nginx", NGINX}).out; };
    EXPECT_NE(found().find("nothing is frozen"), std::string::npos);
    EXPECT_EQ(appctl({"freeze"}).status, 0);
    EXPECT_EQ(appctl({"freeze", "acme"}).status, 0);
    const std::string out = found();
    EXPECT_NE(out.find("the whole store is frozen: nobody can create"), std::string::npos) << out;
    EXPECT_NE(out.find("-> run \"appctl thaw\" when that is to end"), std::string::npos) << out;
    EXPECT_NE(out.find("-> run \"appctl thaw acme\" when that is to end"), std::string::npos) << out;
}

}  // namespace
}  // namespace appcreate::test
