// Sockets on loopback.
#pragma once

#include <cstdint>

#include "support/fd.h"
#include "support/wait.h"

namespace appcreate::test {

// A port of 127.0.0.1 that this process has and refuses connections on; 0: a free one. listen_on() may take it besides.
Fd bind_to(std::uint16_t port);
// Listens on 127.0.0.1; port 0: a free one.
Fd listen_on(std::uint16_t port);
std::uint16_t port_of(const Fd &socket);
// Empty when refused.
Fd connect_to(std::uint16_t port);
bool send_all(int fd, const void *data, std::size_t size);

}  // namespace appcreate::test
