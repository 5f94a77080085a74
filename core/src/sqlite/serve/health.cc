#include "sqlite/serve/health.h"

#include <new>
#include <utility>

#include "sqlite/file/failure.h"

namespace appcreate::sqlite {

Health::Health(Log log, std::string path, std::string_view work) : log_(log), path_(std::move(path)), work_(work) {}

void Health::failed(const Failure &failure) noexcept {
    failed((failure.detail() & 0xff) != 0 ? failure.detail() & 0xff : failure.status(),
           [&] { return std::string(failure.what()); });
}

void Health::ran_out_of_memory() noexcept {
    failed(AC_ENOMEM, [&] { return about(path_, "out of memory; give the process more memory"); });
}

void Health::worked() noexcept {
    if (!is_down_) return;
    const MutexLock lock(mutex_);
    if (!is_down_) return;
    is_down_ = false;
    log(AC_LOG_RECOVERED, [&] { return work_ + " works again: store \"" + path_ + "\""; });
}

template <class Text>
void Health::failed(int reason, const Text &text) noexcept {
    // Another reason is another state: what was mended was not all.
    const MutexLock lock(mutex_);
    if (is_down_ && reason == reason_) return;
    is_down_ = true;
    reason_ = reason;
    log(AC_LOG_ERROR, [&] { return work_ + " fails: " + text(); });
}

template <class Text>
void Health::log(int level, const Text &text) noexcept {
    try {
        log_(level, text());
    } catch (const std::bad_alloc &) {
    }
}

}  // namespace appcreate::sqlite
