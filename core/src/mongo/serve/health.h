// One line in the host's log for each change of the store's state: it fails, or works again.
#pragma once

#include <array>
#include <atomic>
#include <optional>
#include <string>

#include "app_create.h"
#include "base/failure.h"
#include "base/mutex.h"

namespace appcreate::mongo {

// Without memory for a line there is none.
class Health {
  public:
    Health(ac_log_fn log, void *ctx, std::string store);

    enum class Work { kWriting, kLookingUp, kReading };
    void failed(Work work, const Failure &failure) noexcept;
    void ran_out_of_memory(Work work) noexcept;
    // Who can write can read, and who can read one thing another: that ends all but writing, but what the server
    // refuses is ended only by the same work.
    void worked(Work work) noexcept;
    [[nodiscard]] bool is_down() const noexcept { return is_down_; }

  private:
    using Reasons = std::array<std::optional<int>, 3>;  // of those that fail

    template <class Text>
    void failed(Work work, int reason, const Text &text) noexcept;
    template <class Text>
    void say(int level, const Text &text) const noexcept;

    const ac_log_fn log_;
    void *const ctx_;
    const std::string store_;
    std::atomic<bool> is_down_ = false;
    Mutex mutex_;
    Reasons reasons_ GUARDED_BY(mutex_);
};

}  // namespace appcreate::mongo
