// app_create_fallback: every method but POST goes on to an upstream (docs/directives.md,
// "app_create_fallback").
#include "harness/answers.h"
#include "harness/suite.h"

namespace appcreate::test {
namespace {

class Fallback : public InEveryMode<Fallback> {
  public:
    static GatewayOptions options() {
        GatewayOptions options;
        options.location = "app_create_fallback @api;";
        options.server = R"(
            location @api { client_max_body_size 1m; proxy_pass http://127.0.0.1:@port1@; }
            location = /closed { satisfy any; deny all; app_create org-1; app_create_fallback @api; }
            location = /password {
                satisfy any; auth_basic closed; auth_basic_user_file @dir@/passwords;
                app_create org-1; app_create_fallback @api;
            }
            location = /all_closed { deny all; app_create org-1; app_create_fallback @api; }
        )";
        options.servers = showing_api(R"(return 200 "$request_method $request_uri $content_length";)");
        return options;
    }
    static void prepare(Gateway &gateway) { write_file(gateway.directory() + "/passwords", "user:{PLAIN}secret\n"); }

  protected:
    Request method(const std::string &name, const std::string &body = {}) {
        Request request = gateway().request(body);
        request.method = name;
        request.has_body = !body.empty();
        return request;
    }
};
INSTANTIATE_TEST_SUITE_P(Modes, Fallback, kModes, mode_name);

TEST_P(Fallback, OtherMethodsReachTheUpstream) {
    for (const char *name : {"GET", "DELETE", "OPTIONS", "PATCH"}) {
        Request request = method(name);
        request.path += "?a=b";
        const Response response = client().send(request);
        EXPECT_EQ(response.status, 200) << name;
        EXPECT_TRUE(response.body.starts_with(std::string(name) + " " + request.path)) << response.body;
        EXPECT_EQ(response.header("X-Seen-Authorization"), "Bearer " + gateway().key().token);
    }
    const Response head = client().send(method("HEAD"));
    EXPECT_EQ(head.status, 200);
    EXPECT_FALSE(head.has("Allow"));
}

TEST_P(Fallback, BodyReachesTheUpstream) {
    for (const bool length_known : {true, false}) {
        Request request = method("PUT", std::string(600, 'b'));
        request.length_known = length_known;
        const Response response = client().send(request);
        EXPECT_EQ(response.status, 200) << response.body;
        EXPECT_EQ(response.header("X-Seen-Body"), std::string(600, 'b'));
        EXPECT_TRUE(response.body.ends_with(" 600")) << response.body;
    }
}

TEST_P(Fallback, NoTokenIsAskedFor) {
    Request request = method("GET");
    drop_header(request.headers, "Authorization");
    EXPECT_EQ(client().send(request).status, 200);
    set_header(request.headers, "Authorization", "Bearer unknown");
    EXPECT_EQ(client().send(request).status, 200);
}

TEST_P(Fallback, PostIsStillOurs) {
    expect_created(client().send(gateway().request(R"({"name":"Mine"})")));
    Request request = gateway().request(R"({"name":"Mine"})");
    drop_header(request.headers, "Authorization");
    expect_no_token(client().send(request));
}

TEST_P(Fallback, DenyHoldsAlsoUnderSatisfyAny) {
    for (const char *path : {"/closed", "/all_closed"}) {
        Request request = method("GET");
        request.path = path;
        const Response response = client().send(request);
        EXPECT_EQ(response.status, 403) << path << response.body;
        EXPECT_EQ(response.body.find("GET"), std::string::npos) << "the upstream was reached";
    }
}

TEST_P(Fallback, PasswordHoldsAlsoUnderSatisfyAny) {
    Request request = method("GET");
    request.path = "/password";
    EXPECT_EQ(client().send(request).status, 401);
    set_header(request.headers, "Authorization", "Basic dXNlcjpzZWNyZXQ=");
    EXPECT_EQ(client().send(request).status, 200);
}

}  // namespace
}  // namespace appcreate::test
