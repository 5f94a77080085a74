// What nginx and its other modules answer in the location has the form of our own errors
// (docs/api.md, "Errors").
#include "harness/answers.h"
#include "harness/suite.h"

namespace appcreate::test {
namespace {

class NginxErrors : public InEveryMode<NginxErrors> {
  public:
    static GatewayOptions options() {
        GatewayOptions options;
        options.http =
            "limit_req_zone $binary_remote_addr zone=requests:1m rate=1r/m;\n"
            "limit_req_zone $app_create_token_hash zone=tokens:1m rate=1r/m;\n";
        options.server = R"(
            error_page 400 401 403 404 405 413 415 429 500 503 /inherited;
            location = /inherited { return 200 inherited; }
            location = /small { client_max_body_size 1k; app_create org-1; }
            location = /denied { deny all; app_create org-1; }
            location = /limited503 { limit_req zone=requests; app_create org-1; }
            location = /limited429 { limit_req zone=requests; limit_req_status 429; app_create org-1; }
            location = /limited_token { limit_req zone=tokens; limit_req_status 429; app_create org-1; }
            location = /says401 { return 401; }
            location = /returns401 { return 401; app_create org-1; }
            location = /asks { auth_request /says401; app_create org-1; }
            location = /returns425 { return 425; app_create org-1; }
            location = /returns400 { return 400; app_create org-1; }
            location = /returns402 { return 402; app_create org-1; }
            location = /returns404 { return 404; app_create org-1; }
            location = /returns410 { return 410; app_create org-1; }
            location = /returns418 { return 418; app_create org-1; }
            location = /returns500 { return 500; app_create org-1; }
            location = /returns502 { return 502; app_create org-1; }
            location = /returns503 { return 503; app_create org-1; }
            location = /basic { auth_basic closed; auth_basic_user_file @dir@/passwords; app_create org-1; }
            location = /headers { add_header X-Always yes always; add_header X-Good yes; app_create org-1; }
            location = /moved { return 301 /elsewhere; app_create org-1; }
        )";
        return options;
    }
    static void prepare(Gateway &gateway) { write_file(gateway.directory() + "/passwords", "user:{PLAIN}secret\n"); }

  protected:
    Request at(const std::string &path, const std::string &body = R"({"name":"N"})") {
        Request request = gateway().request(body);
        request.path = path;
        return request;
    }
    Response send(const Request &request) { return client().send(request); }
};
INSTANTIATE_TEST_SUITE_P(Modes, NginxErrors, kModes, mode_name);

TEST_P(NginxErrors, DeclaredLengthAboveTheLimitIs413) {
    expect_too_large(send(at("/small", std::string(1025, 'x'))));
    expect_too_large(send(at("/small", std::string(100000, 'x'))));
}

TEST_P(NginxErrors, LengthAtTheLimitIsTaken) {
    const std::string body = R"({"name":")";
    expect_created(send(at("/small", body + "x\"" + std::string(1024 - body.size() - 3, ' ') + "}")));
}

TEST_P(NginxErrors, BodyWithoutALengthAboveTheLimitIs413) {
    for (const std::size_t size : {1025U, 100000U}) {
        Request request = at("/small", std::string(size, 'x'));
        request.length_known = false;
        expect_too_large(send(request));
    }
    Request request = at("/small");
    request.length_known = false;
    expect_created(send(request));
}

TEST_P(NginxErrors, DenyIs403) {
    expect_error(send(at("/denied")), 403, 4003, "Forbidden");
    Request request = at("/denied");
    drop_header(request.headers, "Authorization");
    expect_error(send(request), 403, 4003, "Forbidden");
    request.method = "GET";
    request.has_body = false;
    expect_error(send(request), 403, 4003, "Forbidden");
}

TEST_P(NginxErrors, LimitReqIs503OrAsConfigured429) {
    send(at("/limited503"));  // the one that is allowed, or the bucket is full already
    expect_busy(send(at("/limited503")));
    expect_error(send(at("/limited429")), 429, 1007, "Too many requests");
}

TEST_P(NginxErrors, LimitReqByTheHashOfTheToken) {
    const Key other = gateway().store().key(gateway().organization());
    send(at("/limited_token"));
    expect_error(send(at("/limited_token")), 429, 1007, "Too many requests");
    Request request = at("/limited_token");
    set_header(request.headers, "Authorization", "Bearer " + other.token);
    expect_created(send(request));
    expect_error(send(request), 429, 1007, "Too many requests");
}

TEST_P(NginxErrors, CodesOfTheContractThatOtherModulesReturn) {
    expect_error(send(at("/returns400")), 400, 1001, "Bad request");
    expect_error(send(at("/returns404")), 404, 3001, kNotFound);
    expect_error(send(at("/returns500")), 500, 1000, "Internal error");
    expect_busy(send(at("/returns503")));
}

// RFC 9110, 15.5.2: a 401 says what would help.
TEST_P(NginxErrors, A401OfAnotherModuleHasAChallenge) {
    for (const char *path : {"/returns401", "/asks"}) {
        const Response response = send(at(path));
        expect_error(response, 401, 4001, "Unauthorized");
        EXPECT_EQ(response.header("WWW-Authenticate"), R"(Bearer realm="applications")") << path;
    }
}

TEST_P(NginxErrors, A401OfAuthBasicKeepsItsOwnChallengeAlone) {
    const Response response = send(at("/basic"));
    expect_error(response, 401, 4001, "Unauthorized");
    EXPECT_EQ(response.count("WWW-Authenticate"), 1U);
    EXPECT_EQ(response.header("WWW-Authenticate"), R"(Basic realm="closed")");
}

TEST_P(NginxErrors, A425OfTheConfigurationIs1008) { expect_error(send(at("/returns425")), 425, 1008, "Too early"); }

TEST_P(NginxErrors, OtherCodesAre1000WithTheReasonPhrase) {
    expect_error(send(at("/returns402")), 402, 1000, "Payment Required");
    expect_error(send(at("/returns410")), 410, 1000, "Gone");
    expect_error(send(at("/returns502")), 502, 1000, "Bad Gateway");
    const Response teapot = send(at("/returns418"));  // nginx has no phrase for it
    EXPECT_EQ(teapot.status, 418);
    EXPECT_EQ(Json::parse(teapot.body).integer("/error/code"), 1000);
    EXPECT_EQ(teapot.header("Content-Type"), "application/json; charset=utf-8");
}

TEST_P(NginxErrors, AuthBasicIs401WithItsOwnChallenge) {
    const Response response = send(at("/basic"));
    expect_error(response, 401, 4001, kUnauthorized);
    EXPECT_EQ(response.header("WWW-Authenticate"), "Basic realm=\"closed\"");
}

TEST_P(NginxErrors, PagesOfOuterLevelsDoNotApply) {
    expect_error(send(at("/denied")), 403, 4003, "Forbidden");
    expect_error(send(at("/returns404")), 404, 3001, kNotFound);
    expect_pointers(send(at("/headers", "{}")), {"/name"});
    Request request = at("/headers");
    drop_header(request.headers, "Authorization");
    expect_no_token(send(request));
    request.method = "GET";
    request.has_body = false;
    expect_error(send(request), 405, 1003, "Method not allowed");
    request.path = "/nowhere";
    EXPECT_EQ(send(request).body, "inherited") << "the server's own pages do apply elsewhere";
}

TEST_P(NginxErrors, AddHeaderStillWorks) {
    const Response good = send(at("/headers"));
    expect_created(good);
    EXPECT_EQ(good.header("X-Always"), "yes");
    EXPECT_EQ(good.header("X-Good"), "yes");
    const Response bad = send(at("/headers", "{}"));
    EXPECT_EQ(bad.header("X-Always"), "yes");
    EXPECT_FALSE(bad.has("X-Good"));
}

TEST_P(NginxErrors, RedirectsKeepTheirForm) {
    const Response response = send(at("/moved"));
    EXPECT_EQ(response.status, 301);
    EXPECT_TRUE(response.header("Location").ends_with("/elsewhere")) << response.header("Location");
    EXPECT_EQ(response.header("Cache-Control"), "no-store");
    EXPECT_TRUE(response.has("X-Request-ID"));
}

class NginxErrorsRaw : public SharedGateway<NginxErrorsRaw> {
  public:
    static GatewayOptions options() {
        GatewayOptions options;
        options.http = "limit_conn_zone $server_port zone=connections:1m;\n";
        options.server = R"(
            location = /unlimited { client_max_body_size 0; app_create org-1; }
            location = /connections503 { limit_conn connections 1; app_create org-1; }
            location = /connections429 { limit_conn connections 1; limit_conn_status 429; app_create org-1; }
        )";
        return options;
    }

  protected:
    Response send(const Request &request) { return gateway().client().send(request); }
    Request at(const std::string &path, const std::string &body) {
        Request request = gateway().request(body);
        request.path = path;
        return request;
    }
    // A body of `size` bytes that is a well-formed create.
    static std::string body_of(std::size_t size) {
        const std::string head = R"({"name":"Big","metadata":{"m":")";
        return head + std::string(size - head.size() - 3, 'm') + "\"}}";
    }
};

TEST_F(NginxErrorsRaw, BrokenChunksAre400) {
    for (const char *chunks :
         {"zz\r\n{}\r\n0\r\n\r\n", "-1\r\n", "2\r\n{}x\r\n0\r\n\r\n", "ffffffffffffffffff\r\n{}"}) {
        SCOPED_TRACE(chunks);
        Request request = gateway().request("");
        request.has_body = false;
        request.headers.emplace_back("Transfer-Encoding", "chunked");
        RawConnection connection(gateway().port(Protocol::http1));
        connection.send(http1_bytes(request) + chunks);
        const auto response = connection.receive();
        ASSERT_TRUE(response);
        expect_error(*response, 400, 1001, "Bad request");
    }
}

TEST_F(NginxErrorsRaw, WithoutALimitOfNginxs16MiBAreTheLimit) {
    constexpr std::size_t kCap = 16U * 1024 * 1024;
    for (const bool length_known : {true, false}) {
        Request request = at("/unlimited", body_of(kCap + 1));
        request.length_known = length_known;
        expect_too_large(send(request));
        request.body = body_of(kCap);
        const Response response = send(request);
        if (gateway().store().traits().max_record <= kCap) {
            EXPECT_NE(expect_malformed(response).find("16 MiB"), std::string::npos) << response.body;
            continue;
        }
        EXPECT_EQ(response.status, 200) << response.body.substr(0, 300);
        EXPECT_GT(response.body.size(), kCap);
    }
}

TEST_F(NginxErrorsRaw, LimitConnIs503OrAsConfigured429) {
    RawConnection holding(gateway().port(Protocol::http1));
    Request request = at("/connections503", "");
    request.has_body = false;
    request.headers.emplace_back("Content-Length", "100");
    holding.send(http1_bytes(request) + "{");
    // It counts once nginx has read its head.
    Response response;
    ASSERT_TRUE(eventually([&] {
        response = send(at("/connections503", R"({"name":"C"})"));
        return response.status != 200;
    }));
    expect_busy(response);
    expect_error(send(at("/connections429", R"({"name":"C"})")), 429, 1007, "Too many requests");
}

class NginxErrorPages : public SharedGateway<NginxErrorPages> {
  public:
    static GatewayOptions options() {
        GatewayOptions options;
        options.server = R"(
            location = /own {
                error_page 400 401 403 404 413 415 429 503 /page;
                error_page 405 = @get;
                client_max_body_size 1k;
                app_create org-1;
            }
            location = /foreign { error_page 404 /page; app_create other; }
            location = /closed { error_page 403 =200 /page; deny all; app_create org-1; }
            location = /page { return 200 "a page"; }
            location @get { return 200 "got $request_method"; }
        )";
        return options;
    }

  protected:
    Response send(const std::string &path, const std::string &body) {
        Request request = gateway().request(body);
        request.path = path;
        return gateway().client().send(request);
    }
};

TEST_F(NginxErrorPages, OfTheLocationItselfWinForNginxsCodes) {
    const Response large = send("/own", std::string(2000, 'x'));
    EXPECT_EQ(large.status, 413);
    EXPECT_EQ(large.body, "a page");
    const Response closed = send("/closed", "{}");
    EXPECT_EQ(closed.status, 200);
    EXPECT_EQ(closed.body, "a page");
}

TEST_F(NginxErrorPages, OfTheLocationItselfWinForOurCodes) {
    const Response invalid = send("/own", "{}");
    EXPECT_EQ(invalid.status, 400);
    EXPECT_EQ(invalid.body, "a page");
    const Response foreign = send("/foreign", "{}");
    EXPECT_EQ(foreign.status, 404);
    EXPECT_EQ(foreign.body, "a page");
    Request request = gateway().request("{}");
    request.path = "/own";
    drop_header(request.headers, "Authorization");
    const Response unauthorized = gateway().client().send(request);
    EXPECT_EQ(unauthorized.status, 401);
    EXPECT_EQ(unauthorized.body, "a page");
    EXPECT_EQ(unauthorized.header("WWW-Authenticate"), R"(Bearer realm="applications")");
    request.method = "GET";
    request.has_body = false;
    EXPECT_EQ(gateway().client().send(request).body, "got GET");
}

TEST_F(NginxErrorPages, ConnectionGoesOnAfterwards) {
    Client client = gateway().client();
    Request request = gateway().request("{}");
    request.path = "/foreign";
    EXPECT_EQ(client.send(request).body, "a page");
    expect_created(client.send(gateway().request(R"({"name":"After a page"})")));
}

TEST_F(NginxErrorPages, SuccessIsNotTouched) { expect_created(send("/own", R"({"name":"Good"})")); }

}  // namespace
}  // namespace appcreate::test
