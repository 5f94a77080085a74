// Methods, versions of HTTP, and connections that stay (docs/api.md, "Order of checks", 1, and "Response").
#include "harness/answers.h"
#include "harness/suite.h"

namespace appcreate::test {
namespace {

class ContractMethod : public InEveryMode<ContractMethod> {};
INSTANTIATE_TEST_SUITE_P(Modes, ContractMethod, kModes, mode_name);

TEST_P(ContractMethod, AnythingButPostIs405WithAllow) {
    Client http = client();
    for (const char *method : {"GET", "PUT", "DELETE", "OPTIONS", "PATCH", "MKCOL", "PROPFIND"}) {
        SCOPED_TRACE(method);
        Request request = gateway().request("");
        request.method = method;
        request.has_body = false;
        const Response response = http.send(request);
        expect_error(response, 405, 1003, "Method not allowed");
        EXPECT_EQ(response.header("Allow"), "POST");
    }
}

TEST_P(ContractMethod, HeadIs405WithoutABody) {
    Request request = gateway().request("");
    request.method = "HEAD";
    request.has_body = false;
    Client http = client();
    const Response response = http.send(request);
    EXPECT_EQ(response.status, 405);
    EXPECT_EQ(response.body, "");
    EXPECT_EQ(response.header("Allow"), "POST");
    EXPECT_EQ(response.header("Content-Type"), "application/json; charset=utf-8");
    EXPECT_EQ(response.header("Cache-Control"), "no-store");
    EXPECT_TRUE(response.has("X-Request-ID"));
    EXPECT_FALSE(http.send(request).new_connection);
}

TEST_P(ContractMethod, MethodIsCheckedBeforeTheToken) {
    Request request = gateway().request("");
    request.method = "GET";
    request.has_body = false;
    drop_header(request.headers, "Authorization");
    expect_error(client().send(request), 405, 1003, "Method not allowed");
}

TEST_P(ContractMethod, BodyOfAnotherMethodIsPassedOver) {
    Client http = client();
    Request request = gateway().request(std::string(1000, 'x'));
    request.method = "PUT";
    expect_error(http.send(request), 405, 1003, "Method not allowed");
    const Response next = http.send(gateway().request(R"({"name":"After PUT"})"));
    expect_created(next);
    EXPECT_FALSE(next.new_connection);
}

class ContractConnection : public InEveryMode<ContractConnection> {};
INSTANTIATE_TEST_SUITE_P(Modes, ContractConnection, kModes, mode_name);

TEST_P(ContractConnection, StaysAfterEveryErrorOfOurs) {
    const Organization full = gateway().store().organization({.limit = 0, .more = {}});
    const Key full_key = gateway().store().key(full);
    const std::string body = R"({"name":"Stay"})";
    std::vector<std::pair<int, Request>> table;
    Request request = gateway().request(body);
    table.emplace_back(200, request);
    drop_header(request.headers, "Authorization");
    table.emplace_back(401, request);
    set_header(request.headers, "Authorization", "Bearer unknown");
    table.emplace_back(401, request);
    request = gateway().request(body);
    request.path = "/v1/organizations/nobody/apps";
    table.emplace_back(404, request);
    request = gateway().request(body);
    request.method = "PATCH";
    table.emplace_back(405, request);
    request = gateway().request(body);
    set_header(request.headers, "Content-Type", "text/plain");
    table.emplace_back(415, request);
    request = gateway().request(body);
    request.path += "?validateOnly=maybe";
    table.emplace_back(400, request);
    table.emplace_back(400, gateway().request("{"));
    table.emplace_back(400, gateway().request("{}"));
    table.emplace_back(400, Gateway::request(full, full_key, body));
    table.emplace_back(
        400, gateway().request(R"({"name":"x","configuration":{"storageProvider":"507f1f77bcf86cd799439012"}})"));
    Client http = client();
    http.send(gateway().request(body));
    for (int round = 0; round < 2; ++round) {
        for (const auto &[status, one] : table) {
            const Response response = http.send(one);
            EXPECT_EQ(response.status, status) << response.body;
            EXPECT_FALSE(response.new_connection) << "before " << status;
        }
    }
}

class ContractHttp10 : public SharedGateway<ContractHttp10> {
  protected:
    static std::string bytes(const Request &request) { return http1_bytes(request, "HTTP/1.0"); }
};

TEST_F(ContractHttp10, IsAnsweredAndClosed) {
    RawConnection connection(gateway().port(Protocol::http1));
    connection.send(bytes(gateway().request(R"({"name":"Old"})")));
    const auto response = connection.receive();
    ASSERT_TRUE(response);
    EXPECT_EQ(expect_created(*response).string("/name"), "Old");
    EXPECT_TRUE(connection.ends());
}

TEST_F(ContractHttp10, IsKeptAliveWhenAsked) {
    RawConnection connection(gateway().port(Protocol::http1));
    Request request = gateway().request(R"({"name":"Old"})");
    request.headers.emplace_back("Connection", "keep-alive");
    for (int i = 0; i < 3; ++i) {
        connection.send(bytes(request));
        const auto response = connection.receive();
        ASSERT_TRUE(response);
        expect_created(*response);
    }
}

TEST_F(ContractHttp10, ErrorsHaveTheirForm) {
    for (const char *method : {"POST", "GET"}) {
        RawConnection connection(gateway().port(Protocol::http1));
        Request request = gateway().request("{}");
        request.method = method;
        drop_header(request.headers, "Authorization");
        connection.send(bytes(request));
        const auto response = connection.receive();
        ASSERT_TRUE(response);
        if (request.method == "POST") {
            expect_no_token(*response);
        } else {
            expect_error(*response, 405, 1003, "Method not allowed");
        }
    }
}

TEST_F(ContractHttp10, CurlToo) {
    Client client = gateway().client(Protocol::http10);
    expect_created(client.send(gateway().request(R"({"name":"Old"})")));
}

}  // namespace
}  // namespace appcreate::test
