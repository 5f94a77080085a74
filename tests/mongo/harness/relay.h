// One connection through the fault proxy: its two sockets and what waits between them.
#pragma once

#include <poll.h>

#include <chrono>
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "harness/fault_rules.h"
#include "harness/socket.h"
#include "harness/wire.h"

namespace appcreate::test {

class Relay {
  public:
    using Clock = std::chrono::steady_clock;

    Relay(Fd client, Fd server) noexcept;

    // What poll() is to wait for.
    void watch(std::vector<pollfd> &out) const;
    // Reads what has come and writes what may go.
    void work(FaultRules &rules);
    [[nodiscard]] bool is_over() const;
    // When the next delayed message is due.
    [[nodiscard]] std::optional<Clock::time_point> next_due() const;

  private:
    struct Waiting {
        Message message;
        std::optional<FaultRules::RuleId> held_by;
        Clock::time_point due;
    };
    struct Direction {
        Framer framer;
        std::deque<Waiting> waiting;
        Bytes bytes;  // on their way into the socket
    };

    void take_request(Message message, FaultRules &rules);
    void take_reply(Message message, FaultRules &rules);
    void pass(Message message, Direction &direction, const FaultRules::Hit &hit, const FaultRules &rules);
    static void advance(Direction &direction, Fd &to, const FaultRules &rules);
    void cut() noexcept;

    Fd client_;
    Fd server_;
    Direction to_server_;
    Direction to_client_;
    std::map<std::int32_t, Label> asked_;  // by request id, until the reply comes
};

}  // namespace appcreate::test
