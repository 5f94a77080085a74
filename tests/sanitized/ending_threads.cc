// Preloaded into nginx: its pool's threads, which it does not join, end while exit() runs. What a thread frees only as
// it ends, and what exit() takes down before, is then a leak or worse, each time and not once in many runs.
#include <dlfcn.h>
#include <pthread.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <thread>

namespace {

constinit std::atomic<bool> has_late_threads{false};

void wait_for_late_threads() {
    if (has_late_threads) std::this_thread::sleep_for(std::chrono::milliseconds(300));
}

// Registered before libraries register theirs, so that it runs after them, and before the leaks are looked for.
[[gnu::constructor]] void begin() { std::atexit(wait_for_late_threads); }

}  // namespace

extern "C" [[gnu::visibility("default")]] void pthread_exit(void *result) {
    has_late_threads = true;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    reinterpret_cast<decltype(&pthread_exit)>(dlsym(RTLD_NEXT, "pthread_exit"))(result);
    __builtin_unreachable();
}
