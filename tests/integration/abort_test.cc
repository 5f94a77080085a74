// A client that goes away, at each stage (docs/architecture.md, "Requests and threads").
#include <thread>

#include "harness/answers.h"
#include "harness/suite.h"

namespace appcreate::test {
namespace {

class Abort : public OverWorkers<Abort> {
  public:
    static GatewayOptions options() {
        GatewayOptions options;
        options.server = "app_create_timeout 2s;";
        return options;
    }

  protected:
    void expect_serving() {
        Client client = gateway().client();
        const Request request = gateway().request(R"({"name":"Here"})");
        EXPECT_TRUE(eventually([&] { return client.send(request).status == 200; }));
    }

    Organization org_ = gateway().store().organization();
    Request request_ = Gateway::request(org_, gateway().store().key(org_), R"({"name":"Gone"})");
    std::string bytes_ = http1_bytes(request_);
};
INSTANTIATE_TEST_SUITE_P(Workers, Abort, kWorkers, workers_name);

TEST_P(Abort, BeforeTheBody) {
    for (int i = 0; i < 20; ++i) {
        RawConnection connection(gateway().port(Protocol::http1));
        connection.send(bytes_.substr(0, bytes_.find("\r\n\r\n") + 4));
        connection.abort();
    }
    expect_serving();
    EXPECT_EQ(gateway().store().count(org_), 0);
}

TEST_P(Abort, InTheMiddleOfTheHeadAndOfTheBody) {
    for (std::size_t at = 1; at < bytes_.size(); at += 7) {
        RawConnection connection(gateway().port(Protocol::http1));
        connection.send(bytes_.substr(0, at));
        if (at % 2 == 0) {
            connection.abort();
        }
    }
    expect_serving();
    EXPECT_EQ(gateway().store().count(org_), 0);
}

TEST_P(Abort, RightAfterTheBody) {
    for (int i = 0; i < 50; ++i) {
        RawConnection connection(gateway().port(Protocol::http1));
        connection.send(bytes_);
        connection.abort();
    }
    expect_serving();
    // Each of them may have been made or not, or be on its way still; the books must agree.
    EXPECT_TRUE(eventually([&] {
        const auto count = static_cast<std::size_t>(gateway().store().count(org_));
        return count == gateway().store().applications(org_).size();
    }));
    EXPECT_EQ(gateway().store().appctl({"check"}).status, 0);
}

TEST_P(Abort, WhileTheStoreIsLocked) {
    NEEDS_LOCK();
    expect_serving();
    {
        const auto lock = gateway().store().lock();
        for (int i = 0; i < 50; ++i) {
            RawConnection connection(gateway().port(Protocol::http1));
            connection.send(bytes_);
            if (i % 2 == 0) {
                connection.abort();
            }
        }
        EXPECT_EQ(gateway().static_file(), "static\n");
    }
    expect_serving();
    EXPECT_EQ(gateway().store().appctl({"check"}).status, 0);
}

TEST_P(Abort, WhileTheStoreIsLockedUntilTheDeadline) {
    NEEDS_LOCK();
    expect_serving();
    {
        const auto lock = gateway().store().lock();
        for (int i = 0; i < 20; ++i) {
            RawConnection connection(gateway().port(Protocol::http1));
            connection.send(bytes_);
            connection.abort();
        }
        expect_database_error(gateway().client().send(request_));
    }
    expect_serving();
}

TEST_P(Abort, OfAnHttp2Stream) {
    NEEDS_LOCK();
    expect_serving();
    {
        const auto lock = gateway().store().lock();
        Client client = gateway().client(Protocol::h2c);
        for (int i = 0; i < 10; ++i) {
            client.abandon(request_, 20);
        }
    }
    expect_serving();
    EXPECT_EQ(gateway().store().appctl({"check"}).status, 0);
}

}  // namespace
}  // namespace appcreate::test
