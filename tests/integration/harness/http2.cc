#include "http2.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <nghttp2/nghttp2.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>

namespace appcreate::test {
namespace {

using Clock = std::chrono::steady_clock;

// Belongs to the connection, not to the message (RFC 9113, 8.2.2), or stands in a pseudo-header.
bool is_of_the_connection(std::string_view name) {
    static constexpr std::string_view kNames[] = {"connection", "host", "transfer-encoding", "keep-alive", "upgrade"};
    return std::any_of(std::begin(kNames), std::end(kNames),
                       [&](std::string_view other) { return equal_ignoring_case(name, other); });
}

std::string lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    return text;
}

nghttp2_nv pair_of(const std::pair<std::string, std::string> &field) {
    const auto bytes = [](const std::string &text) {
        return const_cast<std::uint8_t *>(reinterpret_cast<const std::uint8_t *>(text.data()));
    };
    return {bytes(field.first), bytes(field.second), field.first.size(), field.second.size(), NGHTTP2_NV_FLAG_NONE};
}

}  // namespace

// What one request needs while it is on its way is here too: there is one at a time.
class Http2Connection::Session {
  public:
    explicit Session(int port) {
        fd_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(static_cast<std::uint16_t>(port));
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        const int on = 1;
        setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        is_open_ = connect(fd_, reinterpret_cast<const sockaddr *>(&address), sizeof address) == 0;

        nghttp2_session_callbacks *callbacks = nullptr;
        nghttp2_session_callbacks_new(&callbacks);
        nghttp2_session_callbacks_set_send_callback(callbacks, on_send);
        nghttp2_session_callbacks_set_recv_callback(callbacks, on_receive);
        nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
        nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
        nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
        nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
        nghttp2_session_client_new(&session_, callbacks, this);
        nghttp2_session_callbacks_del(callbacks);
        nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, nullptr, 0);
    }
    Session(const Session &) = delete;
    Session &operator=(const Session &) = delete;
    ~Session() {
        nghttp2_session_del(session_);
        close(fd_);
    }

    // The server may have ended it since the last answer.
    bool is_usable() {
        if (is_open_ && is_readable(0)) {
            is_open_ = nghttp2_session_recv(session_) == 0 && is_open_;
        }
        return is_open_ && !gone_ && nghttp2_session_want_read(session_) != 0;
    }

    std::optional<Response> perform(const Request &request, int port, long limit_ms, std::string *failure) {
        const auto end = Clock::now() + std::chrono::milliseconds(limit_ms);
        submit(request, port);
        while (!closed_) {
            if (!is_open_ || nghttp2_session_send(session_) != 0) {
                *failure = "the connection ended";
                return std::nullopt;
            }
            if (closed_) {
                break;
            }
            const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now()).count();
            if (left <= 0 || !is_readable(static_cast<int>(left))) {
                nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, stream_, NGHTTP2_CANCEL);
                (void)nghttp2_session_send(session_);
                *failure = "the time is up";
                return std::nullopt;
            }
            is_open_ = nghttp2_session_recv(session_) == 0 && is_open_;
        }
        (void)nghttp2_session_send(session_);
        // A whole answer before the end of the request's body is followed by RST_STREAM(NO_ERROR) (RFC 9113, 8.1).
        if (response_.status == 0 || !ended_) {
            *failure = "the stream ended with error " + std::to_string(error_);
            return std::nullopt;
        }
        return std::move(response_);
    }

  private:
    bool is_readable(int wait_ms) const {
        pollfd one{fd_, POLLIN, 0};
        return poll(&one, 1, wait_ms) > 0;
    }

    void submit(const Request &request, int port) {
        response_ = Response();
        response_.http_version = 20;
        ended_ = closed_ = false;
        error_ = 0;
        rest_ = request.body;

        Headers fields = {{":method", request.method},
                          {":scheme", "http"},
                          {":authority", "127.0.0.1:" + std::to_string(port)},
                          {":path", request.path}};
        for (const auto &[name, value] : request.headers) {
            if (!is_of_the_connection(name)) {
                fields.emplace_back(lower(name), value);
            }
        }
        if (request.has_body && request.length_known) {
            fields.emplace_back("content-length", std::to_string(request.body.size()));
        }
        std::vector<nghttp2_nv> pairs;
        std::transform(fields.begin(), fields.end(), std::back_inserter(pairs), pair_of);
        nghttp2_data_provider body{};
        body.source.ptr = this;
        body.read_callback = on_read;
        stream_ = nghttp2_submit_request(session_, nullptr, pairs.data(), pairs.size(),
                                         request.has_body ? &body : nullptr, nullptr);
    }

    static Session &self(void *data) { return *static_cast<Session *>(data); }

    static ssize_t on_send(nghttp2_session *, const std::uint8_t *data, std::size_t size, int, void *user) {
        const ssize_t n = ::send(self(user).fd_, data, size, MSG_NOSIGNAL);
        // What the server has said before it closed is still to be read.
        return n >= 0 ? n : static_cast<ssize_t>(size);
    }
    static ssize_t on_receive(nghttp2_session *, std::uint8_t *buffer, std::size_t size, int, void *user) {
        const ssize_t n = ::recv(self(user).fd_, buffer, size, MSG_DONTWAIT);
        if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
            return NGHTTP2_ERR_WOULDBLOCK;
        }
        if (n <= 0) {
            self(user).is_open_ = false;
            return NGHTTP2_ERR_EOF;
        }
        return n;
    }
    static ssize_t on_read(nghttp2_session *, std::int32_t, std::uint8_t *buffer, std::size_t size,
                           std::uint32_t *flags, nghttp2_data_source *source, void *) {
        std::string_view &rest = static_cast<Session *>(source->ptr)->rest_;
        const std::size_t n = std::min(size, rest.size());
        std::memcpy(buffer, rest.data(), n);
        rest.remove_prefix(n);
        if (rest.empty()) {
            *flags |= NGHTTP2_DATA_FLAG_EOF;
        }
        return static_cast<ssize_t>(n);
    }
    static int on_header(nghttp2_session *, const nghttp2_frame *, const std::uint8_t *name, std::size_t name_size,
                         const std::uint8_t *value, std::size_t value_size, std::uint8_t, void *user) {
        Response &response = self(user).response_;
        const std::string_view field(reinterpret_cast<const char *>(name), name_size);
        const std::string text(reinterpret_cast<const char *>(value), value_size);
        if (field == ":status") {
            response.status = std::stoi(text);
            response.headers.clear();  // an interim response came before
        } else {
            response.headers.emplace_back(field, text);
        }
        return 0;
    }
    static int on_data(nghttp2_session *, std::uint8_t, std::int32_t, const std::uint8_t *data, std::size_t size,
                       void *user) {
        self(user).response_.body.append(reinterpret_cast<const char *>(data), size);
        return 0;
    }
    static int on_frame(nghttp2_session *, const nghttp2_frame *frame, void *user) {
        Session &session = self(user);
        if (frame->hd.type == NGHTTP2_GOAWAY) {
            session.gone_ = true;
        } else if (frame->hd.stream_id == session.stream_ && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) {
            session.ended_ = true;
        }
        return 0;
    }
    static int on_close(nghttp2_session *, std::int32_t stream, std::uint32_t error, void *user) {
        Session &session = self(user);
        if (stream == session.stream_) {
            session.closed_ = true;
            session.error_ = error;
        }
        return 0;
    }

    int fd_ = -1;
    nghttp2_session *session_ = nullptr;
    bool is_open_ = false;
    bool gone_ = false;  // the server takes no more requests

    std::int32_t stream_ = -1;
    std::string_view rest_;  // of the body
    Response response_;
    bool ended_ = false;   // the answer is whole
    bool closed_ = false;  // the stream is
    std::uint32_t error_ = 0;
};

Http2Connection::Http2Connection(int port) : port_(port) {}
Http2Connection::~Http2Connection() = default;

std::optional<Response> Http2Connection::perform(const Request &request, long limit_ms) {
    const bool is_new = !session_ || !session_->is_usable();
    if (is_new) {
        session_ = std::make_unique<Session>(port_);
    }
    std::optional<Response> response = session_->perform(request, port_, limit_ms, &failure_);
    if (response) {
        response->new_connection = is_new;
    }
    return response;
}

}  // namespace appcreate::test
