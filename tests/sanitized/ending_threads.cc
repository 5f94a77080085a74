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
constinit std::atomic<bool> exits{false};

// Registered before libraries register theirs, so that it runs after them, and before the leaks are looked for.
void let_threads_end() {
    if (!has_late_threads) return;
    exits = true;
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
}

[[gnu::constructor]] void begin() { std::atexit(let_threads_end); }

}  // namespace

extern "C" [[gnu::visibility("default")]] void pthread_exit(void *result) {
    has_late_threads = true;
    for (int i = 0; i < 300 && !exits; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    reinterpret_cast<decltype(&pthread_exit)>(dlsym(RTLD_NEXT, "pthread_exit"))(result);
    __builtin_unreachable();
}
