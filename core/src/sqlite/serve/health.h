// One line in the host's log for each change of state of one kind of work: it fails, or works again.
#pragma once

#include <atomic>
#include <string>
#include <string_view>

#include "app_create.h"
#include "base/failure.h"
#include "base/mutex.h"

namespace appcreate::sqlite {

struct Log {
    ac_log_fn function = nullptr;
    void *context = nullptr;
    void operator()(int level, std::string_view line) const noexcept {
        if (function != nullptr) function(context, level, line.data(), line.size());
    }
};

class Health {
  public:
    // `work` is what fails or works: "writing", "looking up keys".
    Health(Log log, std::string path, std::string_view work);

    // Without memory for a line there is none: what is done stays done.
    void failed(const Failure &failure) noexcept;
    void ran_out_of_memory() noexcept;
    void worked() noexcept;

  private:
    template <class Text>
    void failed(int reason, const Text &text) noexcept;
    template <class Text>
    void log(int level, const Text &text) noexcept;

    const Log log_;
    const std::string path_;
    const std::string work_;
    std::atomic<bool> is_down_ = false;
    Mutex mutex_;
    int reason_ GUARDED_BY(mutex_) = 0;
};

}  // namespace appcreate::sqlite
