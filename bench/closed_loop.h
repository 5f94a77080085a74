// One operation again and again, and how long each took.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <vector>

#include "latencies.h"

namespace bench {

// Until the time is over, or `most` creates were made, or `operation`, which makes `creates` each time, returns false.
// Prints {"per_second":…,"latency_us":{…}}; the latency is that of one operation.
template <typename Operation>
void run_closed_loop(double seconds, int creates, Operation operation,
                     double most = std::numeric_limits<double>::infinity()) {
    using Clock = std::chrono::steady_clock;
    const std::chrono::duration<double> length(seconds);
    std::vector<std::int64_t> latencies;
    const auto start = Clock::now();
    for (auto now = start; now - start < length && static_cast<double>(latencies.size()) * creates < most;) {
        const auto before = now;
        if (!operation()) break;
        now = Clock::now();
        latencies.push_back(std::chrono::nanoseconds(now - before).count());
    }
    const std::chrono::duration<double> took = Clock::now() - start;
    std::printf("{\"per_second\":%.1f,\"latency_us\":", static_cast<double>(latencies.size()) * creates / took.count());
    print_percentiles(latencies);
    std::printf("}\n");
}

}  // namespace bench
