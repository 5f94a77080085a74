// Percentiles of what was measured, as JSON.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <vector>

namespace bench {

// Nanoseconds in, microseconds out: {"50":…,"99.9":…,"max":…}. Sorts `latencies`.
inline void print_percentiles(std::vector<std::int64_t> &latencies) {
    std::sort(latencies.begin(), latencies.end());
    std::printf("{");
    for (const double percent : {1.0, 10.0, 25.0, 50.0, 75.0, 90.0, 95.0, 99.0, 99.5, 99.9, 99.99}) {
        const auto rank = static_cast<std::size_t>(percent / 100 * static_cast<double>(latencies.size()));
        const double value =
            latencies.empty() ? 0 : static_cast<double>(latencies[std::min(rank, latencies.size() - 1)]) / 1000;
        std::printf("\"%g\":%.1f,", percent, value);
    }
    std::printf("\"max\":%.1f}", latencies.empty() ? 0 : static_cast<double>(latencies.back()) / 1000);
}

}  // namespace bench
