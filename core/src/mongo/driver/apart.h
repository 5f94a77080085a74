// Work that may hang in the system's resolver, where nothing can interrupt it: on a thread of its own, which is left
// alone when it takes too long.
#pragma once

#include <cstdint>
#include <functional>

namespace appcreate::mongo {

// Runs `work` on a thread and waits for it until `latest` (CLOCK_MONOTONIC, ns). Returns whether it has ended;
// otherwise it goes on by itself, so it owns what it needs, and what it owns is freed there. Where there is no thread
// to be had it runs here. `work` must not throw.
bool run_apart(std::function<void()> work, std::int64_t latest);

// What a thread that is left alone runs must stay in memory: a host unloads its modules when its process ends, and a
// thread may still be inside.
void keep_code_loaded() noexcept;

}  // namespace appcreate::mongo
