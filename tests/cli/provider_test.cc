// appctl provider …
#include "harness.h"

namespace appcreate::test {
namespace {

class Providers : public AppctlTest {
  protected:
    void SetUp() override { make_organization(); }
    [[nodiscard]] static std::vector<std::string> create(const std::vector<std::string> &more) {
        std::vector<std::string> out = {"provider",   "create",     "--org", "acme",     "--name",
                                        "Main store", "--provider", "s3",    "--region", "eu-west-1"};
        out.insert(out.end(), more.begin(), more.end());
        return out;
    }
};

TEST_F(Providers, CreatePrintsTheProvider) {
    const Json provider = json(create({"--config", R"( {"bucket": "builds", "n": 1e2} )", "--id", kOwner}));
    EXPECT_EQ(provider.keys(),
              (std::vector<std::string>{"id", "name", "region", "config", "provider", "organization", "default"}));
    EXPECT_EQ(provider.string("/id"), kOwner);
    EXPECT_EQ(provider.string("/name"), "Main store");
    EXPECT_EQ(provider.string("/region"), "eu-west-1");
    EXPECT_EQ(provider.string("/provider"), "s3");
    EXPECT_EQ(provider.string("/organization"), json({"org", "show", "acme"}).string("/id"));
    EXPECT_FALSE(provider.boolean("/default"));
    EXPECT_EQ(provider.string("/config/bucket"), "builds");
}

TEST_F(Providers, AConfigCanBeAString) {
    const Json provider = json(create({"--config", R"( "production-app-storage" )"}));
    EXPECT_EQ(provider.string("/config"), "production-app-storage");
}

TEST_F(Providers, TheDefaultIsTheOrganizations) {
    const Json first = json(create({"--default"}));
    EXPECT_TRUE(first.boolean("/default"));
    EXPECT_EQ(json({"org", "show", "acme"}).string("/defaultStorageProvider"), first.string("/id"));
    const Json second = json(create({"--default"}));
    EXPECT_EQ(json({"org", "show", "acme"}).string("/defaultStorageProvider"), second.string("/id"));
    const Json list = json({"provider", "list", "--org", "acme"});
    ASSERT_EQ(list.size(), 2U);
    int defaults = 0;
    for (const Json &one : list.items()) defaults += one.boolean("/default") ? 1 : 0;
    EXPECT_EQ(defaults, 1);
}

TEST_F(Providers, WhatIsWrongIsRefused) {
    for (const char *config : {"{", "[]", "1", "{\"a\":1,\"a\":2}", "{\"n\":1e999}"}) {
        expect_failure(2, create({"--config", config}), "config");
    }
    expect_failure(2, create({"--id", "x"}), "24 hexadecimal digits");
    expect_failure(2, {"provider", "create", "--org", "acme", "--name", "n", "--provider", "s3"},
                   "--region is missing");
    expect_failure(1, {"provider", "create", "--org", "nobody", "--name", "n", "--provider", "s3", "--region", ""},
                   "nobody");
    EXPECT_EQ(json(create({"--id", kOwner})).string("/id"), kOwner);
    expect_failure(1, create({"--id", kOwner}), kOwner);
    EXPECT_EQ(json({"provider", "create", "--org", "acme", "--name", "n", "--provider", "s3", "--region", ""})
                  .string("/region"),
              "");
}

TEST_F(Providers, Delete) {
    const std::string id = json(create({"--default"})).string("/id");
    expect_failure(1, {"provider", "delete", "--org", "acme", kNobody}, kNobody);
    expect_failure(2, {"provider", "delete", "--org", "acme", "x"}, "24 hexadecimal digits");
    const Outcome deleted = appctl({"--json", "provider", "delete", "--org", "acme", id});
    EXPECT_EQ(deleted.out, R"({"id":")" + id +
                               R"(","deleted":true})"
                               "\n");
    expect_failure(1, {"provider", "delete", "--org", "acme", id}, id);
    EXPECT_EQ(json({"provider", "list", "--org", "acme"}).size(), 0U);
    EXPECT_TRUE(json({"org", "show", "acme"}).is_null("/defaultStorageProvider"));
}

TEST_F(Providers, SetChangesWhatIsGiven) {
    const std::string id = json(create({"--config", R"({"bucket":"a"})"})).string("/id");
    Json provider = json({"provider", "set", "--org", "acme", id, "--name", "Other", "--region", ""});
    EXPECT_EQ(provider.string("/name"), "Other");
    EXPECT_EQ(provider.string("/region"), "");
    EXPECT_EQ(provider.string("/provider"), "s3");
    EXPECT_FALSE(provider.boolean("/default"));
    provider = json({"provider", "set", "--org", "acme", id, "--provider", "gcs", "--config", R"( {"n": 1} )"});
    EXPECT_EQ(provider.string("/provider"), "gcs");
    EXPECT_EQ(provider.string("/name"), "Other");
    EXPECT_EQ(
        appctl({"--json", "provider", "list", "--org", "acme"}).out.find(R"("config":{"n":1})") != std::string::npos,
        true);
    expect_failure(2, {"provider", "set", "--org", "acme", id}, "nothing to set");
    expect_failure(2, {"provider", "set", "--org", "acme", id, "--config", "[]"}, "JSON object");
    expect_failure(1, {"provider", "set", "--org", "acme", kNobody, "--name", "x"}, kNobody);
    EXPECT_EQ(appctl({"org", "create", "--name", "B", "--slug", "bee"}).status, 0);
    expect_failure(1, {"provider", "set", "--org", "bee", id, "--name", "x"}, id);
}

TEST_F(Providers, SetMakesAnotherOneTheDefault) {
    const std::string first = json(create({"--default"})).string("/id");
    const std::string second = json(create({})).string("/id");
    EXPECT_TRUE(json({"provider", "set", "--org", "acme", second, "--default"}).boolean("/default"));
    EXPECT_EQ(json({"org", "show", "acme"}).string("/defaultStorageProvider"), second);
    // Of one that is not the default nothing is taken.
    EXPECT_FALSE(json({"provider", "set", "--org", "acme", first, "--no-default"}).boolean("/default"));
    EXPECT_EQ(json({"org", "show", "acme"}).string("/defaultStorageProvider"), second);
    EXPECT_FALSE(json({"provider", "set", "--org", "acme", second, "--no-default"}).boolean("/default"));
    EXPECT_TRUE(json({"org", "show", "acme"}).is_null("/defaultStorageProvider"));
    expect_failure(2, {"provider", "set", "--org", "acme", second, "--default", "--no-default"}, "exclude each other");
}

TEST_F(Providers, AnotherOrganizationsIsOutOfReach) {
    const std::string id = json(create({})).string("/id");
    EXPECT_EQ(appctl({"org", "create", "--name", "B", "--slug", "bee"}).status, 0);
    expect_failure(1, {"provider", "delete", "--org", "bee", id}, id);
    EXPECT_EQ(json({"provider", "list", "--org", "bee"}).size(), 0U);
    EXPECT_EQ(json({"provider", "list", "--org", "acme"}).size(), 1U);
}

}  // namespace
}  // namespace appcreate::test
