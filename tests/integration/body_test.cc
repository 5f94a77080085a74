// Where nginx puts a body, and how it arrives (docs/architecture.md, "Body").
#include <filesystem>

#include "harness/answers.h"
#include "harness/suite.h"

namespace appcreate::test {
namespace {

// Text that shows when a part is lost, doubled or in the wrong place.
std::string pattern(std::size_t size) {
    std::string text;
    text.reserve(size + 8);
    for (std::size_t i = 0; text.size() < size; ++i) {
        text += std::to_string(i) + "|";
    }
    text.resize(size);
    return text;
}

std::string create_with(const std::string &text) { return R"({"name":"Body","metadata":{"text":")" + text + "\"}}"; }

class Body : public InEveryMode<Body> {
  public:
    static GatewayOptions options() {
        GatewayOptions options;
        options.server = R"(
            client_max_body_size 8m;
            location = /file { client_body_buffer_size 1k; app_create org-1; }
            location = /only { client_body_in_file_only clean; app_create org-1; }
            location = /single { client_body_in_single_buffer on; client_body_buffer_size 4m; app_create org-1; }
            location = /memory { client_body_buffer_size 8m; app_create org-1; }
        )";
        return options;
    }

  protected:
    void expect_whole(const std::string &path, std::size_t size, bool length_known) {
        SCOPED_TRACE(path + " " + std::to_string(size) + (length_known ? "" : " without a length"));
        const std::string text = pattern(size);
        Request request = gateway().request(create_with(text));
        request.path = path;
        request.length_known = length_known;
        EXPECT_TRUE(expect_created(client().send(request)).string("/metadata/text") == text);
    }
};
INSTANTIATE_TEST_SUITE_P(Modes, Body, kModes, mode_name);

TEST_P(Body, InMemoryInAFileInSeveralBuffersIsReadWhole) {
    for (const char *path : {"/file", "/only", "/single", "/memory"}) {
        for (const std::size_t size : {std::size_t{0}, std::size_t{10}, std::size_t{1000}, std::size_t{16384},
                                       std::size_t{70000}, std::size_t{2000000}}) {
            expect_whole(path, size, true);
            expect_whole(path, size, false);
        }
    }
}

TEST_P(Body, NoneIsMalformed) {
    Request request = gateway().request("");
    expect_malformed(client().send(request));
    request.length_known = false;
    expect_malformed(client().send(request));
}

TEST_P(Body, TemporaryFilesAreGone) {
    expect_whole("/only", 100000, true);
    EXPECT_TRUE(eventually([&] { return std::filesystem::is_empty(gateway().directory() + "/body"); }));
}

class BodyRaw : public SharedGateway<BodyRaw> {
  public:
    static GatewayOptions options() {
        GatewayOptions options;
        options.server = R"(
            client_max_body_size 1m;
            location = /impatient { client_body_timeout 1s; app_create org-1; }
        )";
        return options;
    }

  protected:
    RawConnection connection_{gateway().port(Protocol::http1)};
    // Head with a Content-Length, without the body.
    std::string head(const Request &request, const std::string &more = {}) {
        Request only = request;
        only.has_body = false;
        only.body.clear();
        only.headers.emplace_back("Content-Length", std::to_string(request.body.size()));
        std::string bytes = http1_bytes(only);
        return bytes.substr(0, bytes.size() - 2) + more + "\r\n";
    }
};

TEST_F(BodyRaw, ContinueIsSaidWhenTheBodyIsWanted) {
    const Request request = gateway().request(R"({"name":"Continue"})");
    connection_.send(head(request, "Expect: 100-continue\r\n"));
    const auto interim = connection_.receive();
    ASSERT_TRUE(interim);
    EXPECT_EQ(interim->status, 100);
    connection_.send(request.body);
    const auto response = connection_.receive();
    ASSERT_TRUE(response);
    expect_created(*response);
}

TEST_F(BodyRaw, ContinueIsNotSaidWhenItIsNot) {
    std::vector<std::pair<int, Request>> table;
    Request request = gateway().request("{}");
    drop_header(request.headers, "Authorization");
    table.emplace_back(401, request);
    request = gateway().request("{}");
    request.path = "/v1/organizations/nobody/apps";
    table.emplace_back(404, request);
    request = gateway().request("{}");
    request.method = "PUT";
    table.emplace_back(405, request);
    request = gateway().request("{}");
    set_header(request.headers, "Content-Type", "text/plain");
    table.emplace_back(415, request);
    request = gateway().request("{}");
    request.path += "?validateOnly=";
    table.emplace_back(400, request);
    table.emplace_back(413, gateway().request(std::string(1100000, ' ')));
    for (const auto &[status, one] : table) {
        RawConnection connection(gateway().port(Protocol::http1));
        connection.send(head(one, "Expect: 100-continue\r\n"));
        const auto response = connection.receive();
        ASSERT_TRUE(response);
        EXPECT_EQ(response->status, status);
    }
}

TEST_F(BodyRaw, PipelinedRequestsAreAnsweredInOrder) {
    std::string all;
    for (int i = 0; i < 20; ++i) {
        Request request = gateway().request(R"({"name":"Pipe )" + std::to_string(i) + "\"}");
        if (i % 4 == 3) {
            drop_header(request.headers, "Authorization");
        }
        all += http1_bytes(request);
    }
    connection_.send(all);
    for (int i = 0; i < 20; ++i) {
        const auto response = connection_.receive();
        ASSERT_TRUE(response) << i;
        if (i % 4 == 3) {
            expect_no_token(*response);
        } else {
            EXPECT_EQ(expect_created(*response).string("/name"), "Pipe " + std::to_string(i));
        }
    }
    EXPECT_TRUE(connection_.is_silent());
}

TEST_F(BodyRaw, PipelinedChunkedAndStaticRequestsToo) {
    Request chunked = gateway().request("");
    chunked.has_body = false;
    chunked.headers.emplace_back("Transfer-Encoding", "chunked");
    const std::string create =
        http1_bytes(chunked) + "5\r\n{\"nam\r\n8;ext=1\r\ne\":\"Ch\"}\r\n0\r\nTrailer: x\r\n\r\n";
    connection_.send(create + "GET /static.txt HTTP/1.1\r\nHost: x\r\n\r\n" + create);
    EXPECT_EQ(expect_created(connection_.receive().value()).string("/name"), "Ch");
    EXPECT_EQ(connection_.receive().value().body, "static\n");
    EXPECT_EQ(expect_created(connection_.receive().value()).string("/name"), "Ch");
}

TEST_F(BodyRaw, SlowBodyIsAwaitedWhileOthersAreServed) {
    const Request request = gateway().request(R"({"name":"Slow"})");
    connection_.send(head(request));
    Client other = gateway().client();
    for (const char c : request.body) {
        EXPECT_TRUE(connection_.is_silent());
        expect_created(other.send(gateway().request(R"({"name":"Quick"})")));
        connection_.send(std::string(1, c));
    }
    EXPECT_EQ(expect_created(connection_.receive().value()).string("/name"), "Slow");
}

TEST_F(BodyRaw, TimeoutClosesTheConnection) {
    Request request = gateway().request(R"({"name":"Never"})");
    request.path = "/impatient";
    const auto before = gateway().store().count(gateway().organization());
    connection_.send(head(request) + "{");
    EXPECT_TRUE(connection_.ends());
    EXPECT_EQ(gateway().store().count(gateway().organization()), before);
}

TEST_F(BodyRaw, RefusedRequestsBodyIsPassedOverAndTheConnectionGoesOn) {
    Request refused = gateway().request(std::string(300000, 'x'));
    drop_header(refused.headers, "Authorization");
    connection_.send(head(refused));
    const auto response = connection_.receive();
    ASSERT_TRUE(response);
    expect_no_token(*response);
    connection_.send(refused.body + http1_bytes(gateway().request(R"({"name":"Next"})")));
    const auto next = connection_.receive();
    ASSERT_TRUE(next);
    expect_created(*next);
}

}  // namespace
}  // namespace appcreate::test
