// error_log … debug: what the module does for a request, step by step, in an nginx that is built --with-debug.
#include <string>
#include <vector>

#include "harness/answers.h"
#include "harness/suite.h"

namespace appcreate::test {
namespace {

class DebugLog : public OwnGateway {
  protected:
    void SetUp() override {
        if (nginx_program().configured.find("with-debug") == std::string::npos) {
            GTEST_SKIP() << nginx_program().path << " is built without --with-debug";
        }
        GatewayOptions options;
        options.log_level = "debug";
        options.location = "app_create_fallback @api;";
        options.server = "location @api { return 204; }";
        make(options).start();
        gateway().provoke("http header: \"Authorization:");  // nginx's own line of what it reads
    }
    // The module's lines in the order in which they were written, each from its name on.
    std::vector<std::string> steps_of(const Request &request) {
        gateway().begin_test();
        gateway().provoke("http header: \"Authorization:");
        response_ = gateway().client().send(request);
        EXPECT_TRUE(gateway().logs("http close request") || gateway().logs("set http keepalive handler"));
        std::vector<std::string> steps;
        for (const std::string &line : lines_with(gateway().log_of_test(), " app_create ")) {
            steps.push_back(line.substr(line.find("app_create ")));
        }
        return steps;
    }
    static testing::AssertionResult have(const std::vector<std::string> &steps,
                                         const std::vector<std::string> &wanted) {
        auto next = wanted.begin();
        std::string all;
        for (const std::string &step : steps) {
            all += step + "\n";
            if (next != wanted.end() && step.starts_with(*next)) ++next;
        }
        if (next == wanted.end()) return testing::AssertionSuccess();
        return testing::AssertionFailure() << "\"" << *next << "\" is missing, or in another order:\n" << all;
    }
    Response response_;
};

TEST_F(DebugLog, FollowsACreate) {
    const std::string body = R"({"name":"Followed"})";
    const auto steps = steps_of(gateway().request(body));
    expect_created(response_);
    EXPECT_TRUE(have(
        steps, {"app_create key cache: ", "app_create begins looking up API key",
                "app_create key looked up: ", "app_create access granted, key: " + gateway().key().id,
                "app_create headers: 0", "app_create body: " + std::to_string(body.size()) + " bytes",
                "app_create begins creating application", "app_create returned: ", "app_create answer: 200, code: 0"}));
}

TEST_F(DebugLog, SaysWhyNothingIsCreated) {
    Request request = gateway().request("{}");
    EXPECT_TRUE(have(steps_of(request), {"app_create access granted", "app_create answer: 400, code: 3000"}));
    drop_header(request.headers, "Authorization");
    EXPECT_TRUE(have(steps_of(request), {"app_create access refused: "}));
    expect_no_token(response_);
    request.method = "GET";
    EXPECT_TRUE(have(steps_of(request), {"app_create fallback: @api"}));
    EXPECT_EQ(response_.status, 204);
}

}  // namespace
}  // namespace appcreate::test
