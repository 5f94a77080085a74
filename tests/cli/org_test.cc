// appctl org …
#include "harness.h"

namespace appcreate::test {
namespace {

class Organizations : public AppctlTest {
  protected:
    void SetUp() override { EXPECT_EQ(appctl({"init"}).status, 0); }
};

const std::vector<std::string> kKeys = {"id",
                                        "name",
                                        "slug",
                                        "enabled",
                                        "limit",
                                        "maxBillingBuildRetentionDays",
                                        "buildsRetainedPerPublication",
                                        "defaultStorageProvider",
                                        "applications",
                                        "createdAt",
                                        "frozen"};

TEST_F(Organizations, CreatePrintsTheOrganization) {
    const Json org = json({"org", "create", "--name", "Acme Größe", "--slug", "Acme-1", "--limit", "3",
                           "--build-retention-days", "30", "--builds-per-publication", "-1"});
    EXPECT_EQ(org.keys(), kKeys);
    EXPECT_EQ(org.string("/id").size(), 24U);
    EXPECT_EQ(org.string("/name"), "Acme Größe");
    EXPECT_EQ(org.string("/slug"), "acme-1");
    EXPECT_TRUE(org.boolean("/enabled"));
    EXPECT_EQ(org.integer("/limit"), 3);
    EXPECT_EQ(org.integer("/maxBillingBuildRetentionDays"), 30);
    EXPECT_EQ(org.integer("/buildsRetainedPerPublication"), -1);
    EXPECT_TRUE(org.is_null("/defaultStorageProvider"));
    EXPECT_EQ(org.integer("/applications"), 0);
    EXPECT_EQ(org.string("/createdAt").size(), 24U);
}

TEST_F(Organizations, CreateHasDefaults) {
    const Json org = json({"org", "create", "--name", "A", "--slug", "aaa", "--id", "507F1F77BCF86CD799439012"});
    EXPECT_EQ(org.string("/id"), "507f1f77bcf86cd799439012");
    EXPECT_TRUE(org.is_null("/limit"));
    EXPECT_EQ(org.integer("/maxBillingBuildRetentionDays"), 0);
    EXPECT_EQ(org.integer("/buildsRetainedPerPublication"), 0);
    EXPECT_TRUE(json({"org", "create", "--name", "B", "--slug", "bbb", "--limit", "unlimited"}).is_null("/limit"));
}

TEST_F(Organizations, SlugsAreChecked) {
    const std::string longest(128, 'a');
    for (const std::string slug : {"ab", "a b", "a_b", "äöü", "507f1f77bcf86cd799439012"}) {
        expect_failure(2, {"org", "create", "--name", "A", "--slug", slug}, "3 to 128 letters, digits and hyphens");
    }
    expect_failure(2, {"org", "create", "--name", "A", "--slug", longest + "a"}, "3 to 128");
    EXPECT_EQ(json({"org", "create", "--name", "A", "--slug", longest}).string("/slug"), longest);
    EXPECT_EQ(json({"org", "create", "--name", "A", "--slug", "-a-"}).string("/slug"), "-a-");
}

TEST_F(Organizations, NamesAndIdsAreChecked) {
    expect_failure(2, {"org", "create", "--name", std::string(129, 'a'), "--slug", "abc"}, "at most 128");
    expect_failure(2, {"org", "create", "--name", "a\nb", "--slug", "abc"}, "control");
    expect_failure(2, {"org", "create", "--name", "a\xff", "--slug", "abc"}, "UTF-8");
    expect_failure(2, {"org", "create", "--name", "a", "--slug", "abc", "--id", "12"}, "24 hexadecimal digits");
    EXPECT_EQ(json({"org", "list"}).size(), 0U);
}

TEST_F(Organizations, WhatIsTakenIsRefused) {
    EXPECT_EQ(appctl({"org", "create", "--name", "A", "--slug", "aaa", "--id", kOwner}).status, 0);
    expect_failure(1, {"org", "create", "--name", "B", "--slug", "AAA"}, "aaa");
    expect_failure(1, {"org", "create", "--name", "B", "--slug", "bbb", "--id", kOwner}, kOwner);
    EXPECT_EQ(appctl({"org", "create", "--name", "B", "--slug", "bbb"}).status, 0);
    expect_failure(1, {"org", "set", "bbb", "--slug", "aaa"}, "aaa");
}

TEST_F(Organizations, ListAndShow) {
    const Outcome none = appctl({"--json", "org", "list"});
    EXPECT_EQ(none.out, "[]\n");
    make_organization();
    static_cast<void>(create_applications({"One", "Two"}));
    EXPECT_EQ(appctl({"org", "create", "--name", "Bee", "--slug", "bee"}).status, 0);
    const Json list = json({"org", "list"});
    ASSERT_EQ(list.size(), 2U);
    EXPECT_EQ(list.at("/0").keys(), kKeys);
    for (const std::string &name :
         {std::string("acme"), std::string("ACME"), json({"org", "show", "acme"}).string("/id")}) {
        const Json org = json({"org", "show", name});
        EXPECT_EQ(org.string("/slug"), "acme");
        EXPECT_EQ(org.integer("/applications"), 2);
    }
    expect_failure(1, {"org", "show", "nobody"}, "nobody");
    expect_failure(1, {"org", "show", kNobody}, kNobody);
    expect_failure(2, {"org", "show", "no body"}, "24 hexadecimal digits, or its slug");
}

TEST_F(Organizations, SetChangesWhatIsGiven) {
    make_organization();
    Json org = json({"org", "set", "acme", "--limit", "7"});
    EXPECT_EQ(org.integer("/limit"), 7);
    EXPECT_EQ(org.string("/name"), "Acme");
    org = json({"org", "set", "acme", "--name", "New", "--slug", "new-slug", "--build-retention-days", "5",
                "--builds-per-publication", "6"});
    EXPECT_EQ(org.string("/name"), "New");
    EXPECT_EQ(org.integer("/limit"), 7);
    EXPECT_EQ(org.integer("/maxBillingBuildRetentionDays"), 5);
    EXPECT_EQ(org.integer("/buildsRetainedPerPublication"), 6);
    org = json({"org", "set", "new-slug", "--limit", "unlimited"});
    EXPECT_TRUE(org.is_null("/limit"));
    EXPECT_EQ(json({"org", "show", "new-slug"}).string("/name"), "New");
    expect_failure(1, {"org", "show", "acme"}, "acme");
    expect_failure(1, {"org", "set", "acme", "--limit", "1"}, "acme");
}

TEST_F(Organizations, SetNeedsSomethingToSet) {
    make_organization();
    expect_failure(2, {"org", "set", "acme"}, "nothing to set");
}

TEST_F(Organizations, DisableAndEnable) {
    make_organization();
    EXPECT_FALSE(json({"org", "disable", "acme"}).boolean("/enabled"));
    EXPECT_FALSE(json({"org", "disable", "acme"}).boolean("/enabled"));
    EXPECT_FALSE(json({"org", "show", "acme"}).boolean("/enabled"));
    EXPECT_TRUE(json({"org", "enable", "acme"}).boolean("/enabled"));
    expect_failure(1, {"org", "disable", "nobody"}, "nobody");
}

TEST_F(Organizations, PeopleGetLinesAndTables) {
    make_organization();
    const std::string shown = appctl({"org", "show", "acme"}).out;
    EXPECT_NE(shown.find("slug:                         acme\n"), std::string::npos) << shown;
    EXPECT_NE(shown.find("limit:                        -\n"), std::string::npos) << shown;
    EXPECT_EQ(appctl({"org", "create", "--name", "Größe", "--slug", "a-longer-slug", "--limit", "5"}).status, 0);
    const std::string table = appctl({"org", "list"}).out;
    EXPECT_TRUE(
        table.starts_with("ID                        SLUG           NAME   ENABLED  LIMIT  APPLICATIONS  FROZEN\n"))
        << table;
    EXPECT_NE(table.find("  acme           Acme   true     -      0             false\n"), std::string::npos) << table;
    EXPECT_NE(table.find("  a-longer-slug  Größe  true     5      0             false\n"), std::string::npos) << table;
}

}  // namespace
}  // namespace appcreate::test
