#include "mongo/apart.h"

#include <dlfcn.h>

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <system_error>
#include <thread>

#include "values.h"

namespace appcreate::mongo {

bool run_apart(std::function<void()> work, std::int64_t latest) {
    struct State {
        std::mutex mutex;
        std::condition_variable ended;
        bool has_ended = false;
    };
    const auto state = std::make_shared<State>();
    const auto run = [state, work = std::move(work)]() mutable {
        work();
        work = nullptr;
        const std::lock_guard lock(state->mutex);
        state->has_ended = true;
        state->ended.notify_all();
    };
    std::thread thread;
    try {
        thread = std::thread(run);
    } catch (const std::system_error &) {
        auto here = run;
        here();
        return true;
    }
    std::unique_lock lock(state->mutex);
    const auto patience = std::chrono::nanoseconds(latest - monotonic_ns());
    const bool has_ended = state->ended.wait_for(lock, patience, [&] { return state->has_ended; });
    lock.unlock();
    if (has_ended) {
        thread.join();
        return true;
    }
    keep_code_loaded();
    thread.detach();
    return false;
}

// The handle is never closed, and the flag keeps it so whoever else closes theirs. Where the code is the program's own
// there is nothing to keep.
void keep_code_loaded() noexcept {
    Dl_info info{};
    if (::dladdr(reinterpret_cast<const void *>(&keep_code_loaded), &info) == 0 || info.dli_fname == nullptr) return;
    ::dlopen(info.dli_fname, RTLD_NOW | RTLD_NOLOAD | RTLD_NODELETE);
}

}  // namespace appcreate::mongo
