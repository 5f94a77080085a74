// appctl key …
#include <iterator>

#include "harness.h"

namespace appcreate::test {
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
            const std::string content = read_file(entry.path());
            EXPECT_EQ(content.find(text), std::string::npos) << entry.path();
        }
    }
};

TEST_F(Keys, CreateShowsTheTokenOnce) {
    const Json key = json(create({"--role", "org.owner"}));
    EXPECT_EQ(key.keys(), (std::vector<std::string>{"id", "token", "organization", "owner", "role", "permissions",
                                                    "revoked", "expiresAt", "createdAt", "lastUsed", "name"}));
    EXPECT_EQ(key.string("/owner"), kOwner);
    EXPECT_EQ(key.string("/role"), "org.owner");
    EXPECT_EQ(key.strings("/permissions"), std::vector<std::string>{"mad.application.management.create"});
    EXPECT_FALSE(key.boolean("/revoked"));
    EXPECT_TRUE(key.is_null("/expiresAt"));
    const std::string token = key.string("/token");
    EXPECT_TRUE(token.starts_with("aca_"));
    EXPECT_GE(token.size(), 40U);
    expect_nowhere(token);
    const Outcome list = appctl({"--json", "key", "list", "--org", "acme"});
    EXPECT_EQ(list.out.find("token"), std::string::npos);
    EXPECT_NE(json(create({})).string("/token"), token);
}

TEST_F(Keys, PeopleAreToldToKeepTheToken) {
    const Outcome result = appctl(create({}));
    EXPECT_EQ(result.status, 0);
    EXPECT_NE(result.out.find("token:        aca_"), std::string::npos) << result.out;
    EXPECT_NE(result.err.find("keep the token now"), std::string::npos);
    EXPECT_EQ(result.err.find("aca_"), std::string::npos);
}

TEST_F(Keys, PermissionsAndRoles) {
    EXPECT_EQ(json(create({})).string("/role"), "unknown");
    EXPECT_EQ(json(create({"--permission", "none"})).strings("/permissions"), std::vector<std::string>{});
    EXPECT_EQ(json(create({"--permission", "a.b", "--permission", "c"})).strings("/permissions"),
              (std::vector<std::string>{"a.b", "c"}));
    expect_failure(2, create({"--permission", "none", "--permission", "a"}), "stands alone");
    expect_failure(2, create({"--permission", "a b"}), "visible ASCII");
    expect_failure(2, create({"--permission", ""}), "must not be empty");
    expect_failure(2, create({"--role", "king"}), "org.owner");
    for (const char *role : {"org.owner", "org.admin", "org.editor", "org.viewer", "app.owner", "app.admin",
                             "app.editor", "app.viewer", "unknown"}) {
        EXPECT_EQ(json(create({"--role", role})).string("/role"), role);
    }
}

TEST_F(Keys, OwnersAndOrganizationsAreChecked) {
    expect_failure(2, {"key", "create", "--org", "acme", "--owner", "me"}, "24 hexadecimal digits");
    expect_failure(2, {"key", "create", "--org", "acme"}, "--owner is missing");
    expect_failure(1, {"key", "create", "--org", "nobody", "--owner", kOwner}, "nobody");
    EXPECT_EQ(json({"key", "create", "--org", "acme", "--owner", "507F1F77BCF86CD799439011"}).string("/owner"), kOwner);
    EXPECT_EQ(json({"key", "list", "--org", "acme"}).size(), 1U);
}

TEST_F(Keys, ExpiryIsATime) {
    EXPECT_EQ(json(create({"--expires", "2030-01-02T03:04:05+01:00"})).string("/expiresAt"),
              "2030-01-02T02:04:05.000Z");
    EXPECT_EQ(json(create({"--expires", "2001-01-01T00:00:00Z"})).string("/expiresAt"), "2001-01-01T00:00:00.000Z");
    // Not "never", which the store keeps as 0.
    EXPECT_EQ(json(create({"--expires", "1970-01-01T00:00:00Z"})).string("/expiresAt"), "1970-01-01T00:00:00.001Z");
    for (const char *time : {"tomorrow", "2030-01-02", "2030-13-02T03:04:05Z", "2030-01-02T03:04:05", "1700000000"}) {
        expect_failure(2, create({"--expires", time}), "RFC 3339");
        expect_failure(2, create({"--expires", time}), std::string("the option --expires takes no \"") + time + "\": ");
    }
}

TEST_F(Keys, AnExistingTokenComesFromAFile) {
    write_file("token", std::string(kToken) + "\n");
    const Outcome result = appctl(create({"--token-file", file("token"), "--json"}));
    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_EQ(result.out.find("token"), std::string::npos) << result.out;
    expect_nowhere(kToken);
    // It is taken now.
    const Outcome again = appctl(create({"--token-file", file("token")}));
    EXPECT_EQ(again.status, 1);
    EXPECT_EQ(again.err.find(kToken), std::string::npos) << again.err;
}

TEST_F(Keys, AnExistingTokenComesFromStandardInput) {
    for (const char *end : {"", "\n"}) {
        const std::string token = std::string(kToken).insert(3, *end == '\0' ? "a" : "b");
        const Outcome result = appctl(create({"--token-file", "-"}), {.input = token + end});
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
        const Outcome result = appctl(create({"--token-file", "-"}), {.input = token});
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
    const std::string id = json(create({})).string("/id");
    const Outcome revoked = appctl({"--json", "key", "revoke", id});
    EXPECT_EQ(revoked.out, R"({"id":")" + id +
                               R"(","revoked":true})"
                               "\n");
    EXPECT_EQ(appctl({"key", "revoke", id}).status, 0);
    EXPECT_TRUE(json({"key", "list", "--org", "acme"}).boolean("/0/revoked"));
    expect_failure(1, {"key", "revoke", kNobody}, kNobody);
    expect_failure(2, {"key", "revoke", "x"}, "24 hexadecimal digits");
}

TEST_F(Keys, ATokenThatCannotBeShownIsReported) {
    const Outcome result = appctl(create({}), {.full_output = true});
    EXPECT_EQ(result.status, 1);
    EXPECT_NE(result.err.find("revoke the key "), std::string::npos) << result.err;
    EXPECT_NE(result.err.find("No space left"), std::string::npos) << result.err;
    EXPECT_EQ(result.err.find("aca_"), std::string::npos);
    const Json list = json({"key", "list", "--org", "acme"});
    ASSERT_EQ(list.size(), 1U);
    EXPECT_NE(result.err.find(list.string("/0/id")), std::string::npos);
}

TEST_F(Keys, PeopleGetATable) {
    EXPECT_EQ(appctl(create({"--permission", "a", "--permission", "b"})).status, 0);
    const std::string table = appctl({"key", "list", "--org", "acme"}).out;
    EXPECT_TRUE(
        table.starts_with("ID                        OWNER                     ROLE     PERMISSIONS  REVOKED  EXPIRES  "
                          "LAST USED  NAME\n"))
        << table;
    EXPECT_NE(table.find("  unknown  a, b         false    -        -          -\n"), std::string::npos) << table;
}

TEST_F(Keys, NamesAreForPeople) {
    const Json named = json(create({"--name", "build server"}));
    EXPECT_EQ(named.string("/name"), "build server");
    const std::string id = named.string("/id");
    EXPECT_EQ(json({"key", "show", id}).string("/name"), "build server");
    EXPECT_EQ(json({"key", "set", id, "--name", "Größe"}).string("/name"), "Größe");
    EXPECT_EQ(json({"key", "list", "--org", "acme"}).string("/0/name"), "Größe");
    EXPECT_TRUE(json({"key", "set", id, "--name", ""}).is_null("/name"));
    EXPECT_TRUE(json(create({})).is_null("/name"));
    expect_failure(2, create({"--name", std::string(129, 'x')}), "at most 128 characters");
    expect_failure(2, {"key", "set", id}, "--name is missing");
    expect_failure(1, {"key", "set", kNobody, "--name", "x"}, kNobody);
}

TEST_F(Keys, ShowHasNoToken) {
    const Json made = json(create({"--role", "org.admin"}));
    const Outcome shown = appctl({"--json", "key", "show", made.string("/id")});
    EXPECT_EQ(shown.out, appctl({"--json", "key", "list", "--org", "acme"}).out.substr(2, shown.out.size() - 1) + "\n");
    EXPECT_EQ(shown.out.find("token"), std::string::npos);
    expect_failure(1, {"key", "show", kNobody}, kNobody);
}

TEST_F(Keys, RotateGivesAnotherTokenAndEndsTheOldOne) {
    const Json old = json(create({"--role", "org.admin", "--permission", "a", "--name", "ci"}));
    const Json now = json({"key", "rotate", old.string("/id"), "--overlap", "0"});
    EXPECT_NE(now.string("/id"), old.string("/id"));
    EXPECT_NE(now.string("/token"), old.string("/token"));
    for (const char *same : {"/organization", "/owner", "/role", "/name"})
        EXPECT_EQ(now.string(same), old.string(same));
    EXPECT_EQ(now.strings("/permissions"), old.strings("/permissions"));
    EXPECT_TRUE(now.is_null("/expiresAt"));
    EXPECT_EQ(now.string("/replaces"), old.string("/id"));
    const Json ended = json({"key", "show", old.string("/id")});
    EXPECT_EQ(ended.string("/expiresAt"), now.string("/replacedExpiresAt"));
    // Over already, by the clock that both read.
    EXPECT_LE(ended.string("/expiresAt"), json({"key", "rotate", now.string("/id")}).string("/createdAt"));
    EXPECT_FALSE(ended.boolean("/revoked"));
    expect_nowhere(now.string("/token"));
}

TEST_F(Keys, RotateLeavesAnOverlap) {
    const Json old = json(create({"--expires", "2999-01-01T00:00:00Z"}));
    const Json now = json({"key", "rotate", old.string("/id"), "--overlap", "7d", "--expires", "2998-01-01T00:00:00Z"});
    EXPECT_EQ(now.string("/expiresAt"), "2998-01-01T00:00:00.000Z");
    const std::string until = json({"key", "show", old.string("/id")}).string("/expiresAt");
    EXPECT_GT(until, now.string("/createdAt"));
    EXPECT_LT(until, "2999");
    // Never longer than it was to last.
    const Json ending = json(create({"--expires", "2020-01-01T00:00:00Z"}));
    EXPECT_EQ(json({"key", "rotate", ending.string("/id")}).string("/replacedExpiresAt"), "2020-01-01T00:00:00.000Z");
}

TEST_F(Keys, RotateRegistersATokenOfOnesOwn) {
    const std::string id = json(create({})).string("/id");
    const Outcome result = appctl({"--json", "key", "rotate", id, "--token-file", "-"}, {.input = kToken});
    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_EQ(result.out.find("token"), std::string::npos);
    // Taken now, and nothing has changed.
    const std::string other = json(create({})).string("/id");
    EXPECT_EQ(appctl({"key", "rotate", other, "--token-file", "-"}, {.input = kToken}).status, 1);
    EXPECT_TRUE(json({"key", "show", other}).is_null("/expiresAt"));
}

TEST_F(Keys, RotateRefusesWhatCannotGoOn) {
    const std::string id = json(create({})).string("/id");
    EXPECT_EQ(appctl({"key", "revoke", id}).status, 0);
    expect_failure(1, {"key", "rotate", id}, "is revoked");
    expect_failure(1, {"key", "rotate", kNobody}, kNobody);
    for (const char *overlap : {"1", "-1h", "h", "1w", "11000d", "99999999999999999999d", "1.5h", "1h "}) {
        expect_failure(2, {"key", "rotate", id, "--overlap", overlap}, std::string("not \"") + overlap + "\"");
    }
    EXPECT_EQ(json({"key", "list", "--org", "acme"}).size(), 1U);
}

TEST_F(Keys, AMisspeltPermissionIsPointedOut) {
    const Outcome result = appctl(create({"--json", "--permission", "mad.aplication.managment.create"}));
    EXPECT_EQ(result.status, 0);
    EXPECT_NE(result.err.find("did you mean \"mad.application.management.create\"?"), std::string::npos) << result.err;
    EXPECT_NE(result.err.find("\"mad.aplication.managment.create\""), std::string::npos) << result.err;
    EXPECT_NO_THROW(Json::parse(result.out));
    // With the right one beside it, or far from it, it is another system's.
    EXPECT_EQ(appctl(create({"--json", "--permission", "mad.application.management.creat", "--permission",
                             "mad.application.management.create"}))
                  .err,
              "");
    EXPECT_EQ(appctl(create({"--json", "--permission", "billing.read"})).err, "");
    const Outcome read = appctl(create({"--json", "--permission", "mad.application.managment.list"}));
    EXPECT_NE(read.err.find("cannot read applications"), std::string::npos) << read.err;
    EXPECT_NE(read.err.find("did you mean \"mad.application.management.list\"?"), std::string::npos) << read.err;
    EXPECT_EQ(appctl(create({"--json", "--permission", "mad.application.management.list"})).err, "");
}

}  // namespace
}  // namespace appcreate::test
