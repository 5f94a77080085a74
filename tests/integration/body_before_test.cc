// A body that another location has had to do with before the request came to app_create (docs/api.md, "Codes": 413
// however it arrives).
#include "harness/answers.h"
#include "harness/suite.h"

namespace appcreate::test {
namespace {

// Nobody listens there.
constexpr const char *kLocations = R"(
    client_body_buffer_size 4k;
    location @create { client_max_body_size 8k; app_create org-1; }
    location @file { client_max_body_size 8k; client_body_in_file_only clean; app_create org-1; }
    location = /create { client_max_body_size 8k; app_create org-1; }
    location @unlimited { client_max_body_size 0; app_create org-1; }
    location = /unlimited { client_max_body_size 0; app_create org-1; }
    location = /by_error { client_max_body_size 0; error_page 502 = @create; proxy_pass http://127.0.0.1:@port1@; }
    location = /by_error_in_memory {
        client_max_body_size 0; client_body_buffer_size 1m; error_page 502 = @create;
        proxy_pass http://127.0.0.1:@port1@;
    }
    location = /by_name { client_max_body_size 0; root @dir@; try_files /none @create; }
    location = /by_name_in_file { client_max_body_size 0; root @dir@; try_files /none @file; }
    location = /by_uri { client_max_body_size 0; root @dir@; try_files /none /create; }
    location = /by_rewrite { client_max_body_size 0; rewrite ^ /create last; }
    location = /unlimited_by_error {
        client_max_body_size 0; error_page 502 = @unlimited; proxy_pass http://127.0.0.1:@port1@;
    }
    location = /unlimited_by_name { client_max_body_size 0; root @dir@; try_files /none @unlimited; }
    location = /passed_on {
        client_max_body_size 0; proxy_request_buffering off; proxy_http_version 1.1; error_page 502 504 = @create;
        proxy_pass http://127.0.0.1:@port1@;
    }
)";

class BodyBefore : public InEveryMode<BodyBefore> {
  public:
    static GatewayOptions options() {
        GatewayOptions options;
        options.server = kLocations;
        return options;
    }

  protected:
    Response send(const std::string &path, std::size_t size, bool length_known) {
        const std::string start = R"({"name":"Before","metadata":{"m":")";
        Request request = gateway().request(start + std::string(size - start.size() - 3, 'm') + "\"}}");
        request.path = path;
        request.length_known = length_known;
        return client().send(request);
    }
    std::int64_t count() { return gateway().store().count(gateway().organization()); }
};
INSTANTIATE_TEST_SUITE_P(Modes, BodyBefore, kModes, mode_name);

TEST_P(BodyBefore, LimitOfTheLocationHoldsHoweverItIsEntered) {
    gateway().provoke("connect() failed");
    for (const char *path :
         {"/create", "/by_error", "/by_error_in_memory", "/by_name", "/by_name_in_file", "/by_uri", "/by_rewrite"}) {
        for (const bool length_known : {true, false}) {
            SCOPED_TRACE(std::string(path) + (length_known ? "" : ", without a length"));
            const std::int64_t before = count();
            expect_created(send(path, 8 * 1024, length_known));
            expect_too_large(send(path, 8 * 1024 + 1, length_known));
            expect_too_large(send(path, 100 * 1024, length_known));
            EXPECT_EQ(count(), before + 1);
        }
    }
}

TEST_P(BodyBefore, NoLimitIs16MiB) {
    gateway().provoke("connect() failed");
    for (const char *path : {"/unlimited", "/unlimited_by_error", "/unlimited_by_name"}) {
        for (const bool length_known : {true, false}) {
            SCOPED_TRACE(std::string(path) + (length_known ? "" : ", without a length"));
            expect_too_large(send(path, (16 << 20) + 1, length_known));
        }
    }
}

class BodyPassedOn : public SharedGateway<BodyPassedOn> {
  public:
    static GatewayOptions options() { return BodyBefore::options(); }

  protected:
    // All but the end, which is white space: what is there is a whole document.
    void expect_refused(const std::string &head, const std::string &part, const std::string &rest) {
        gateway().provoke("connect() failed");
        const std::int64_t before = gateway().store().count(gateway().organization());
        RawConnection connection(gateway().port(Protocol::http1));
        Request request = gateway().request("");
        request.path = "/passed_on";
        request.has_body = false;
        const std::string bytes = http1_bytes(request);
        ASSERT_TRUE(connection.send(bytes.substr(0, bytes.size() - 2) + head + "\r\n\r\n" + part));
        const auto response = connection.receive();
        ASSERT_TRUE(response);
        expect_error(*response, 500, 1000, "Internal error");
        connection.send(rest);
        EXPECT_EQ(gateway().store().count(gateway().organization()), before);
        EXPECT_TRUE(gateway().logs("has not kept its body"));
        EXPECT_EQ(gateway().static_file(), "static\n");
    }
};

TEST_F(BodyPassedOn, PartIsNotTheWhole) {
    expect_refused("Content-Length: 100", R"({"name":"Part"})", std::string(85, ' '));
}

TEST_F(BodyPassedOn, PartInChunksIsNotTheWhole) {
    expect_refused("Transfer-Encoding: chunked", "f\r\n{\"name\":\"Part\"}\r\n", "1\r\n \r\n0\r\n\r\n");
}

TEST_F(BodyPassedOn, WholeOneIsCreated) {
    gateway().provoke("connect() failed");
    Request request = gateway().request(R"({"name":"Whole"})");
    request.path = "/passed_on";
    RawConnection connection(gateway().port(Protocol::http1));
    connection.send(http1_bytes(request));
    const auto response = connection.receive();
    ASSERT_TRUE(response);
    expect_created(*response);
}

}  // namespace
}  // namespace appcreate::test
