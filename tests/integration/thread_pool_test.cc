// A thread pool of nginx's that takes no more (docs/api.md, "Codes": 503/1006; docs/architecture.md,
// "Threads"), and what
// does not go there.
#include <chrono>
#include <csignal>
#include <thread>

#include "harness/answers.h"
#include "harness/held_thread.h"
#include "harness/second_store.h"
#include "harness/suite.h"

namespace appcreate::test {
namespace {

class ThreadPool : public SharedGateway<ThreadPool> {
  public:
    static GatewayOptions options() {
        GatewayOptions options;
        options.thread_pool = "threads=1 max_queue=1";
        options.key_cache = "app_create_key_cache zone=keys:1m valid=1h invalid=1s;";
        options.server = R"(
            app_create_timeout 30s;
            client_max_body_size 4m;
            location = /second { app_create_store sqlite:@dir@/store/second.db; app_create org-1; }
        )" + HeldThread::locations();
        return options;
    }
    static void prepare(Gateway &gateway) { SecondStore(gateway).make(); }

  protected:
    // At first the thread opens the stores. Afterwards the key is in the cache.
    static void warm() {
        EXPECT_TRUE(eventually([] { return send(known()).status == 200; }));
    }
    // A look-up that takes the queue's only place, as nobody may ask for a key that the cache does not know any more.
    std::unique_ptr<RawConnection> fill_queue() {
        std::unique_ptr<RawConnection> waiting;
        EXPECT_TRUE(eventually([&] {
            waiting = std::make_unique<RawConnection>(gateway().port(Protocol::http1));
            waiting->send(http1_bytes(with_unknown_token()));
            return stays_silent(gateway(), *waiting);
        }));
        return waiting;
    }
    Request with_unknown_token() {
        Request request = known();
        set_header(request.headers, "Authorization", "Bearer unknown-" + std::to_string(++unknown_));
        return request;
    }
    static Request known() { return gateway().request(R"({"name":"Pool"})"); }
    // Parsed on a thread.
    static Request large() {
        return gateway().request(R"({"name":"Pool","metadata":{"m":")" + std::string(100000, 'm') + "\"}}");
    }
    static Response send(const Request &request) { return gateway().client().send(request); }

    int unknown_ = 0;
};

// A writer is busy for as long as there is something to write: with threads=1 it would have the pool to itself.
TEST_F(ThreadPool, WriterThatIsBusyLeavesTheThreadToOthers) {
    warm();
    const SecondStore second(gateway());
    const Request request = second.request("/second", R"({"name":"Busy"})");
    EXPECT_TRUE(eventually([&] { return send(request).status == 200; }));
    RawConnection waiting(gateway().port(Protocol::http1));
    {
        const auto lock = second.lock();
        waiting.send(http1_bytes(request));
        EXPECT_TRUE(stays_silent(gateway(), waiting));
        for (int i = 0; i < 3; ++i) {
            expect_unauthorized(send(with_unknown_token()));
            expect_created(send(large()));
        }
        EXPECT_TRUE(waiting.is_silent());
    }
    const auto response = waiting.receive();
    ASSERT_TRUE(response);
    expect_created(*response);
}

TEST_F(ThreadPool, WhatNeedsAThreadIs1006AndTheRestIsServed) {
    warm();
    const std::int64_t before = gateway().store().count(gateway().organization());
    HeldThread thread(gateway());
    const auto waiting = fill_queue();
    for (int i = 0; i < 3; ++i) {
        expect_busy(send(with_unknown_token()));
        expect_busy(send(large()));
    }
    EXPECT_FALSE(lines_with(gateway().log_of_test(), "queue overflow").empty()) << "it was not the pool's queue";
    // Whatever needs no thread.
    expect_created(send(known()));
    expect_pointers(send(gateway().request("{}")), {"/name"});
    Request refused = known();
    drop_header(refused.headers, "Authorization");
    expect_no_token(send(refused));
    EXPECT_EQ(gateway().static_file(), "static\n");

    thread.release();
    const auto response = waiting->receive();
    ASSERT_TRUE(response);
    expect_unauthorized(*response);
    EXPECT_EQ(gateway().store().count(gateway().organization()), before + 1) << "a refused create was made";
    for (int i = 0; i < 3; ++i) {
        expect_created(send(known()));
        expect_created(send(large()));
        expect_unauthorized(send(with_unknown_token()));
    }
}

// Nobody comes back to what found no place, unless it is left to the next that finds one.
TEST_F(ThreadPool, TokenThatFoundNoPlaceIsLookedUpWhenItComesAgain) {
    const Key key = gateway().store().key(gateway().organization());
    const Request request = Gateway::request(gateway().organization(), key, R"({"name":"Again"})");
    warm();
    HeldThread thread(gateway());
    const auto waiting = fill_queue();
    expect_busy(send(request));
    expect_busy(send(request));
    thread.release();
    EXPECT_TRUE(waiting->receive());
    expect_created(send(request));
}

// nginx ends the threads of a pool by tasks: where the queue is full it leaves them running.
TEST_F(ThreadPool, WorkerThatEndsWaitsForItsThread) {
    warm();
    // It alone: the master would not wait for it for long.
    const pid_t worker = gateway().nginx().workers().front();
    {
        HeldThread thread(gateway());
        const auto waiting = fill_queue();
        const auto refused = [] { return lines_with(gateway().log_of_test(), "queue overflow").size(); };
        const std::size_t before = refused();
        kill(worker, SIGTERM);
        EXPECT_TRUE(eventually([&] { return refused() > before; })) << "the pool's queue was not full";
        // Time enough to close a store that a thread still uses.
        std::this_thread::sleep_for(std::chrono::milliseconds(200));
        EXPECT_TRUE(is_alive(worker));
    }
    EXPECT_TRUE(eventually([&] { return !is_alive(worker); }));
    warm();
}

}  // namespace
}  // namespace appcreate::test
