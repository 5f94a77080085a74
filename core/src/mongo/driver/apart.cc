#include "mongo/driver/apart.h"

#include <dlfcn.h>

#include <chrono>
#include <condition_variable>
#include <memory>
#include <system_error>
#include <thread>

#include "base/mutex.h"
#include "base/values.h"

namespace appcreate::mongo {

namespace {

struct Apart {
    std::function<void()> work;
    Mutex mutex;
    std::condition_variable ended;
    bool has_ended GUARDED_BY(mutex) = false;
};

// What the work owns goes on this thread too, and may take as long.
void run(Apart &apart) {
    apart.work();
    apart.work = nullptr;
    const MutexLock lock(apart.mutex);
    apart.has_ended = true;
    apart.ended.notify_all();
}

bool wait_until(Apart &apart, std::int64_t latest) {
    MutexLock lock(apart.mutex);
    return apart.ended.wait_for(lock.native(), std::chrono::nanoseconds(latest - monotonic_ns()),
                                [&apart]() REQUIRES(apart.mutex) { return apart.has_ended; });
}

}  // namespace

bool run_apart(std::function<void()> work, std::int64_t latest) {
    const auto apart = std::make_shared<Apart>();
    apart->work = std::move(work);
    std::thread thread;
    try {
        thread = std::thread([apart] { run(*apart); });
    } catch (const std::system_error &) {
        run(*apart);
        return true;
    }
    if (wait_until(*apart, latest)) {
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
