// A name server on loopback, and the room in which it is this process's only one: network and mounts of its own.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>

#include "harness/socket.h"

namespace appcreate::test {

// Runs the test that calls it once more, in a process of its own with the room around it, and fails or skips as that
// does. True: this is that process. Where no room can be made the test is skipped.
bool is_inside();

// On 127.0.0.1:53.
class NameServer {
  public:
    enum class Mood {
        kSilent,
        kNothing,  // NXDOMAIN
        kOne       // one server of the cluster, at 127.0.0.1 and a port that refuses
    };
    NameServer();
    NameServer(const NameServer &) = delete;
    NameServer &operator=(const NameServer &) = delete;
    ~NameServer();

    void set(Mood mood) { mood_ = mood; }
    [[nodiscard]] int questions() const { return questions_; }

  private:
    void run();

    Fd socket_;
    std::atomic<Mood> mood_{Mood::kSilent};
    std::atomic<int> questions_{0};
    std::atomic<bool> stops_{false};
    std::thread thread_;
};

}  // namespace appcreate::test
