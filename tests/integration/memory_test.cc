// A worker's memory does not grow with the number of creates.
#include <thread>

#include "harness/answers.h"
#include "harness/suite.h"

namespace appcreate::test {
namespace {

constexpr int kConnections = 4;
constexpr int kPipelined = 50;
constexpr std::size_t kSlackKib = 8192;

class Memory : public OwnGateway {
  protected:
    // `n` creates over a few connections, several on the way at once on each.
    void create(int n) {
        std::vector<std::thread> threads;
        std::atomic<int> failed{0};
        const std::string one = http1_bytes(gateway().request(
            R"({"name":"Memory","metadata":{"a":[1,2.5,"text"]},"defaultScripts":{"audit":"echo"}})"));
        std::string many;
        for (int i = 0; i < kPipelined; ++i) {
            many += one;
        }
        threads.reserve(kConnections);
        for (int c = 0; c < kConnections; ++c) {
            threads.emplace_back([&] {
                RawConnection connection(gateway().port(Protocol::http1));
                for (int sent = 0; sent < n / kConnections; sent += kPipelined) {
                    connection.send(many);
                    for (int i = 0; i < kPipelined; ++i) {
                        const auto response = connection.receive();
                        failed += response && response->status == 200 ? 0 : 1;
                    }
                }
            });
        }
        for (std::thread &thread : threads) {
            thread.join();
        }
        EXPECT_EQ(failed, 0);
    }
};

TEST_F(Memory, OfAWorkerStaysOverManyCreates) {
    // Sanitizers keep what was freed for a while, and are slow. The MongoDB server of the tests keeps every record in
    // memory, 10 KB of it for each.
    const bool sanitized = nginx_program().configured.find("-fsanitize") != std::string::npos;
    const int creates = sanitized || store_kind() == StoreKind::mongodb ? 20000 : 200000;
    GatewayOptions options;
    options.http = "keepalive_requests 1000000; access_log off;";
    make(options).start();
    create(creates / 5);
    const pid_t worker = gateway().nginx().workers().front();
    const std::size_t before = resident_kib(worker);
    create(creates * 4 / 5);
    const std::size_t after = resident_kib(worker);
    EXPECT_EQ(gateway().nginx().workers().front(), worker);
    EXPECT_GT(before, 0U);
    EXPECT_LE(after, before + (sanitized ? 64 * 1024 : kSlackKib)) << "KiB before: " << before;
    EXPECT_EQ(gateway().store().count(gateway().organization()), creates);
}

}  // namespace
}  // namespace appcreate::test
