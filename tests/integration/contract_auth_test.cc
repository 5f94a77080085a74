// Bearer tokens (docs/api.md, "Authentication"); their form is rows of tests/contract/heads.json.
#include "harness/answers.h"
#include "harness/suite.h"

namespace appcreate::test {
namespace {

class ContractAuthentication : public InEveryMode<ContractAuthentication> {
  protected:
    // A create whose Authorization is `value`.
    Response with(const std::string &value) {
        Request request = gateway().request(R"({"name":"A"})");
        set_header(request.headers, "Authorization", value);
        return client().send(request);
    }
};
INSTANTIATE_TEST_SUITE_P(Modes, ContractAuthentication, kModes, mode_name);

TEST_P(ContractAuthentication, TokenOf512BytesWorksAndOf513Is4001) {
    const std::string longest =
        std::string(500, 'L') + name_of(GetParam().protocol) + std::to_string(GetParam().workers);
    const std::string token = longest + std::string(512 - longest.size(), '=');
    std::string legal = token;
    std::replace(legal.begin(), legal.end(), '_', '.');
    gateway().store().key_with_token(gateway().organization(), legal);
    expect_created(with("Bearer " + legal));
    gateway().forbid(legal + "=");
    expect_unauthorized(with("Bearer " + legal + "="));
}

TEST_P(ContractAuthentication, EveryCharacterOfB64tokenWorks) {
    const std::string token = "azAZ09-._~+/azAZ09-._~+/azAZ09-" + std::string(name_of(GetParam().protocol)) +
                              std::to_string(GetParam().workers) + "==";
    gateway().store().key_with_token(gateway().organization(), token);
    expect_created(with("Bearer " + token));
}

TEST_P(ContractAuthentication, UnknownTokenIs4001) {
    for (const char *token :
         {"unknown-token-that-nobody-has-registered", "x", "aca_0000000000000000000000000000000000000000000000000"}) {
        gateway().forbid(std::string(token).size() > 8 ? token : "Bearer x");
        expect_unauthorized(with(std::string("Bearer ") + token));
    }
}

TEST_P(ContractAuthentication, OwnTokenWithOneCharacterChangedIs4001) {
    std::string token = gateway().key().token;
    token[10] = token[10] == 'a' ? 'b' : 'a';
    gateway().forbid(token);
    expect_unauthorized(with("Bearer " + token));
    token = gateway().key().token;
    token.pop_back();
    expect_unauthorized(with("Bearer " + token));
}

TEST_P(ContractAuthentication, RevokedKeyIs4001) {
    const Key key = gateway().store().key(gateway().organization());
    gateway().store().tell({"key", "revoke", key.id});
    expect_unauthorized(with("Bearer " + key.token));
}

TEST_P(ContractAuthentication, ExpiredKeyIs4001) {
    const Key key = gateway().store().key(gateway().organization(), {"--expires", "2020-01-01T00:00:00Z"});
    expect_unauthorized(with("Bearer " + key.token));
}

TEST_P(ContractAuthentication, KeyThatExpiresLaterWorks) {
    const Key key = gateway().store().key(gateway().organization(), {"--expires", "2099-01-01T00:00:00+02:00"});
    expect_created(with("Bearer " + key.token));
}

TEST_P(ContractAuthentication, MissingPermissionIs4001WithInsufficientScope) {
    for (const char *permission : {"none", "mad.application.management.view"}) {
        const Key key = gateway().store().key(gateway().organization(), {"--permission", permission});
        const Response response = with("Bearer " + key.token);
        expect_error(response, 401, 4001, kUnauthorized);
        EXPECT_EQ(response.header("WWW-Authenticate"), R"(Bearer realm="applications", error="insufficient_scope", )"
                                                       R"(scope="mad.application.management.create")");
    }
}

TEST_P(ContractAuthentication, PermissionAmongOthersWorks) {
    const Key key = gateway().store().key(
        gateway().organization(),
        {"--permission", "mad.application.management.view", "--permission", "mad.application.management.create"});
    expect_created(with("Bearer " + key.token));
}

TEST_P(ContractAuthentication, SeveralHeadersAreNginxs400) {
    gateway().provoke("client sent duplicate header line");  // nginx's own words quote it
    Request request = gateway().request(R"({"name":"A"})");
    request.headers.emplace_back("Authorization", "Bearer " + gateway().key().token);
    // Found while nginx reads the header: before a location is chosen.
    EXPECT_EQ(client().send(request).status, 400);
}

TEST_P(ContractAuthentication, RefusedBeforeTheBodyIsRead) {
    if (GetParam().protocol != Protocol::http1) {
        GTEST_SKIP() << "a body that does not come needs a bare socket, HTTP/1.1 without TLS";
    }
    Request request = gateway().request("");
    drop_header(request.headers, "Authorization");
    request.headers.emplace_back("Content-Length", "1000");
    request.has_body = false;
    RawConnection connection(gateway().port(Protocol::http1));
    connection.send(http1_bytes(request));
    const auto response = connection.receive();
    ASSERT_TRUE(response);
    expect_no_token(*response);
}

class ContractRealm : public SharedGateway<ContractRealm> {
  public:
    static GatewayOptions options() {
        GatewayOptions options;
        options.server = R"(app_create_realm 'my "own" \ realm';)";
        return options;
    }
};

TEST_F(ContractRealm, IsTheOperatorsQuoted) {
    Request request = gateway().request("{}");
    drop_header(request.headers, "Authorization");
    EXPECT_EQ(gateway().client().send(request).header("WWW-Authenticate"), R"(Bearer realm="my \"own\" \\ realm")");
    set_header(request.headers, "Authorization", "Bearer unknown");
    EXPECT_EQ(gateway().client().send(request).header("WWW-Authenticate"),
              R"(Bearer realm="my \"own\" \\ realm", error="invalid_token")");
}

}  // namespace
}  // namespace appcreate::test
