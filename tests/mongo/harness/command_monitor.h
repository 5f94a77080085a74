// What libmongoc says that it sends (command monitoring, APM). The linker puts it into every pool that the core makes
// (-Wl,--wrap, see CMakeLists.txt), so that the core has nothing in it for tests.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace appcreate::test {

// Thread-safe. One at a time for a port.
class CommandMonitor {
  public:
    // Of commands to this port of the loopback interface, from now on.
    explicit CommandMonitor(std::uint16_t port);
    CommandMonitor(const CommandMonitor &) = delete;
    CommandMonitor &operator=(const CommandMonitor &) = delete;
    ~CommandMonitor();

    // In the order in which they were sent, "insert applications". Handshakes and heartbeats are none.
    [[nodiscard]] std::vector<std::string> commands() const;
    void reset();

  private:
    const std::uint16_t port_;
};

}  // namespace appcreate::test
