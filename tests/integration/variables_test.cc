// $app_create_… in logs and headers (docs/directives.md, "Variables").
#include <regex>
#include <set>
#include <string>

#include "harness/answers.h"
#include "harness/suite.h"

namespace appcreate::test {
namespace {

class Variables : public InEveryMode<Variables> {
  public:
    static GatewayOptions options() {
        GatewayOptions options;
        options.http =
            "log_format variables escape=json '{\"status\":\"$status\",\"id\":\"$app_create_id\","
            "\"slug\":\"$app_create_slug\",\"organization\":\"$app_create_organization\",\"key\":\"$app_create_key\","
            "\"code\":\"$app_create_code\",\"cache\":\"$app_create_cache\",\"batch\":\"$app_create_batch\","
            "\"store_time\":\"$app_create_store_time\",\"request_id\":\"$app_create_request_id\","
            "\"token_hash\":\"$app_create_token_hash\",\"uri\":\"$uri\"}';\n"
            "access_log @dir@/access.log variables;\n";
        options.server = R"(
            location = /elsewhere { return 200 "[$app_create_id][$app_create_code][$app_create_token_hash]"; }
            location = /header { app_create org-1; add_header X-Hash $app_create_token_hash always; }
            location @api { return 200 "[$app_create_request_id]"; }
            location = /fallback { app_create org-1; app_create_fallback @api; }
            location = /ids { app_create org-1; add_header X-Ids "$request_id $app_create_request_id" always; }
        )";
        return options;
    }

  protected:
    // Sends, and reads the line of the log.
    Json logged(const Request &request) {
        const std::string mark = "variables-" + std::to_string(++number_);
        Request marked = request;
        set_header(marked.headers, "X-Request-ID", mark);
        last_ = client().send(marked);
        std::string line;
        EXPECT_TRUE(eventually([&] {
            const auto found = lines_with(gateway().access_log_of_test(), "\"request_id\":\"" + mark + "\"");
            line = found.empty() ? "" : found.front();
            return !found.empty();
        })) << gateway().access_log_of_test();
        return Json::parse(line.empty() ? "{}" : line);
    }
    [[nodiscard]] std::string last_mark() const { return "variables-" + std::to_string(number_); }
    Response last_;

  private:
    int number_ = 0;
};
INSTANTIATE_TEST_SUITE_P(Modes, Variables, kModes, mode_name);

TEST_P(Variables, OfACreate) {
    const Json line = logged(gateway().request(R"({"name":"Log me"})"));
    const Json data = expect_created(last_);
    EXPECT_EQ(line.string("/status"), "200");
    EXPECT_EQ(line.string("/id"), data.string("/id"));
    EXPECT_EQ(line.string("/slug"), data.string("/slug"));
    EXPECT_EQ(line.string("/organization"), gateway().organization().id);
    EXPECT_EQ(line.string("/key"), gateway().key().id);
    EXPECT_EQ(line.string("/batch"), "1");
    EXPECT_TRUE(std::regex_match(line.string("/store_time"), std::regex(R"(\d+\.\d{3,6})"))) << line;
    EXPECT_TRUE(std::regex_match(line.string("/token_hash"), std::regex("[0-9a-f]{16}"))) << line;
    EXPECT_TRUE(line.string("/code").empty() || line.string("/code") == "0") << line;
}

TEST_P(Variables, CodeOfErrors) {
    EXPECT_EQ(logged(gateway().request("{}")).string("/code"), "3000");
    Request request = gateway().request("{}");
    request.method = "PUT";
    EXPECT_EQ(logged(request).string("/code"), "1003");
    request = gateway().request("{}");
    drop_header(request.headers, "Authorization");
    const Json line = logged(request);
    EXPECT_EQ(line.string("/code"), "4002");
    for (const char *empty : {"/id", "/slug", "/organization", "/key", "/batch", "/store_time", "/token_hash"}) {
        EXPECT_EQ(line.string(empty), "") << empty;
    }
    set_header(request.headers, "Authorization", "Bearer unknown");
    EXPECT_EQ(logged(request).string("/code"), "4001");
    request = gateway().request("{}");
    request.path = "/v1/organizations/nobody/apps";
    EXPECT_EQ(logged(request).string("/code"), "3001");
    request = gateway().request(std::string(1100000, 'x'));
    EXPECT_EQ(logged(request).string("/code"), "1004");
}

TEST_P(Variables, CacheIsMissOnceThenHit) {
    const Key key = gateway().store().key(gateway().organization());
    const Request request = Gateway::request(gateway().organization(), key, R"({"name":"Cache"})");
    EXPECT_EQ(logged(request).string("/cache"), "MISS");
    EXPECT_EQ(logged(request).string("/cache"), "HIT");
}

TEST_P(Variables, TokenHashIsStableAndNoCredential) {
    const std::string first = logged(gateway().request("{}")).string("/token_hash");
    EXPECT_EQ(logged(gateway().request("{}")).string("/token_hash"), first);
    const Key other = gateway().store().key(gateway().organization());
    EXPECT_NE(logged(Gateway::request(gateway().organization(), other, "{}")).string("/token_hash"), first);
    EXPECT_LE(first.size(), 16U);
    Request request = gateway().request("{}");
    set_header(request.headers, "Authorization", "Bearer " + first);
    expect_unauthorized(client().send(request));
    request = gateway().request("{}");
    request.path = "/header";
    EXPECT_EQ(client().send(request).header("X-Hash"), first);
}

TEST_P(Variables, RequestIdWhereTheFallbackAnswers) {
    Request request = gateway().request("");
    request.path = "/fallback";
    request.method = "GET";
    request.has_body = false;
    EXPECT_EQ(logged(request).string("/uri"), "/fallback");
    EXPECT_EQ(last_.body, "[" + last_mark() + "]");
}

TEST_P(Variables, RequestIdOfAClientThatGoesAway) {
    NEEDS_LOCK();
    const std::string mark = "gone-" + std::string(name_of(GetParam().protocol)) + std::to_string(GetParam().workers);
    Request request = gateway().request(R"({"name":"Gone"})");
    set_header(request.headers, "X-Request-ID", mark);
    expect_created(client().send(gateway().request(R"({"name":"The key is known"})")));
    const auto lock = gateway().store().lock();
    RawConnection connection(gateway().port(Protocol::http1));
    connection.send(http1_bytes(request));
    // Workers that answer these have read that.
    for (int i = 0; i < 20; ++i) {
        EXPECT_EQ(gateway().static_file(), "static\n");
    }
    connection.abort();
    EXPECT_TRUE(eventually([&] {
        const auto lines = lines_with(gateway().access_log_of_test(), "\"request_id\":\"" + mark + "\"");
        return lines.size() == 1 && lines.front().find("\"status\":\"499\"") != std::string::npos;
    })) << gateway().access_log_of_test();
}

// Before nginx has read a header, and before it has chosen a location.
TEST_P(Variables, RequestIdOfWhatNginxRefusesEarly) {
    const auto expect_logged = [&](const std::string &bytes, const std::string &status, const std::regex &id) {
        RawConnection connection(gateway().port(Protocol::http1));
        connection.send(bytes);
        EXPECT_TRUE(connection.receive().has_value());
        EXPECT_TRUE(eventually([&] {
            for (const std::string &line : lines_with(gateway().access_log_of_test(), "\"status\":\"" + status)) {
                if (std::regex_match(Json::parse(line).string("/request_id"), id)) {
                    return true;
                }
            }
            return false;
        })) << bytes
            << gateway().access_log_of_test();
    };
    expect_logged("what is this\r\n\r\n", "400", std::regex("[0-9a-f]{32}"));
    expect_logged("POST / HTTP/1.1\r\nX-Request-ID: early-1\r\n\r\n", "400", std::regex("early-1"));
    expect_logged(
        "POST / HTTP/1.1\r\nHost: a\r\nX-Request-ID: early-2\r\nX-Long: " + std::string(40000, 'x') + "\r\n\r\n", "400",
        std::regex("early-2"));
}

// Enough requests that each worker has to ask for random bytes again.
TEST_P(Variables, RequestIdIsNginxsOwnAndNeverTheSame) {
    constexpr int kRequests = 600;
    std::set<std::string> ids;
    Request request = gateway().request("{}");
    request.path = "/ids";
    drop_header(request.headers, "Authorization");
    for (int i = 0; i < kRequests; ++i) {
        const Response response = client().send(request);
        const std::string id = response.header("X-Request-ID");
        ASSERT_EQ(response.header("X-Ids"), id + " " + id);
        ids.insert(id);
    }
    EXPECT_EQ(ids.size(), static_cast<std::size_t>(kRequests));
}

TEST_P(Variables, OutsideALocationOfOursAreEmpty) {
    Request request = gateway().request("");
    request.path = "/elsewhere";
    request.method = "GET";
    request.has_body = false;
    const std::string body = client().send(request).body;
    EXPECT_TRUE(std::regex_match(body, std::regex(R"(\[\]\[\]\[[0-9a-f]{16}\])"))) << body;
    drop_header(request.headers, "Authorization");
    EXPECT_EQ(client().send(request).body, "[][][]");
}

}  // namespace
}  // namespace appcreate::test
