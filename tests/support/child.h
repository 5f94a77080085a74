// A process that runs a function of the test: another worker, or a host that dies.
#pragma once

#include <sys/types.h>

#include <csignal>
#include <functional>

namespace appcreate::test {

class Child {
  public:
    // It ends with the status that `work` returns; with 255 when that throws.
    explicit Child(const std::function<int()> &work);
    Child(const Child &) = delete;
    Child &operator=(const Child &) = delete;
    Child(Child &&other) noexcept;
    Child &operator=(Child &&) = delete;
    // Kills it where it was not waited for.
    ~Child();

    [[nodiscard]] pid_t id() const { return id_; }
    void signal(int number) const;
    // Until it has stopped by SIGSTOP.
    void wait_for_stop() const;
    // Until it has ended: its exit status, or 128 and the signal.
    int wait();
    // The same by SIGKILL.
    int kill();

  private:
    pid_t id_;  // -1: waited for
};

// What Child::wait() returns of one that was killed.
inline constexpr int kKilled = 128 + SIGKILL;

// Runs in a child process; true when it returned true.
bool in_child(const std::function<bool()> &function);

}  // namespace appcreate::test
