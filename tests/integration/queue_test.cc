// app_create_queue: beyond it 503/1006, at once (docs/api.md, "Errors").
#include <algorithm>

#include "harness/answers.h"
#include "harness/suite.h"

namespace appcreate::test {
namespace {

class Queue : public SharedGateway<Queue> {
  public:
    static GatewayOptions options() {
        GatewayOptions options;
        // While the store is locked, keys may not be looked up either.
        options.key_cache = "app_create_key_cache zone=keys:1m valid=1h invalid=1s;";
        options.server = R"(
            app_create_timeout 30s;
            client_max_body_size 4m;
            location = /three { app_create_queue 3; app_create org-1; }
            location = /bytes { app_create_queue 1000 256k; app_create org-1; }
            location = /hasty { app_create_timeout 1s; app_create org-1; }
        )";
        return options;
    }

  protected:
    Request at(const std::string &path, const std::string &body) {
        Request request = gateway().request(body);
        request.path = path;
        return request;
    }
    // More than find room while the store is locked. What waits or is at work counts until it has its answer, so once
    // one was sent away no other finds room.
    std::vector<std::unique_ptr<RawConnection>> fill(const Request &request) {
        std::vector<std::unique_ptr<RawConnection>> waiting;
        for (int i = 0; i < kMany; ++i) {
            waiting.push_back(std::make_unique<RawConnection>(gateway().port(Protocol::http1)));
            waiting.back()->send(http1_bytes(request));
        }
        EXPECT_TRUE(eventually([&] {
            return !std::all_of(waiting.begin(), waiting.end(), [](const auto &one) { return one->is_silent(); });
        })) << "the queue took all";
        return waiting;
    }
    // How many of them were made; the others were sent away.
    static int made_of(const std::vector<std::unique_ptr<RawConnection>> &waiting) {
        int made = 0;
        for (const auto &one : waiting) {
            const auto response = one->receive();
            if (!response) {
                ADD_FAILURE() << "no answer";
            } else if (response->status == 200) {
                ++made;
            } else {
                expect_busy(*response);
            }
        }
        return made;
    }

    static constexpr int kMany = 12;
};

TEST_F(Queue, BeyondTheNumberIs1006AndTheRestIsServedLater) {
    NEEDS_LOCK();
    const Request request = at("/three", R"({"name":"Q"})");
    expect_created(gateway().client().send(request));
    std::vector<std::unique_ptr<RawConnection>> waiting;
    {
        const auto lock = gateway().store().lock();
        waiting = fill(request);
        expect_busy(gateway().client().send(request));
        EXPECT_EQ(gateway().static_file(), "static\n");
    }
    EXPECT_EQ(made_of(waiting), 3);
    expect_created(gateway().client().send(request));
    // However many were refused.
    EXPECT_EQ(lines_with(gateway().log_of_test(), "app_create_queue is full").size(), 1U);
    EXPECT_EQ(lines_with(gateway().log_of_test(), "app_create_queue has room again").size(), 1U);
}

TEST_F(Queue, WhatNeverFitsIs1004) {
    const Request large = at("/bytes", R"({"name":"Q","metadata":{"m":")" + std::string(300000, 'm') + "\"}}");
    for (int i = 0; i < 3; ++i) {
        expect_too_large(gateway().client().send(large));
    }
}

TEST_F(Queue, TimeThatRunsOutIsOneLine) {
    NEEDS_LOCK();
    const Request request = at("/hasty", R"({"name":"Q"})");
    EXPECT_TRUE(eventually([&] { return gateway().client().send(request).status == 200; }));
    {
        const auto lock = gateway().store().lock();
        for (int i = 0; i < 3; ++i) {
            expect_database_error(gateway().client().send(request));
        }
    }
    EXPECT_TRUE(eventually(
        [&] {
            EXPECT_NE(gateway().client().send(request).status, 500);
            return !lines_with(gateway().log_of_test(), "answers come in time again").empty();
        },
        std::chrono::seconds(60)));
    EXPECT_EQ(lines_with(gateway().log_of_test(), "no answer within").size(), 1U);
    EXPECT_EQ(lines_with(gateway().log_of_test(), "answers come in time again").size(), 1U);
}

// As nginx's own modules have it.
TEST_F(Queue, LogSaysWhatIsDoneMeanwhile) {
    NEEDS_LOCK();
    const Request request = at("/three", R"({"name":"Q"})");
    expect_created(gateway().client().send(request));
    {
        const auto lock = gateway().store().lock();
        RawConnection leaving(gateway().port(Protocol::http1));
        leaving.send(http1_bytes(request));
        EXPECT_EQ(gateway().static_file(), "static\n");
        leaving.abort();
        EXPECT_TRUE(gateway().logs("while creating application"));
    }
}

TEST_F(Queue, BeyondTheBytesIs1006) {
    NEEDS_LOCK();
    const Request large = at("/bytes", R"({"name":"Q","metadata":{"m":")" + std::string(100000, 'm') + "\"}}");
    expect_created(gateway().client().send(large));
    std::vector<std::unique_ptr<RawConnection>> waiting;
    {
        const auto lock = gateway().store().lock();
        waiting = fill(large);
        expect_busy(gateway().client().send(large));
    }
    // What is made of a body counts as well.
    const int made = made_of(waiting);
    EXPECT_GE(made, 1);
    EXPECT_LE(made, 2);
    expect_created(gateway().client().send(large));
}

TEST_F(Queue, ValidationAndAuthenticationAreAnsweredWhileItIsFull) {
    NEEDS_LOCK();
    const Request request = at("/three", R"({"name":"Q"})");
    expect_created(gateway().client().send(request));
    std::vector<std::unique_ptr<RawConnection>> waiting;
    {
        const auto lock = gateway().store().lock();
        waiting = fill(request);
        expect_pointers(gateway().client().send(at("/three", "{}")), {"/name"});
        Request refused = request;
        drop_header(refused.headers, "Authorization");
        expect_no_token(gateway().client().send(refused));
    }
    EXPECT_EQ(made_of(waiting), 3);
}

}  // namespace
}  // namespace appcreate::test
