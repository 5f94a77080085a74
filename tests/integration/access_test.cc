// The token among nginx's other access rules (docs/api.md, "Authentication";
// docs/architecture.md, "Access").
#include <chrono>
#include <future>
#include <utility>

#include "harness/answers.h"
#include "harness/suite.h"

namespace appcreate::test {
namespace {

constexpr const char *kBasic = "Basic dXNlcjpzZWNyZXQ=";  // user:secret

class Access : public InEveryMode<Access> {
  public:
    static GatewayOptions options() {
        GatewayOptions options;
        options.server = R"(
            auth_basic_user_file @dir@/passwords;
            location = /any_allow { satisfy any; allow 127.0.0.1; deny all; app_create org-1; }
            location = /any_deny { satisfy any; deny all; app_create org-1; }
            location = /any_basic { satisfy any; auth_basic closed; app_create org-1; }
            location = /any_request { satisfy any; auth_request /yes; app_create org-1; }
            location = /all_allow { satisfy all; allow 127.0.0.1; deny all; app_create org-1; }
            location = /all_deny { satisfy all; deny 127.0.0.1; allow all; app_create org-1; }
            location = /all_basic { satisfy all; auth_basic closed; app_create org-1; }
            location = /delayed { auth_delay 1s; app_create org-1; }
            location = /asks_yes { auth_request /yes; app_create org-1; }
            location = /asks_no { auth_request /no; app_create org-1; }
            location = /asks_401 { auth_request /login; app_create org-1; }
            location = /except { limit_except POST { deny all; } app_create org-1; }
            location = /except_get { limit_except GET { deny all; } app_create org-1; }
            location = /branch {
                if ($http_x_branch = header) { add_header X-Branch taken; }
                if ($http_x_branch = refuse) { return 403; }
                app_create org-1;
            }
            location = /yes { internal; return 200; }
            location = /no { internal; return 403; }
            location = /login { internal; return 401; }
        )";
        return options;
    }
    static void prepare(Gateway &gateway) { write_file(gateway.directory() + "/passwords", "user:{PLAIN}secret\n"); }

  protected:
    Response at(const std::string &path, const std::string &authorization, const std::string &method = "POST") {
        Request request = gateway().request(method == "POST" ? R"({"name":"A"})" : "");
        request.path = path;
        request.method = method;
        request.has_body = method == "POST";
        drop_header(request.headers, "Authorization");
        if (!authorization.empty()) {
            request.headers.emplace_back("Authorization", authorization);
        }
        return client().send(request);
    }
    Response good(const std::string &path) { return at(path, "Bearer " + gateway().key().token); }
};
INSTANTIATE_TEST_SUITE_P(Modes, Access, kModes, mode_name);

TEST_P(Access, SatisfyAnyNeverReplacesTheTokenByAnAddress) {
    expect_no_token(at("/any_allow", ""));
    expect_unauthorized(at("/any_allow", "Bearer unknown"));
    expect_created(good("/any_allow"));
}

TEST_P(Access, SatisfyAnyNeverReplacesTheTokenByAPassword) {
    const Response response = at("/any_basic", kBasic);
    EXPECT_EQ(response.status, 401);
    EXPECT_EQ(response.body, error_body(4002, kNoToken));
    expect_created(good("/any_basic"));
    EXPECT_FALSE(good("/any_basic").has("WWW-Authenticate"));
}

TEST_P(Access, SatisfyAnyNeverReplacesTheTokenByASubrequest) {
    expect_no_token(at("/any_request", ""));
    expect_created(good("/any_request"));
}

TEST_P(Access, SatisfyAnyLetsTheTokenStandForAnAddress) {
    expect_created(good("/any_deny"));
    EXPECT_EQ(at("/any_deny", "").status, 401);
    EXPECT_EQ(at("/any_deny", "Bearer unknown").status, 401);
}

TEST_P(Access, SatisfyAnyWithBothFailedOffersBothChallenges) {
    const Response response = at("/any_basic", "");
    EXPECT_EQ(response.status, 401);
    EXPECT_EQ(response.body, error_body(4002, kNoToken));
    std::vector<std::string> challenges;
    for (const auto &[name, value] : response.headers) {
        if (equal_ignoring_case(name, "WWW-Authenticate")) {
            challenges.push_back(value);
        }
    }
    EXPECT_EQ(challenges.size(), 2U);
    EXPECT_NE(std::find(challenges.begin(), challenges.end(), R"(Bearer realm="applications")"), challenges.end());
    EXPECT_NE(std::find(challenges.begin(), challenges.end(), R"(Basic realm="closed")"), challenges.end());
}

TEST_P(Access, SatisfyAllNeedsAddressAndToken) {
    expect_created(good("/all_allow"));
    expect_no_token(at("/all_allow", ""));
    expect_error(good("/all_deny"), 403, 4003, "Forbidden");
    expect_error(at("/all_deny", ""), 403, 4003, "Forbidden");
}

TEST_P(Access, SatisfyAllWithAPasswordAsksForThePassword) {
    const Response response = good("/all_basic");
    expect_error(response, 401, 4001, kUnauthorized);
    EXPECT_EQ(response.header("WWW-Authenticate"), R"(Basic realm="closed")");
    // One Authorization header cannot be both.
    EXPECT_EQ(at("/all_basic", kBasic).body, error_body(4002, kNoToken));
}

// What slows down who guesses tokens.
TEST_P(Access, AuthDelayKeepsTheAnswer) {
    // nginx's clock is a coarse one.
    constexpr auto kDelay = std::chrono::milliseconds(950);
    using Clock = std::chrono::steady_clock;
    const auto timed = [&](const std::string &authorization) {
        const auto sent = Clock::now();
        Response response = at("/delayed", authorization);
        return std::make_pair(std::move(response), Clock::now() - sent);
    };
    // Starts the server, which two threads at once must not.
    expect_created(good("/delayed"));
    auto without = std::async(std::launch::async, timed, "");
    const auto [unknown, unknown_took] = timed("Bearer unknown");
    const auto [none, none_took] = without.get();
    expect_no_token(none);
    EXPECT_GE(none_took, kDelay);
    expect_unauthorized(unknown);
    EXPECT_GE(unknown_took, kDelay);
}

TEST_P(Access, AuthRequestAddsACondition) {
    expect_created(good("/asks_yes"));
    expect_no_token(at("/asks_yes", ""));
    expect_error(good("/asks_no"), 403, 4003, "Forbidden");
    EXPECT_EQ(good("/asks_401").status, 401);
}

TEST_P(Access, LimitExceptRefusesByAddressBeforeTheMethodIsAsked) {
    expect_created(good("/except"));
    expect_error(at("/except", "", "PUT"), 403, 4003, "Forbidden");
    expect_error(good("/except_get"), 403, 4003, "Forbidden");
}

TEST_P(Access, IfBlocksInheritTheLocation) {
    Request request = gateway().request(R"({"name":"If"})");
    request.path = "/branch";
    expect_created(client().send(request));
    request.headers.emplace_back("X-Branch", "header");
    const Response response = client().send(request);
    expect_created(response);
    EXPECT_EQ(response.header("X-Branch"), "taken");
    drop_header(request.headers, "Authorization");
    expect_no_token(client().send(request));
    set_header(request.headers, "X-Branch", "refuse");
    expect_error(client().send(request), 403, 4003, "Forbidden");
}

}  // namespace
}  // namespace appcreate::test
