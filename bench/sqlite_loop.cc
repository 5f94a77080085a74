// The ceiling of the store: the statements of a create, on a store that appctl made, in a loop with nothing else.
//
//   bench_sqlite_loop FILE CREATES_A_TRANSACTION SECONDS
//
// Prints {"per_second":…,"latency_us":{…}}; the latency is that of one transaction.

#include "closed_loop.h"
#include "sqlite_creates.h"

int main(int argc, char **argv) {
    if (argc != 4) {
        std::fprintf(stderr, "usage: bench_sqlite_loop FILE CREATES_A_TRANSACTION SECONDS\n");
        return 2;
    }
    const int creates = std::atoi(argv[2]);
    bench::Writer writer(argv[1]);
    bench::run_closed_loop(std::atof(argv[3]), creates, [&] {
        writer.transaction(creates);
        return true;
    });
    return 0;
}
