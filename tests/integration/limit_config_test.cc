// What "nginx -t" says of app_create_limit (docs/operations.md, "When the configuration is read").
#include <string>

#include "harness/config_suite.h"

namespace appcreate::test {
namespace {

class LimitConfig : public ConfigSuite {
  protected:
    static std::string limit(const std::string &parameters) {
        return location("app_create org;\napp_create_limit " + parameters + "; #here");
    }
    static std::string after(const std::string &first, const std::string &second) {
        return location("app_create org;\napp_create_limit " + first + ";\napp_create_limit " + second + "; #here");
    }
};

TEST_F(LimitConfig, WhatCannotBeIsRefused) {
    const struct {
        const char *parameters;
        const char *message;
    } cases[] = {
        {"rate=1r/s burst=2", "must have the \"key\" parameter, as in \"key=$app_create_key\""},
        {"key=$app_create_key burst=2", "must have the \"rate\" parameter, as in \"rate=10r/s\""},
        {"key=a key=b rate=1r/s", "duplicate parameter \"key=b\" in \"app_create_limit\""},
        {"key= rate=1r/s", "invalid parameter \"key=\" in \"app_create_limit\""},
        {"key=a rate=1r/s nodelay", "invalid parameter \"nodelay\" in \"app_create_limit\""},
        {"key=a rate=1r/s Burst=2", "invalid parameter \"Burst=2\""},
        {"key=a rate=1", "invalid rate \"1\" in \"app_create_limit\", it must be as in 10r/s or 30r/m"},
        {"key=a rate=0r/s", "invalid rate \"0r/s\""},
        {"key=a rate=r/s", "invalid rate \"r/s\""},
        {"key=a rate=1.5r/s", "invalid rate \"1.5r/s\""},
        {"key=a rate=-1r/s", "invalid rate \"-1r/s\""},
        {"key=a rate=1r/h", "invalid rate \"1r/h\""},
        {"key=a rate=1000000001r/s", "invalid rate \"1000000001r/s\""},
        {"key=a rate=1r/s burst=-1", "invalid burst \"-1\" in \"app_create_limit\", it must be a number as in 20"},
        {"key=a rate=1r/s burst=x", "invalid burst \"x\""},
        {"key=a rate=1r/s burst=1000000001", "invalid burst \"1000000001\""},
        {"key=a rate=1r/s zone=a", "invalid zone \"a\" in \"app_create_limit\", it must be NAME:SIZE as in apps:1m"},
        {"key=a rate=1r/s zone=a:", "invalid zone \"a:\""},
        {"key=a rate=1r/s zone=:1m", "invalid zone \":1m\""},
        {"key=a rate=1r/s zone=a:x", "invalid zone \"a:x\""},
        {"key=a rate=1r/s zone=a\\\"b:1m", "invalid zone \"a\"b:1m\""},
        {"key=a rate=1r/s zone=a:4k", "zone \"a\" of \"app_create_limit\" is too small, give it a size of "},
        {"key=/ rate=1r/s",
         "the limit by \"/\" in \"app_create_limit\" has no name, give it one as in \"zone=NAME:1m\""},
    };
    for (const auto &one : cases) {
        expect_refused(limit(one.parameters), one.message);
    }
    const std::string long_name(65, 'n');
    expect_refused(limit("key=a rate=1r/s zone=" + long_name + ":1m"), "at most 64 letters");
    expect_refused(limit("key=a \" \" rate=1r/s"), "empty parameter of \"app_create_limit\"");
    // nginx says so itself, without a line.
    EXPECT_NE(test(limit("key=$app_create_nothing rate=1r/s")).err.find("unknown \"app_create_nothing\" variable"),
              std::string::npos);
    EXPECT_NE(test(limit("key=a")).err.find("invalid number of arguments"), std::string::npos);
}

TEST_F(LimitConfig, ContradictionsAreRefused) {
    const std::string own = ", give one of the two a zone of its own, as in \"zone=NAME:1m\"";
    const struct {
        const char *first;
        const char *second;
        const char *differs;
    } cases[] = {
        {"key=$app_create_key rate=1r/s zone=a:1m", "key=$app_create_organization rate=1r/s zone=a:1m", "key"},
        {"key=$app_create_key rate=1r/s zone=a:1m", "key=$app_create_key rate=2r/s zone=a:1m", "rate"},
        {"key=$app_create_key rate=1r/s zone=a:1m", "key=$app_create_key rate=1r/m zone=a:1m", "rate"},
        {"key=$app_create_key rate=1r/s zone=a:1m", "key=$app_create_key rate=1r/s zone=a:2m", "size"},
        {"key=$app_create_key rate=1r/s", "key=$app_create_key rate=1r/m", "rate"},
        {"key=$uri$args rate=1r/s", "key=$uri:$args rate=1r/s", "key"},
    };
    for (const auto &one : cases) {
        expect_refused(after(one.first, one.second), std::string("has another ") + one.differs + " than in ");
        expect_refused(after(one.first, one.second), own);
        // Also where they are of different levels.
        expect_refused(
            server(std::string("app_create_store sqlite:@dir@/store/apps.db;\napp_create_limit ") + one.first +
                   ";\nlocation / { app_create org;\napp_create_limit " + one.second + "; #here\n}"),
            std::string("has another ") + one.differs);
    }
    // Minutes are seconds.
    expect_taken(
        server("app_create_store sqlite:@dir@/store/apps.db;\n"
               "app_create_limit key=$app_create_key rate=1r/s zone=a:1m;\n"
               "location / { app_create org; app_create_limit key=$app_create_key rate=60r/m zone=a:1m; }"));
    expect_refused(after("key=$app_create_key rate=1r/s", "key=$app_create_key rate=1r/s burst=5"),
                   "zone \"app_create_key\" of \"app_create_limit\" would count each create twice" + own);
    // A zone of somebody else.
    EXPECT_NE(test(limit("key=a rate=1r/s zone=app_create_turns:128k")).status, 0);
    EXPECT_NE(test(limit("key=a rate=1r/s zone=app_create_metrics:2m")).status, 0);
    EXPECT_NE(test(limit("key=a rate=1r/s zone=app_create_keys:1m")).status, 0);
    EXPECT_NE(
        test(http("limit_req_zone $uri zone=a:1m rate=1r/s;\napp_create_limit key=a rate=1r/s zone=a:1m;")).status, 0);
}

TEST_F(LimitConfig, WhatCanBeIsTaken) {
    for (const char *parameters : {"key=$app_create_key rate=1r/s", "rate=30r/m key=$app_create_organization burst=0",
                                   "key=${app_create_key}:$uri rate=1000000000r/s burst=1000000000 zone=a-b_c.D9:1m",
                                   "zone=a:32k burst=5 rate=1r/m key=all", "key=$http_x-y rate=1r/s"}) {
        expect_taken(limit(parameters));
    }
    expect_taken(http("app_create_limit key=$app_create_key rate=1r/s;"));
    // The same limit in two places is one.
    expect_taken(
        server("app_create_store sqlite:@dir@/store/apps.db;\n"
               "location /a { app_create org; app_create_limit key=$app_create_key rate=1r/s burst=1; }\n"
               "location /b { app_create org; app_create_limit key=$app_create_key rate=1r/s burst=2; }"));
    std::string many = "app_create org;\n";
    for (int i = 0; i < 20; ++i) {
        many += "app_create_limit key=$app_create_key rate=1r/s zone=z" + std::to_string(i) + ":32k;\n";
    }
    expect_taken(location(many));
}

}  // namespace
}  // namespace appcreate::test
