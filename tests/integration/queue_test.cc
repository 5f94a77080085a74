// app_create_queue: beyond it 503/1006, at once (contract, "Errors").
#include "harness/answers.h"
#include "harness/suite.h"

namespace appcreate::harness {
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
        )";
        return options;
    }

  protected:
    Request at(const std::string &path, const std::string &body) {
        Request request = gateway().request(body);
        request.path = path;
        return request;
    }
    // Sends without waiting for the answer.
    std::unique_ptr<RawConnection> leave(const Request &request) {
        auto connection = std::make_unique<RawConnection>(gateway().port(Protocol::http1));
        connection->send(http1_bytes(request));
        return connection;
    }
};

TEST_F(Queue, BeyondTheNumberIs1006AndTheRestIsServedLater) {
    NEEDS_LOCK();
    const Request request = at("/three", R"({"name":"Q"})");
    expect_created(gateway().client().send(request));
    std::vector<std::unique_ptr<RawConnection>> waiting;
    {
        const auto lock = gateway().store().lock();
        // What a thread has taken may or may not count any longer, so a few more than three may find room.
        Client client = gateway().client();
        for (int i = 0; i < 12; ++i) {
            waiting.push_back(leave(request));
        }
        EXPECT_TRUE(eventually([&] {
            int silent = 0;
            for (const auto &one : waiting) {
                silent += one->is_silent() ? 1 : 0;
            }
            return silent < 12;
        }));
        expect_busy(client.send(request));
        EXPECT_EQ(gateway().static_file(), "static\n");
    }
    int made = 0;
    int busy = 0;
    for (const auto &one : waiting) {
        const auto response = one->receive();
        ASSERT_TRUE(response);
        if (response->status == 200) {
            ++made;
        } else {
            expect_busy(*response);
            ++busy;
        }
    }
    EXPECT_GE(made, 3);
    EXPECT_GE(busy, 1);
    EXPECT_EQ(made + busy, 12);
    expect_created(gateway().client().send(request));
}

TEST_F(Queue, BeyondTheBytesIs1006) {
    NEEDS_LOCK();
    const Request large = at("/bytes", R"({"name":"Q","metadata":{"m":")" + std::string(100000, 'm') + "\"}}");
    expect_created(gateway().client().send(large));
    std::vector<std::unique_ptr<RawConnection>> waiting;
    {
        const auto lock = gateway().store().lock();
        for (int i = 0; i < 8; ++i) {
            waiting.push_back(leave(large));
        }
        expect_busy(gateway().client().send(large));
    }
    for (const auto &one : waiting) {
        const auto response = one->receive();
        ASSERT_TRUE(response);
        if (response->status != 200) {
            expect_busy(*response);
        }
    }
    expect_created(gateway().client().send(large));
}

TEST_F(Queue, ValidationAndAuthenticationAreAnsweredWhileItIsFull) {
    NEEDS_LOCK();
    const Request request = at("/three", R"({"name":"Q"})");
    expect_created(gateway().client().send(request));
    std::vector<std::unique_ptr<RawConnection>> waiting;
    {
        const auto lock = gateway().store().lock();
        for (int i = 0; i < 12; ++i) {
            waiting.push_back(leave(request));
        }
        expect_pointers(gateway().client().send(at("/three", "{}")), {"/name"});
        Request refused = request;
        drop_header(refused.headers, "Authorization");
        expect_no_token(gateway().client().send(refused));
    }
    for (const auto &one : waiting) {
        EXPECT_TRUE(one->receive());
    }
}

}  // namespace
}  // namespace appcreate::harness
