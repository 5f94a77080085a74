// appctl key …
#include <fstream>
#include <iterator>

#include "harness.h"

namespace clitest {
namespace {

constexpr const char *kToken = "an-existing-token.of_32~characters+/==";

class Keys : public AppctlTest {
  protected:
    void SetUp() override { make_organization(); }
    [[nodiscard]] static std::vector<std::string> create(const std::vector<std::string> &more) {
        std::vector<std::string> out = {"key", "create", "--org", "acme", "--owner", kOwner};
        out.insert(out.end(), more.begin(), more.end());
        return out;
    }
    // No file of the store holds this text.
    void expect_nowhere(const std::string &text) const {
        for (const auto &entry : std::filesystem::directory_iterator(dir_)) {
            if (!entry.path().filename().string().starts_with("apps.db")) continue;
            std::ifstream in(entry.path(), std::ios::binary);
            const std::string content((std::istreambuf_iterator<char>(in)), {});
            EXPECT_EQ(content.find(text), std::string::npos) << entry.path();
        }
    }
};

TEST_F(Keys, CreateShowsTheTokenOnce) {
    const Json key = json(create({"--role", "org.owner"}));
    EXPECT_EQ(key.keys(), (std::vector<std::string>{"id", "token", "organization", "owner", "role", "permissions",
                                                    "revoked", "expiresAt", "createdAt"}));
    EXPECT_EQ(key.text("owner"), kOwner);
    EXPECT_EQ(key.text("role"), "org.owner");
    EXPECT_EQ(key.texts("permissions"), std::vector<std::string>{"mad.application.management.create"});
    EXPECT_FALSE(key.boolean("revoked"));
    EXPECT_TRUE(key.is_null("expiresAt"));
    const std::string token = key.text("token");
    EXPECT_TRUE(token.starts_with("aca_"));
    EXPECT_GE(token.size(), 40U);
    expect_nowhere(token);
    const Result list = appctl({"--json", "key", "list", "--org", "acme"});
    EXPECT_EQ(list.out.find("token"), std::string::npos);
    EXPECT_NE(json(create({})).text("token"), token);
}

TEST_F(Keys, PeopleAreToldToKeepTheToken) {
    const Result result = appctl(create({}));
    EXPECT_EQ(result.status, 0);
    EXPECT_NE(result.out.find("token:        aca_"), std::string::npos) << result.out;
    EXPECT_NE(result.err.find("keep the token now"), std::string::npos);
    EXPECT_EQ(result.err.find("aca_"), std::string::npos);
}

TEST_F(Keys, PermissionsAndRoles) {
    EXPECT_EQ(json(create({})).text("role"), "unknown");
    EXPECT_EQ(json(create({"--permission", "none"})).texts("permissions"), std::vector<std::string>{});
    EXPECT_EQ(json(create({"--permission", "a.b", "--permission", "c"})).texts("permissions"),
              (std::vector<std::string>{"a.b", "c"}));
    expect_failure(2, create({"--permission", "none", "--permission", "a"}), "stands alone");
    expect_failure(2, create({"--permission", "a b"}), "visible ASCII");
    expect_failure(2, create({"--permission", ""}), "must not be empty");
    expect_failure(2, create({"--role", "king"}), "org.owner");
    for (const char *role : {"org.owner", "org.admin", "org.editor", "org.viewer", "app.owner", "app.admin",
                             "app.editor", "app.viewer", "unknown"}) {
        EXPECT_EQ(json(create({"--role", role})).text("role"), role);
    }
}

TEST_F(Keys, OwnersAndOrganizationsAreChecked) {
    expect_failure(2, {"key", "create", "--org", "acme", "--owner", "me"}, "24 hexadecimal digits");
    expect_failure(2, {"key", "create", "--org", "acme"}, "--owner is missing");
    expect_failure(1, {"key", "create", "--org", "nobody", "--owner", kOwner}, "nobody");
    EXPECT_EQ(json({"key", "create", "--org", "acme", "--owner", "507F1F77BCF86CD799439011"}).text("owner"), kOwner);
    EXPECT_EQ(json({"key", "list", "--org", "acme"}).size(), 1U);
}

TEST_F(Keys, ExpiryIsATime) {
    EXPECT_EQ(json(create({"--expires", "2030-01-02T03:04:05+01:00"})).text("expiresAt"), "2030-01-02T02:04:05.000Z");
    EXPECT_EQ(json(create({"--expires", "2001-01-01T00:00:00Z"})).text("expiresAt"), "2001-01-01T00:00:00.000Z");
    // Not "never", which the store keeps as 0.
    EXPECT_EQ(json(create({"--expires", "1970-01-01T00:00:00Z"})).text("expiresAt"), "1970-01-01T00:00:00.001Z");
    for (const char *time : {"tomorrow", "2030-01-02", "2030-13-02T03:04:05Z", "2030-01-02T03:04:05", "1700000000"}) {
        expect_failure(2, create({"--expires", time}), "RFC 3339");
    }
}

TEST_F(Keys, AnExistingTokenComesFromAFile) {
    write_file("token", std::string(kToken) + "\n");
    const Result result = appctl(create({"--token-file", file("token"), "--json"}));
    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_EQ(result.out.find("token"), std::string::npos) << result.out;
    expect_nowhere(kToken);
    // It is taken now.
    const Result again = appctl(create({"--token-file", file("token")}));
    EXPECT_EQ(again.status, 1);
    EXPECT_EQ(again.err.find(kToken), std::string::npos) << again.err;
}

TEST_F(Keys, AnExistingTokenComesFromStandardInput) {
    for (const char *end : {"", "\n"}) {
        const std::string token = std::string(kToken).insert(3, *end == '\0' ? "a" : "b");
        const Result result = appctl(create({"--token-file", "-"}), {.input = token + end});
        EXPECT_EQ(result.status, 0) << result.err;
        EXPECT_EQ(result.err, "");
        EXPECT_EQ(result.out.find(token), std::string::npos);
    }
}

TEST_F(Keys, WrongTokensAreRefusedWithoutRepeatingThem) {
    const std::string longest(512, 'a');
    for (const auto &[token, status, message] : std::vector<std::tuple<std::string, int, std::string>>{
             {"", 1, "is empty"},
             {"\n", 1, "is empty"},
             {std::string(31, 'a'), 2, "32 to 512"},
             {longest + "a", 1, "too long"},
             {std::string(kToken) + "\n\n", 2, "32 to 512"},
             {std::string(kToken) + " x", 2, "32 to 512"},
             {"\"" + std::string(kToken) + "\"", 2, "32 to 512"},
             {std::string("aca_") + std::string(49, 'x'), 2, "checksum"}}) {
        const Result result = appctl(create({"--token-file", "-"}), {.input = token});
        EXPECT_EQ(result.status, status) << result.err;
        EXPECT_NE(result.err.find(message), std::string::npos) << result.err;
        EXPECT_EQ(result.err.find(kToken), std::string::npos);
        EXPECT_EQ(result.err.find("aaaa"), std::string::npos);
        EXPECT_EQ(result.out, "");
    }
    expect_failure(1, create({"--token-file", file("missing")}), "cannot open the token file");
    expect_failure(1, create({"--token-file", dir_.string()}), "cannot read the token file");
    EXPECT_EQ(appctl(create({"--token-file", "-"}), {.input = longest + "\n"}).status, 0);
    EXPECT_EQ(json({"key", "list", "--org", "acme"}).size(), 1U);
}

TEST_F(Keys, RevokeIsForEver) {
    const std::string id = json(create({})).text("id");
    const Result revoked = appctl({"--json", "key", "revoke", id});
    EXPECT_EQ(revoked.out, R"({"id":")" + id +
                               R"(","revoked":true})"
                               "\n");
    EXPECT_EQ(appctl({"key", "revoke", id}).status, 0);
    EXPECT_TRUE(json({"key", "list", "--org", "acme"}).at(0).boolean("revoked"));
    expect_failure(1, {"key", "revoke", kNobody}, kNobody);
    expect_failure(2, {"key", "revoke", "x"}, "24 hexadecimal digits");
}

TEST_F(Keys, ATokenThatCannotBeShownIsReported) {
    const Result result = appctl(create({}), {.full_output = true});
    EXPECT_EQ(result.status, 1);
    EXPECT_NE(result.err.find("revoke the key "), std::string::npos) << result.err;
    EXPECT_NE(result.err.find("No space left"), std::string::npos) << result.err;
    EXPECT_EQ(result.err.find("aca_"), std::string::npos);
    const Json list = json({"key", "list", "--org", "acme"});
    ASSERT_EQ(list.size(), 1U);
    EXPECT_NE(result.err.find(list.at(0).text("id")), std::string::npos);
}

TEST_F(Keys, PeopleGetATable) {
    EXPECT_EQ(appctl(create({"--permission", "a", "--permission", "b"})).status, 0);
    const std::string table = appctl({"key", "list", "--org", "acme"}).out;
    EXPECT_TRUE(table.starts_with(
        "ID                        OWNER                     ROLE     PERMISSIONS  REVOKED  EXPIRES\n"))
        << table;
    EXPECT_NE(table.find("  unknown  a, b         false    -\n"), std::string::npos) << table;
}

}  // namespace
}  // namespace clitest
