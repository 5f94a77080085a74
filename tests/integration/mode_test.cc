// app_create_mode: made here, tried, or another's (docs/directives.md, "app_create_mode").
#include "harness/answers.h"
#include "harness/suite.h"

namespace appcreate::test {
namespace {

class CreateMode : public InEveryMode<CreateMode> {
  public:
    static GatewayOptions options() {
        GatewayOptions options;
        options.http = R"(
            map $http_x_mode $mode { default $http_x_mode; none ""; }
            split_clients $arg_client $share { 30% create; * off; }
        )";
        options.location = "app_create_mode $mode; add_header X-Mode $app_create_mode always;";
        options.server = R"(
            location @api { proxy_pass http://127.0.0.1:@port1@; }
            location ~ ^/api/(?<organization_of_api>[^/]*)\z {
                app_create $organization_of_api; app_create_mode $mode; app_create_fallback @api;
            }
            location ~ ^/part/(?<organization_of_part>[^/]*)\z {
                app_create $organization_of_part; app_create_mode $share; app_create_fallback @api;
            }
            location ~ ^/try/(?<organization_of_try>[^/]*)\z { app_create $organization_of_try; app_create_mode validate; }
            location ~ ^/make/(?<organization_of_make>[^/]*)\z { app_create $organization_of_make; app_create_mode create; }
            location = /none { app_create org-1; app_create_mode off; }
            location = /denied { satisfy any; deny all; app_create org-1; app_create_mode off; app_create_fallback @api; }
            location = /allowed { satisfy any; allow all; app_create org-1; app_create_mode $mode; }
            location = /allowed_api {
                satisfy any; allow all; app_create org-1; app_create_mode $mode; app_create_fallback @api;
            }
            location = /early { rewrite ^ /try/org-1 last; }
        )";
        options.servers = showing_api(R"(return 201 "api: $request_method";)");
        return options;
    }

  protected:
    Request request(const std::string &body, const std::string &mode) {
        Request request = Gateway::request(org_, key_, body);
        set_header(request.headers, "X-Mode", mode);
        return request;
    }
    Response send(const std::string &body, const std::string &mode) { return client().send(request(body, mode)); }
    Response send_to(const std::string &path, const std::string &body, const std::string &mode = "create") {
        Request at = request(body, mode);
        at.path = path;
        return client().send(at);
    }
    std::int64_t count() { return gateway().store().count(org_); }
    std::int64_t count_of_first() { return gateway().store().count(gateway().organization()); }

    Organization org_ = gateway().store().organization();
    Key key_ = gateway().store().key(org_);
};
INSTANTIATE_TEST_SUITE_P(Modes, CreateMode, kModes, mode_name);

TEST_P(CreateMode, CreateCreates) {
    const Response response = send(R"({"name":"Made"})", "create");
    EXPECT_TRUE(expect_created(response).has("/id"));
    EXPECT_EQ(response.header("X-Mode"), "create");
    expect_created(send_to("/make/" + org_.id, R"({"name":"Made"})"));
    EXPECT_EQ(count(), 2);
}

TEST_P(CreateMode, ValidateWritesNothingWhateverTheQuerySays) {
    for (const char *query : {"", "?validateOnly=false", "?validateOnly=true", "?a=b", "?validateOnl%79=false"}) {
        SCOPED_TRACE(query);
        Request tried = request(R"({"name":"Tried","metadata":{"a":1}})", "validate");
        tried.path += query;
        const Response response = client().send(tried);
        const Json data = expect_created(response);
        EXPECT_FALSE(data.has("/id"));
        EXPECT_EQ(data.string("/slug"), "tried");
        EXPECT_EQ(response.header("X-Mode"), "validate");
        EXPECT_FALSE(expect_created(send_to("/try/" + org_.slug + query, R"({"name":"Tried"})")).has("/id"));
    }
    EXPECT_EQ(count(), 0);
    EXPECT_EQ(gateway().store().appctl({"check"}).status, 0);
    EXPECT_EQ(expect_created(send(R"({"name":"Tried"})", "create")).string("/slug"), "tried");
}

TEST_P(CreateMode, ValidateKeepsNoIdempotencyKey) {
    const auto keyed = [&](const std::string &mode, const std::string &name) {
        Request request = this->request(R"({"name":")" + name + "\"}", mode);
        set_header(request.headers, "Idempotency-Key", "k");
        return client().send(request);
    };
    for (const char *name : {"One", "One", "Two"}) {
        const Response response = keyed("validate", name);
        EXPECT_FALSE(expect_created(response).has("/id"));
        EXPECT_FALSE(response.has("Idempotency-Replayed"));
    }
    const Response first = keyed("create", "Two");
    EXPECT_FALSE(first.has("Idempotency-Replayed"));
    EXPECT_TRUE(expect_created(first).has("/id"));
    // And gives no kept answer, which has an id.
    EXPECT_FALSE(expect_created(keyed("validate", "Two")).has("/id"));
    EXPECT_EQ(keyed("create", "Two").header("Idempotency-Replayed"), "true");
    EXPECT_EQ(count(), 1);
}

TEST_P(CreateMode, ValidateRunsEveryCheck) {
    Request asked = request(R"({"name":"x"})", "validate");
    drop_header(asked.headers, "Authorization");
    expect_no_token(client().send(asked));
    asked = request(R"({"name":"x"})", "validate");
    set_header(asked.headers, "Authorization", "Bearer unknown");
    expect_unauthorized(client().send(asked));
    const Key powerless = gateway().store().key(org_, {"--permission", "none"});
    set_header(asked.headers, "Authorization", "Bearer " + powerless.token);
    const Response refused = client().send(asked);
    EXPECT_EQ(refused.status, 401);
    EXPECT_NE(refused.header("WWW-Authenticate").find("insufficient_scope"), std::string::npos);
    asked = request(R"({"name":"x"})", "validate");
    asked.path = "/v1/organizations/nobody/apps";
    expect_not_found(client().send(asked));
    asked = request(R"({"name":"x"})", "validate");
    set_header(asked.headers, "Content-Type", "text/plain");
    expect_error(client().send(asked), 415, 1005, "Unsupported media type");
    for (const char *query : {"?validateOnly=maybe", "?validateOnly=true&validateOnly=true", "?validateOnly"}) {
        asked = request(R"({"name":"x"})", "validate");
        asked.path += query;
        expect_pointers(client().send(asked), {""});
    }
    asked = request(R"({"name":"x"})", "validate");
    set_header(asked.headers, "Idempotency-Key", std::string(256, 'k'));
    expect_pointers(client().send(asked), {""});
    expect_malformed(send("{", "validate"));
    expect_pointers(send("{}", "validate"), {"/name"});
    expect_too_large(send(R"({"name":"x","metadata":{"m":")" + std::string(1 << 20, 'm') + "\"}}", "validate"));
    expect_error(send(R"({"name":"x","configuration":{"storageProvider":"507f1f77bcf86cd799439012"}})", "validate"),
                 400, 5060, "StorageProvider not found");
    const Organization full = gateway().store().organization({.limit = 0, .more = {}});
    asked = Gateway::request(full, gateway().store().key(full), R"({"name":"x"})");
    set_header(asked.headers, "X-Mode", "validate");
    expect_error(client().send(asked), 400, 5017, "Limit Exceeded");
    EXPECT_EQ(count(), 0);
}

TEST_P(CreateMode, ValidateReadsBodiesInFilesAndNamesThatNeedAThread) {
    const std::string large = R"({"name":"Large","metadata":{"m":")" + std::string(100000, 'm') + "\"}}";
    EXPECT_FALSE(expect_created(send(large, "validate")).has("/id"));
    EXPECT_FALSE(expect_created(send(R"({"name":"\u6f22\u5b57"})", "validate")).has("/id"));
    EXPECT_EQ(count(), 0);
}

TEST_P(CreateMode, OffHandsOnToTheFallback) {
    const std::string body = R"({"name":"Theirs"})";
    for (const bool length_known : {true, false}) {
        Request asked = request(body, "off");
        asked.path = "/api/" + org_.id;
        asked.length_known = length_known;
        const Response response = client().send(asked);
        EXPECT_EQ(response.status, 201);
        EXPECT_EQ(response.body, "api: POST");
        EXPECT_EQ(response.header("X-Seen-Body"), body);
    }
    // Who may create there is for the API to say.
    Request asked = request(body, "off");
    asked.path = "/api/" + org_.id;
    drop_header(asked.headers, "Authorization");
    EXPECT_EQ(client().send(asked).body, "api: POST");
    asked.method = "GET";
    asked.has_body = false;
    EXPECT_EQ(client().send(asked).body, "api: GET");
    EXPECT_EQ(count(), 0);
    expect_created(send_to("/api/" + org_.id, body, "create"));
    EXPECT_FALSE(expect_created(send_to("/api/" + org_.id, body, "validate")).has("/id"));
    EXPECT_EQ(count(), 1);
}

TEST_P(CreateMode, OffWithoutAFallbackIsBusy) {
    for (const auto &response : {send(R"({"name":"x"})", "off"), send_to("/none", R"({"name":"x"})")}) {
        expect_busy(response);
        EXPECT_EQ(response.header("Retry-After"), "1");
    }
    // Before anybody looks who asks, and before the body is sent.
    Request asked = request("", "off");
    drop_header(asked.headers, "Authorization");
    expect_busy(client().send(asked));
    asked.method = "GET";
    expect_error(client().send(asked), 405, 1003, "Method not allowed");
    EXPECT_EQ(count(), 0);
}

TEST_P(CreateMode, UnknownValueCreatesNothing) {
    for (const char *mode : {"Create", "on", "none", "CREATE", "validate2", "offf"}) {
        SCOPED_TRACE(mode);
        expect_error(send(R"({"name":"x"})", mode), 500, 1000, "Internal error");
        expect_error(send_to("/api/" + org_.id, R"({"name":"x"})", mode), 500, 1000, "Internal error");
        expect_error(send_to("/allowed_api", R"({"name":"x"})", mode), 500, 1000, "Internal error");
    }
    EXPECT_EQ(count(), 0);
    expect_created(send(R"({"name":"x"})", "create"));
}

TEST_P(CreateMode, AddressRulesHoldForWhatIsHandedOn) {
    const Response response = send_to("/denied", R"({"name":"x"})");
    EXPECT_EQ(response.status, 403);
    EXPECT_EQ(response.body.find("api"), std::string::npos) << "the API was reached";
}

TEST_P(CreateMode, SatisfyAnyChangesNothing) {
    const std::int64_t before = count_of_first();
    const auto allowed = [&](const std::string &path, const std::string &mode, bool with_token) {
        Request asked = gateway().request(R"({"name":"x"})");
        set_header(asked.headers, "X-Mode", mode);
        asked.path = path;
        if (!with_token) drop_header(asked.headers, "Authorization");
        return client().send(asked);
    };
    expect_no_token(allowed("/allowed", "create", false));
    expect_no_token(allowed("/allowed", "validate", false));
    EXPECT_FALSE(expect_created(allowed("/allowed", "validate", true)).has("/id"));
    expect_busy(allowed("/allowed", "off", true));
    EXPECT_EQ(allowed("/allowed_api", "off", false).body, "api: POST");
    EXPECT_EQ(count_of_first(), before);
    expect_created(allowed("/allowed", "create", true));
    EXPECT_EQ(count_of_first(), before + 1);
}

TEST_P(CreateMode, RewrittenRequestIsUnderItsLocationsMode) {
    Request asked = gateway().request(R"({"name":"x"})");
    const std::int64_t before = count_of_first();
    asked.path = "/early";
    EXPECT_FALSE(expect_created(client().send(asked)).has("/id"));
    EXPECT_EQ(count_of_first(), before);
}

TEST_P(CreateMode, SplitSendsEachClientToOneSide) {
    int made = 0;
    for (int i = 0; i < 40; ++i) {
        const std::string path = "/part/" + org_.id + "?client=" + std::to_string(i);
        const Response first = send_to(path, R"({"name":"Shared"})");
        const Response second = send_to(path, R"({"name":"Shared"})");
        EXPECT_EQ(first.status, second.status);
        made += first.status == 200;
        if (first.status != 200) {
            EXPECT_EQ(first.status, 201) << first.body;
        }
    }
    // nginx's hash of these 40: both sides have some.
    EXPECT_GT(made, 0);
    EXPECT_LT(made, 40);
    EXPECT_EQ(count(), 2 * made);
}

class InheritedMode : public OwnGateway {};

TEST_F(InheritedMode, IsThatOfTheOuterLevelUnlessALocationHasItsOwn) {
    GatewayOptions options;
    options.http = "app_create_mode off;";
    options.server = R"(
        app_create_mode validate;
        location ~ ^/make/(?<made>[^/]*)\z { app_create $made; app_create_mode create; }
    )";
    options.servers = R"(
        server { listen 127.0.0.1:@port1@; location ~ ^/off/(?<off>[^/]*)\z { app_create $off; } }
    )";
    make(options).start();
    Request request = gateway().request(R"({"name":"x"})");
    EXPECT_FALSE(expect_created(gateway().client().send(request)).has("/id"));
    request.path = "/off/" + gateway().organization().id;
    expect_busy(gateway().client_at(gateway().extra_port(1)).send(request));
    EXPECT_EQ(gateway().store().count(gateway().organization()), 0);
    request.path = "/make/" + gateway().organization().id;
    EXPECT_TRUE(expect_created(gateway().client().send(request)).has("/id"));
}

// One line in the error log for as long as it goes on, which names the value.
class UnknownMode : public OwnGateway {};

TEST_F(UnknownMode, IsToldOfOnce) {
    GatewayOptions options;
    options.location = "app_create_mode $http_x_mode;";
    options.server = "location ~ ^/same/(?<same>[^/]*) { app_create $same; app_create_mode $http_x_mode; }";
    make(options).start();
    const std::string line = "of \"app_create_mode\"";
    Request request = gateway().request(R"({"name":"x"})");
    const std::string secret = gateway().key().token;
    set_header(request.headers, "X-Mode", "Bearer " + secret);
    for (int i = 0; i < 10; ++i) {
        expect_error(gateway().client().send(request), 500, 1000, "Internal error");
    }
    EXPECT_TRUE(gateway().logs(line));
    const std::vector<std::string> lines = lines_with(gateway().log_of_test(), line);
    ASSERT_EQ(lines.size(), 1U);
    EXPECT_NE(lines[0].find("[error]"), std::string::npos) << lines[0];
    EXPECT_NE(lines[0].find("unknown value \"...\""), std::string::npos) << lines[0];
    EXPECT_EQ(gateway().log_of_test().find(secret.substr(0, 6)), std::string::npos) << "a part of the token";
    // Requests in between that are right do not make it a new state.
    set_header(request.headers, "X-Mode", "create");
    expect_created(gateway().client().send(request));
    set_header(request.headers, "X-Mode", "wrong");
    expect_error(gateway().client().send(request), 500, 1000, "Internal error");
    EXPECT_EQ(lines_with(gateway().log_of_test(), line).size(), 1U);
    // Another directive is another mistake.
    request.path = "/same/" + gateway().organization().id;
    expect_error(gateway().client().send(request), 500, 1000, "Internal error");
    EXPECT_TRUE(gateway().logs("unknown value \"wrong\" of"));
}

}  // namespace
}  // namespace appcreate::test
