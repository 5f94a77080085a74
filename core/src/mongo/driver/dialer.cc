#include "mongo/driver/dialer.h"

#include <netdb.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <exception>
#include <string_view>

#include "base/values.h"
#include "mongo/driver/apart.h"
#include "mongo/driver/driver_types.h"

namespace appcreate::mongo {
namespace {

constexpr std::int32_t kUsualMs = 10'000;
constexpr std::size_t kBuffer = 1024;  // as libmongoc has it

// Owns all that it needs: it may go on after everybody else.
struct Call {
    std::shared_ptr<mongoc_uri_t> uri;
    mongoc_host_list_t host{};
    std::int64_t latest = 0;
    Owned<mongoc_stream_t> stream;
    bson_error_t error{};
};

std::int64_t left_ms(const Call &call) { return (call.latest - monotonic_ns()) / 1'000'000; }

mongoc_stream_t *connect_to(const Call &call, const sockaddr *address, socklen_t size, int family, int protocol) {
    mongoc_socket_t *socket = mongoc_socket_new(family, SOCK_STREAM, protocol);
    if (socket == nullptr) return nullptr;
    const std::int64_t expires = bson_get_monotonic_time() + left_ms(call) * 1000;
    if (mongoc_socket_connect(socket, address, size, expires) == 0) return mongoc_stream_socket_new(socket);
    mongoc_socket_destroy(socket);
    return nullptr;
}

mongoc_stream_t *connect_local(const Call &call) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string_view path(call.host.host);
    path.copy(address.sun_path, sizeof(address.sun_path) - 1);
    return connect_to(call, reinterpret_cast<const sockaddr *>(&address), sizeof(address), AF_UNIX, 0);
}

mongoc_stream_t *connect_tcp(Call &call) {
    addrinfo hints{};
    hints.ai_family = call.host.family;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo *found = nullptr;
    if (::getaddrinfo(call.host.host, std::to_string(call.host.port).c_str(), &hints, &found) != 0) {
        bson_set_error(&call.error, MONGOC_ERROR_STREAM, MONGOC_ERROR_STREAM_NAME_RESOLUTION, "Failed to resolve %s",
                       call.host.host);
        return nullptr;
    }
    mongoc_stream_t *stream = nullptr;
    for (const addrinfo *at = found; at != nullptr && stream == nullptr; at = at->ai_next) {
        stream = connect_to(call, at->ai_addr, at->ai_addrlen, at->ai_family, at->ai_protocol);
    }
    ::freeaddrinfo(found);
    return stream;
}

#ifdef MONGOC_ENABLE_SSL
bool wants_tls(const mongoc_uri_t *uri) {
    const char *mechanism = mongoc_uri_get_auth_mechanism(uri);
    return mongoc_uri_get_tls(uri) || (mechanism != nullptr && std::string_view(mechanism) == "MONGODB-X509");
}

// As libmongoc reads them for its own connections.
mongoc_ssl_opt_t tls_options(const mongoc_uri_t *uri) {
    const bool is_insecure = mongoc_uri_get_option_as_bool(uri, MONGOC_URI_TLSINSECURE, false);
    mongoc_ssl_opt_t out{};
    out.pem_file = mongoc_uri_get_option_as_utf8(uri, MONGOC_URI_TLSCERTIFICATEKEYFILE, nullptr);
    out.pem_pwd = mongoc_uri_get_option_as_utf8(uri, MONGOC_URI_TLSCERTIFICATEKEYFILEPASSWORD, nullptr);
    out.ca_file = mongoc_uri_get_option_as_utf8(uri, MONGOC_URI_TLSCAFILE, nullptr);
    out.weak_cert_validation = mongoc_uri_get_option_as_bool(uri, MONGOC_URI_TLSALLOWINVALIDCERTIFICATES, is_insecure);
    out.allow_invalid_hostname = mongoc_uri_get_option_as_bool(uri, MONGOC_URI_TLSALLOWINVALIDHOSTNAMES, is_insecure);
    return out;
}

void wrap_in_tls(Call &call) {
    mongoc_ssl_opt_t options = tls_options(call.uri.get());
    mongoc_stream_t *tls = mongoc_stream_tls_new_with_hostname(call.stream.get(), call.host.host, &options, 1);
    if (tls == nullptr) {
        call.stream.reset();
        bson_set_error(&call.error, MONGOC_ERROR_STREAM, MONGOC_ERROR_STREAM_SOCKET, "Failed initialize TLS state.");
        return;
    }
    static_cast<void>(call.stream.release());  // tls owns it
    call.stream.reset(tls);
    const auto left = static_cast<std::int32_t>(std::max<std::int64_t>(left_ms(call), 1));
    if (!mongoc_stream_tls_handshake_block(tls, call.host.host, left, &call.error)) call.stream.reset();
}
#endif

void connect(Call &call) {
    call.stream.reset(call.host.family == AF_UNIX ? connect_local(call) : connect_tcp(call));
    if (call.stream == nullptr && call.error.code == 0) {
        bson_set_error(&call.error, MONGOC_ERROR_STREAM, MONGOC_ERROR_STREAM_CONNECT,
                       "Failed to connect to target host: %s", call.host.host_and_port);
    }
#ifdef MONGOC_ENABLE_SSL
    if (call.stream != nullptr && wants_tls(call.uri.get())) wrap_in_tls(call);
#endif
    if (call.stream != nullptr) call.stream.reset(mongoc_stream_buffered_new(call.stream.release(), kBuffer));
}

}  // namespace

void Dialer::serve(mongoc_client_t *client) {
    lent_at_ = monotonic_ns();
    const mongoc_uri_t *uri = mongoc_client_get_uri(client);
    // There is no way to hand these to a TLS stream that libmongoc has not made itself.
    is_blind_ = mongoc_uri_has_option(uri, MONGOC_URI_TLSDISABLEOCSPENDPOINTCHECK) ||
                mongoc_uri_has_option(uri, MONGOC_URI_TLSDISABLECERTIFICATEREVOCATIONCHECK);
    if (!is_blind_) mongoc_client_set_stream_initiator(client, &Dialer::dial, this);
}

std::int64_t Dialer::since(const std::string &host_and_port) {
    if (is_blind_) return lent_at_;
    Line &line = lines_[host_and_port];
    if (line.seen != line.made) {
        line.seen = line.made;
        line.since = monotonic_ns();
    }
    return line.since;
}

mongoc_stream_t *Dialer::dial(const mongoc_uri_t *uri, const mongoc_host_list_t *host, void *self,
                              bson_error_t *error) noexcept {
    try {
        return static_cast<Dialer *>(self)->dial(uri, *host, *error);
    } catch (const std::exception &) {
        bson_set_error(error, MONGOC_ERROR_STREAM, MONGOC_ERROR_STREAM_CONNECT, "out of memory");
    }
    return nullptr;
}

mongoc_stream_t *Dialer::dial(const mongoc_uri_t *uri, const mongoc_host_list_t &host, bson_error_t &error) {
    if (is_closed_) {
        was_asked_ = true;
        bson_set_error(&error, MONGOC_ERROR_STREAM, MONGOC_ERROR_STREAM_NOT_ESTABLISHED,
                       "the connection to %s was closed", host.host_and_port);
        return nullptr;
    }
    if (uri_ == nullptr) uri_ = std::shared_ptr<mongoc_uri_t>(mongoc_uri_copy(uri), Destroy());
    const auto call = std::make_shared<Call>();
    call->uri = uri_;
    call->host = host;
    call->host.next = nullptr;
    const std::int64_t ms = mongoc_uri_get_option_as_int32(uri, MONGOC_URI_CONNECTTIMEOUTMS, kUsualMs);
    call->latest = monotonic_ns() + ms * 1'000'000;
    if (!run_apart([call] { connect(*call); }, call->latest)) {
        bson_set_error(&error, MONGOC_ERROR_STREAM, MONGOC_ERROR_STREAM_CONNECT,
                       "connecting to %s, or its name server, takes too long", host.host_and_port);
        return nullptr;
    }
    if (call->stream == nullptr) {
        error = call->error;
        return nullptr;
    }
    ++lines_[host.host_and_port].made;
    return call->stream.release();
}

Dialer::Closed::Closed(Dialer *dialer) : dialer_(dialer) {
    if (dialer_ == nullptr) return;
    dialer_->is_closed_ = true;
    dialer_->was_asked_ = false;
}

Dialer::Closed::~Closed() {
    if (dialer_ != nullptr) dialer_->is_closed_ = false;
}

bool Dialer::Closed::was_asked() const noexcept { return dialer_ != nullptr && dialer_->was_asked_; }

}  // namespace appcreate::mongo
