// Cleartext HTTP/2 with prior knowledge, by nghttp2: libcurl 7.88 loses an answer that comes before the end of the
// request's body.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "http.h"

namespace appcreate::test {

// One connection, kept as long as the server keeps it.
class Http2Connection {
  public:
    explicit Http2Connection(int port);
    Http2Connection(const Http2Connection &) = delete;
    Http2Connection &operator=(const Http2Connection &) = delete;
    ~Http2Connection();

    // Nothing when no answer has come after `limit_ms` (the stream is cancelled then), or the server ended the stream
    // without one: failure() says why.
    std::optional<Response> perform(const Request &request, long limit_ms);
    [[nodiscard]] const std::string &failure() const { return failure_; }

  private:
    class Session;
    int port_;
    std::string failure_;
    std::unique_ptr<Session> session_;
};

}  // namespace appcreate::test
