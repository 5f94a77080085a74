#include "mute_server.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <stdexcept>
#include <string>

namespace appcreate::test {

MuteServer::MuteServer(int port) : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const int on = 1;
    setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::bind(listener_, reinterpret_cast<const sockaddr *>(&address), sizeof(address)) != 0 ||
        ::listen(listener_, 16) != 0) {
        ::close(listener_);
        throw std::runtime_error("no server at port " + std::to_string(port));
    }
}

MuteServer::~MuteServer() {
    for (const int one : connections_) {
        ::close(one);
    }
    ::close(listener_);
}

bool MuteServer::is_asked() {
    pollfd asked{listener_, POLLIN, 0};
    if (::poll(&asked, 1, 20000) != 1) {
        return false;
    }
    connections_.push_back(::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC));
    return connections_.back() >= 0;
}

bool MuteServer::was_left() const {
    return std::any_of(connections_.begin(), connections_.end(), [](int one) {
        char part[4096];
        ssize_t n = 0;
        do {
            n = ::recv(one, part, sizeof(part), MSG_DONTWAIT);
        } while (n > 0);
        return n == 0 || errno != EAGAIN;
    });
}

}  // namespace appcreate::test
