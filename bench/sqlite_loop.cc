// The ceiling of the store: the statements of a create, on a store that appctl made, in a loop with nothing else.
//
//   bench_sqlite_loop FILE CREATES_A_TRANSACTION SECONDS
//
// Prints {"per_second":…,"latency_us":{…}}; the latency is that of one transaction.

#include <vector>

#include "latencies.h"
#include "sqlite_creates.h"

int main(int argc, char **argv) {
    using bench::Clock;
    if (argc != 4) {
        std::fprintf(stderr, "usage: bench_sqlite_loop FILE CREATES_A_TRANSACTION SECONDS\n");
        return 2;
    }
    const int creates = std::atoi(argv[2]);
    const auto length = std::chrono::duration<double>(std::atof(argv[3]));
    bench::Writer writer(argv[1]);
    std::vector<std::int64_t> latencies;
    const auto start = Clock::now();
    for (auto now = start; now - start < length;) {
        const auto before = now;
        writer.transaction(creates);
        now = Clock::now();
        latencies.push_back(std::chrono::nanoseconds(now - before).count());
    }
    const std::chrono::duration<double> took = Clock::now() - start;
    std::printf("{\"per_second\":%.1f,\"latency_us\":", static_cast<double>(latencies.size()) * creates / took.count());
    bench::print_percentiles(latencies);
    std::printf("}\n");
    return 0;
}
