// appctl provider …
#include "harness.h"

namespace clitest {
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
    EXPECT_EQ(provider.text("id"), kOwner);
    EXPECT_EQ(provider.text("name"), "Main store");
    EXPECT_EQ(provider.text("region"), "eu-west-1");
    EXPECT_EQ(provider.text("provider"), "s3");
    EXPECT_EQ(provider.text("organization"), json({"org", "show", "acme"}).text("id"));
    EXPECT_FALSE(provider.boolean("default"));
    EXPECT_STREQ(json_string_value(json_object_get(json_object_get(provider.raw(), "config"), "bucket")), "builds");
}

TEST_F(Providers, TheDefaultIsTheOrganizations) {
    const Json first = json(create({"--default"}));
    EXPECT_TRUE(first.boolean("default"));
    EXPECT_EQ(json({"org", "show", "acme"}).text("defaultStorageProvider"), first.text("id"));
    const Json second = json(create({"--default"}));
    EXPECT_EQ(json({"org", "show", "acme"}).text("defaultStorageProvider"), second.text("id"));
    const Json list = json({"provider", "list", "--org", "acme"});
    ASSERT_EQ(list.size(), 2U);
    int defaults = 0;
    for (std::size_t i = 0; i < 2; ++i) defaults += list.at(i).boolean("default") ? 1 : 0;
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
    EXPECT_EQ(json(create({"--id", kOwner})).text("id"), kOwner);
    expect_failure(1, create({"--id", kOwner}), kOwner);
    EXPECT_EQ(
        json({"provider", "create", "--org", "acme", "--name", "n", "--provider", "s3", "--region", ""}).text("region"),
        "");
}

TEST_F(Providers, Delete) {
    const std::string id = json(create({"--default"})).text("id");
    expect_failure(1, {"provider", "delete", "--org", "acme", kNobody}, kNobody);
    expect_failure(2, {"provider", "delete", "--org", "acme", "x"}, "24 hexadecimal digits");
    const Result deleted = appctl({"--json", "provider", "delete", "--org", "acme", id});
    EXPECT_EQ(deleted.out, R"({"id":")" + id +
                               R"(","deleted":true})"
                               "\n");
    expect_failure(1, {"provider", "delete", "--org", "acme", id}, id);
    EXPECT_EQ(json({"provider", "list", "--org", "acme"}).size(), 0U);
    EXPECT_TRUE(json({"org", "show", "acme"}).is_null("defaultStorageProvider"));
}

TEST_F(Providers, AnotherOrganizationsIsOutOfReach) {
    const std::string id = json(create({})).text("id");
    EXPECT_EQ(appctl({"org", "create", "--name", "B", "--slug", "bee"}).status, 0);
    expect_failure(1, {"provider", "delete", "--org", "bee", id}, id);
    EXPECT_EQ(json({"provider", "list", "--org", "bee"}).size(), 0U);
    EXPECT_EQ(json({"provider", "list", "--org", "acme"}).size(), 1U);
}

}  // namespace
}  // namespace clitest
