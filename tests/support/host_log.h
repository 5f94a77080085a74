// The host's log of the C ABI.
#pragma once

#include <cstddef>
#include <mutex>
#include <string>
#include <vector>

namespace appcreate::test {

// What a store logged. Must outlive it; any thread may call anything.
class HostLog {
  public:
    // An ac_log_fn; `self` is a HostLog.
    static void write(void *self, int level, const char *message, std::size_t size);

    [[nodiscard]] std::vector<std::string> lines() const;
    // Lines that are neither a notice nor a recovery.
    [[nodiscard]] std::vector<std::string> complaints() const;
    void clear();

  private:
    mutable std::mutex mutex_;  // guards all that follows
    std::vector<std::string> lines_;
    std::vector<std::string> complaints_;
};

}  // namespace appcreate::test
