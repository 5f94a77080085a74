// An ordinary HTTP client: libcurl over HTTP/1.1 and TLS, nghttp2 over HTTP/2 with prior knowledge.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace appcreate::test {

enum class Protocol { http10, http1, h2c, tls_http1, tls_h2 };
const char *name_of(Protocol protocol);

using Headers = std::vector<std::pair<std::string, std::string>>;

struct Request {
    std::string method = "POST";
    std::string path;
    Headers headers;
    std::string body;
    bool has_body = true;
    bool length_known = true;  // false: chunked, or HTTP/2 without a length
};

struct Response {
    int status = 0;
    int http_version = 0;  // 10, 11, 20
    Headers headers;
    std::string body;
    bool new_connection = false;  // none could be kept alive

    [[nodiscard]] std::size_t count(std::string_view name) const;
    [[nodiscard]] bool has(std::string_view name) const { return count(name) > 0; }
    // The first, or empty.
    [[nodiscard]] std::string header(std::string_view name) const;
    // As they were sent, less Date and X-Request-ID: what two answers can be compared by.
    [[nodiscard]] std::string comparable() const;
};

bool equal_ignoring_case(std::string_view a, std::string_view b);

// One connection, kept alive as long as the server keeps it.
class Client {
  public:
    Client(Protocol protocol, int port, std::string certificate = {});
    Client(Client &&) noexcept;
    ~Client();

    // Throws when there is no answer.
    Response send(const Request &request);
    // Nothing when there is no answer.
    std::optional<Response> try_send(const Request &request);

    // Sends, and goes away when no answer has come after `limit_ms`.
    void abandon(const Request &request, long limit_ms);

    [[nodiscard]] Protocol protocol() const;

  private:
    std::optional<Response> perform(const Request &request, long limit_ms);
    struct State;
    std::unique_ptr<State> state_;
};

// Once for a process, from main.
void http_start();

}  // namespace appcreate::test
