// Subrequests create nothing; internal redirects arrive like requests (docs/api.md, "Authentication").
#include "harness/answers.h"
#include "harness/suite.h"

namespace appcreate::test {
namespace {

class Subrequest : public SharedGateway<Subrequest> {
  public:
    static GatewayOptions options() {
        GatewayOptions options;
        options.http = "log_format which '$uri $status $request_method';\n";
        options.server = R"(
            log_subrequest on;
            access_log @dir@/access.log which;
            location = /create { app_create org-1; }
            location = /guarded { auth_request /create; root @dir@; try_files /static.txt =404; }
            location = /mirrored { mirror /create; proxy_pass http://127.0.0.1:@port1@; }
            location = /page.shtml { ssi on; default_type text/html; root @dir@; }
            location = /rewritten { rewrite ^ /create last; }
            location = /tried { try_files /absent /create; }
            location = /failed { error_page 418 = /create; return 418; }
            location = /failed_named { error_page 418 = @create; return 418; }
            location = /accel { proxy_pass http://127.0.0.1:@port1@; }
            location = /accel_named { proxy_pass http://127.0.0.1:@port1@; }
            location @create { app_create org-1; }
        )";
        options.servers = R"(
            server {
                listen 127.0.0.1:@port1@;
                location = /mirrored { return 200 original; }
                location = /accel { add_header X-Accel-Redirect /create; return 200; }
                location = /accel_named { add_header X-Accel-Redirect @create; return 200; }
            }
        )";
        return options;
    }
    static void prepare(Gateway &gateway) {
        write_file(gateway.directory() + "/page.shtml", R"(before<!--#include virtual="/create" -->after)");
    }

  protected:
    Response send(const std::string &path, const std::string &method = "POST", bool with_token = true) {
        Request request = gateway().request(method == "POST" ? R"({"name":"S"})" : "");
        request.path = path;
        request.method = method;
        request.has_body = method == "POST";
        if (!with_token) {
            drop_header(request.headers, "Authorization");
        }
        return gateway().client().send(request);
    }
    std::int64_t before_ = gateway().store().count(gateway().organization());
    std::int64_t made() { return gateway().store().count(gateway().organization()) - before_; }
};

TEST_F(Subrequest, OfAuthRequestIsRefused) {
    for (const char *method : {"GET", "POST"}) {
        const Response response = send("/guarded", method);
        EXPECT_EQ(response.status, 401) << method;
        EXPECT_EQ(response.header("WWW-Authenticate"), R"(Bearer realm="applications")") << method;
    }
    EXPECT_EQ(made(), 0);
}

TEST_F(Subrequest, OfMirrorIsRefused) {
    EXPECT_EQ(send("/mirrored").body, "original");
    EXPECT_TRUE(eventually([&] {
        return gateway().access_log_of_test().find("/create 401 POST") != std::string::npos;
    })) << gateway().access_log_of_test();
    EXPECT_EQ(made(), 0);
}

TEST_F(Subrequest, OfSsiIsRefused) {
    const Response response = send("/page.shtml", "GET");
    EXPECT_EQ(response.status, 200);
    EXPECT_TRUE(response.body.starts_with("before")) << response.body;
    EXPECT_TRUE(response.body.ends_with("after")) << response.body;
    EXPECT_EQ(response.body.find("\"status\":true"), std::string::npos) << response.body;
    EXPECT_TRUE(eventually([&] { return gateway().access_log_of_test().find("/create 401") != std::string::npos; }))
        << gateway().access_log_of_test() << response.body;
    EXPECT_EQ(made(), 0);
}

TEST_F(Subrequest, RewriteAndTryFilesLeadIntoTheLocation) {
    for (const char *path : {"/rewritten", "/tried"}) {
        expect_created(send(path));
        expect_no_token(send(path, "POST", false));
        expect_error(send(path, "GET"), 405, 1003, "Method not allowed");
    }
    EXPECT_EQ(made(), 2);
}

TEST_F(Subrequest, ErrorPageTurnsThePostIntoAGet) {
    expect_error(send("/failed"), 405, 1003, "Method not allowed");
    EXPECT_EQ(made(), 0);
}

TEST_F(Subrequest, ErrorPageToANamedLocationKeepsThePost) {
    expect_created(send("/failed_named"));
    expect_no_token(send("/failed_named", "POST", false));
    EXPECT_EQ(made(), 1);
}

TEST_F(Subrequest, AccelRedirectTurnsThePostIntoAGet) {
    expect_error(send("/accel"), 405, 1003, "Method not allowed");
    EXPECT_EQ(made(), 0);
}

TEST_F(Subrequest, AccelRedirectToANamedLocationKeepsThePost) {
    expect_created(send("/accel_named"));
    expect_no_token(send("/accel_named", "POST", false));
    EXPECT_EQ(made(), 1);
}

}  // namespace
}  // namespace appcreate::test
