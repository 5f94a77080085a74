#include "raw.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <stdexcept>

namespace appcreate::test {

namespace {

constexpr int kTimeoutMs = 60000;  // a failure, not an expectation

}  // namespace

RawConnection::RawConnection(int port) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(fd_, reinterpret_cast<const sockaddr *>(&address), sizeof address) != 0) {
        close(fd_);
        throw std::runtime_error("cannot connect to port " + std::to_string(port));
    }
}

RawConnection::~RawConnection() {
    if (fd_ >= 0) {
        close(fd_);
    }
}

bool RawConnection::send(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (n <= 0) {
            return false;
        }
        bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
}

bool RawConnection::fill() {
    pollfd ready{fd_, POLLIN, 0};
    if (poll(&ready, 1, kTimeoutMs) <= 0) {
        throw std::runtime_error("the server neither answers nor closes");
    }
    char part[65536];
    const ssize_t n = recv(fd_, part, sizeof part, 0);
    if (n <= 0) {
        return false;
    }
    buffer_.append(part, static_cast<std::size_t>(n));
    return true;
}

std::optional<std::string> RawConnection::take(std::size_t n) {
    while (buffer_.size() < n) {
        if (!fill()) {
            return std::nullopt;
        }
    }
    std::string result = buffer_.substr(0, n);
    buffer_.erase(0, n);
    raw_ += result;
    return result;
}

std::optional<Response> RawConnection::receive(bool no_body) {
    raw_.clear();
    std::size_t end = 0;
    while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
        if (!fill()) {
            return std::nullopt;
        }
    }
    const std::string head = *take(end + 4);
    Response response;
    response.http_version = head.starts_with("HTTP/1.0") ? 10 : 11;
    response.status = std::atoi(head.c_str() + 9);
    for (std::size_t at = head.find("\r\n") + 2; at < head.size() - 2;) {
        const std::size_t line_end = head.find("\r\n", at);
        const std::size_t colon = head.find(": ", at);
        response.headers.emplace_back(head.substr(at, colon - at), head.substr(colon + 2, line_end - colon - 2));
        at = line_end + 2;
    }
    if (no_body || response.status < 200 || response.status == 204 || response.status == 304) {
        return response;
    }
    if (response.has("Content-Length")) {
        const auto body = take(std::strtoul(response.header("Content-Length").c_str(), nullptr, 10));
        if (!body) {
            return std::nullopt;
        }
        response.body = *body;
        return response;
    }
    if (response.header("Transfer-Encoding") == "chunked") {
        for (std::size_t size = 1; size > 0;) {
            std::size_t line = 0;
            while ((line = buffer_.find("\r\n")) == std::string::npos) {
                if (!fill()) {
                    return std::nullopt;
                }
            }
            size = std::strtoul(take(line + 2)->c_str(), nullptr, 16);
            const auto chunk = take(size + 2);
            if (!chunk) {
                return std::nullopt;
            }
            response.body += chunk->substr(0, size);
        }
        return response;
    }
    while (fill()) {
    }
    response.body = *take(buffer_.size());
    return response;
}

bool RawConnection::ends() { return buffer_.empty() && !fill(); }

bool RawConnection::is_silent() {
    pollfd ready{fd_, POLLIN, 0};
    return buffer_.empty() && poll(&ready, 1, 0) == 0;
}

void RawConnection::abort() {
    const linger reset{1, 0};
    setsockopt(fd_, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    close(fd_);
    fd_ = -1;
}

void RawConnection::finish_sending() { shutdown(fd_, SHUT_WR); }

std::string http1_bytes(const Request &request, std::string_view version) {
    std::string bytes = request.method + " " + request.path + " " + std::string(version) + "\r\nHost: localhost\r\n";
    for (const auto &[name, value] : request.headers) {
        bytes += name;
        bytes += ": ";
        bytes += value;
        bytes += "\r\n";
    }
    if (request.has_body && request.length_known) {
        bytes += "Content-Length: " + std::to_string(request.body.size()) + "\r\n";
    }
    return bytes + "\r\n" + (request.length_known ? request.body : std::string());
}

}  // namespace appcreate::test
