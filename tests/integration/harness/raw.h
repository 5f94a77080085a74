// A socket, for exact bytes: pipelining, parts, aborts.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "http.h"

namespace appcreate::test {

class RawConnection {
  public:
    explicit RawConnection(int port);
    RawConnection(const RawConnection &) = delete;
    RawConnection &operator=(const RawConnection &) = delete;
    ~RawConnection();

    // False when the server closed the connection.
    bool send(std::string_view bytes);
    // The next whole response (1xx included); nothing when the connection ends first. `no_body`: it answers a HEAD.
    std::optional<Response> receive(bool no_body = false);
    // Bytes of the last response as they came.
    [[nodiscard]] const std::string &raw() const { return raw_; }
    // Does the server end the connection, without another byte?
    bool ends();
    // Is there nothing to read now?
    bool is_silent();
    // Goes away with a reset.
    void abort();
    void finish_sending();

  private:
    bool fill();
    std::optional<std::string> take(std::size_t n);

    int fd_;
    std::string buffer_;
    std::string raw_;
};

// An HTTP/1.1 request as bytes. A Content-Length is added when there is a body.
std::string http1_bytes(const Request &request, std::string_view version = "HTTP/1.1");

}  // namespace appcreate::test
