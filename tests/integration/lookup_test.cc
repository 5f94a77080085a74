// Keys that are looked up: who waits for them, and for a thread (docs/architecture.md, "Key cache and look-ups").
#include "harness/answers.h"
#include "harness/held_thread.h"
#include "harness/suite.h"

namespace appcreate::test {
namespace {

class Lookup : public OwnGateway {
  protected:
    Request with_token(const std::string &token, const std::string &path = {}) {
        Request request = gateway().request("{}");
        set_header(request.headers, "Authorization", "Bearer " + token);
        if (!path.empty()) {
            request.path = path;
        }
        return request;
    }
    // Its answer is waited for.
    std::unique_ptr<RawConnection> ask(const Request &request) {
        auto connection = std::make_unique<RawConnection>(gateway().port(Protocol::http1));
        connection->send(http1_bytes(request));
        return connection;
    }
    static void expect_unknown(RawConnection &connection) {
        const auto response = connection.receive();
        ASSERT_TRUE(response);
        expect_unauthorized(*response);
    }
};

// As many as there are at once would keep everybody else waiting.
TEST_F(Lookup, WakesThoseWhoWaitForOneKeyInSlices) {
    if (nginx_program().configured.find("with-debug") == std::string::npos) {
        GTEST_SKIP() << nginx_program().path << " is built without --with-debug, which tells the turns of its loop";
    }
    constexpr std::size_t kWaiting = 100;
    constexpr std::size_t kSlice = 8;
    GatewayOptions options;
    options.log_level = "debug";
    options.thread_pool = "threads=1";
    options.server = "app_create_timeout 30s;" + HeldThread::locations();
    make(options).start();
    HeldThread thread(gateway());
    std::vector<std::unique_ptr<RawConnection>> waiting;
    for (std::size_t i = 0; i < kWaiting; ++i) {
        waiting.push_back(ask(with_token("nobody")));
    }
    EXPECT_TRUE(stays_silent(gateway(), *waiting.back()));
    thread.release();
    for (const auto &one : waiting) {
        expect_unknown(*one);
    }

    std::size_t woken = 0;
    std::size_t in_turn = 0;
    std::istringstream log(gateway().log_of_test());
    for (std::string line; std::getline(log, line);) {
        if (line.find("worker cycle") != std::string::npos) {
            in_turn = 0;
        } else if (line.find("app_create key looked up") != std::string::npos) {
            ++woken;
            EXPECT_LE(++in_turn, kSlice + 1) << "in one turn of the event loop";
        }
    }
    EXPECT_EQ(woken, kWaiting + 1) << "with the one that held the thread";
}

// Whoever waited for a trip that found no place: nobody else need come for it to go on.
TEST_F(Lookup, IsTriedAgainWhenThePoolTookNoTrip) {
    GatewayOptions options;
    options.main = "thread_pool other threads=1 max_queue=1;";
    options.thread_pool = "threads=1";
    options.key_cache = "app_create_key_cache zone=keys:1m valid=1h invalid=1h;";
    options.server = R"(
        app_create_timeout 30s;
        client_max_body_size 4m;
        location = /other { app_create_thread_pool other; app_create org-1; }
    )" + HeldThread::locations() +
                     HeldThread::locations("other");
    make(options).start();
    Request large = gateway().request(R"({"name":"L","metadata":{"m":")" + std::string(100000, 'm') + "\"}}");
    large.path = "/other";
    EXPECT_TRUE(eventually([&] { return gateway().client().send(large).status == 200; }));

    HeldThread thread(gateway());
    HeldThread other(gateway(), "other");
    std::unique_ptr<RawConnection> queued;
    EXPECT_TRUE(eventually([&] {
        queued = ask(large);
        return stays_silent(gateway(), *queued);
    }));
    // As many trips as a store has at a time, and one that waits for them.
    const auto first = ask(with_token("nobody-1"));
    EXPECT_TRUE(stays_silent(gateway(), *first));
    const auto second = ask(with_token("nobody-2"));
    EXPECT_TRUE(stays_silent(gateway(), *second));
    const auto third = ask(with_token("nobody-3", "/other"));
    EXPECT_TRUE(stays_silent(gateway(), *third));
    thread.release();
    expect_unknown(*first);
    expect_unknown(*second);
    EXPECT_TRUE(gateway().logs("queue overflow")) << "the other pool took it";
    other.release();
    const auto made = queued->receive();
    ASSERT_TRUE(made);
    expect_created(*made);
    expect_unknown(*third);
}

}  // namespace
}  // namespace appcreate::test
