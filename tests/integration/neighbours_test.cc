// What nginx and its other modules do around a create: conditional requests, redirects into the location, rewrites
// between stores, clients that send slowly.
#include <chrono>
#include <thread>

#include "harness/answers.h"
#include "harness/second_store.h"
#include "harness/suite.h"

namespace appcreate::test {
namespace {

class Neighbours : public InEveryMode<Neighbours> {
  public:
    static GatewayOptions options() {
        GatewayOptions options;
        // The hash makes the module look at the request before a rewrite takes it to another store.
        options.server = R"(
            location = /unknown { error_page 404 = @denied; app_create nosuch; }
            location @denied { deny all; app_create org-1; }
            location = /broken_upstream { error_page 502 @create; proxy_pass http://127.0.0.1:@port2@; }
            location @create { app_create org-1; }
            location = /other_405 { return 405; app_create org-1; }
            location = /other_409 { return 409; app_create org-1; }
            location = /to_store_b { set $hash $app_create_token_hash; app_create org-1; rewrite ^ /store_b last; }
            location = /store_b { app_create_store sqlite:@dir@/store/second.db; app_create org-1; }
        )";
        return options;
    }
    static void prepare(Gateway &gateway) { SecondStore(gateway).make(); }

  protected:
    Request at(const std::string &path) {
        Request request = gateway().request(R"({"name":"Neighbour"})");
        request.path = path;
        return request;
    }
    std::int64_t count() { return gateway().store().count(gateway().organization()); }
};
INSTANTIATE_TEST_SUITE_P(Modes, Neighbours, kModes, mode_name);

TEST_P(Neighbours, ConditionalHeadersDoNotChangeTheAnswer) {
    for (const auto &[name, value] : Headers{{"If-None-Match", "*"},
                                             {"If-Match", "\"x\""},
                                             {"If-Modified-Since", "Sat, 01 Jan 2050 00:00:00 GMT"},
                                             {"If-Unmodified-Since", "Sat, 01 Jan 2000 00:00:00 GMT"},
                                             {"Range", "bytes=0-1"}}) {
        SCOPED_TRACE(name);
        Request request = gateway().request(R"({"name":"Conditional"})");
        request.headers.emplace_back(name, value);
        const std::int64_t before = count();
        expect_created(client().send(request));
        EXPECT_EQ(count(), before + 1);
    }
}

TEST_P(Neighbours, RedirectFromOneLocationIntoAnother) {
    Client one = client();
    expect_error(one.send(at("/unknown")), 403, 4003, "Forbidden");
    // Whatever was sent, the connection is still in step.
    expect_error(one.send(at("/unknown")), 403, 4003, "Forbidden");
}

TEST_P(Neighbours, ErrorOfAnUpstreamThatLeadsToACreateIsOver) {
    gateway().provoke("connect() failed");
    const std::int64_t before = count();
    expect_created(client().send(at("/broken_upstream")));
    EXPECT_EQ(count(), before + 1);
}

TEST_P(Neighbours, MethodRefusedByAnotherModuleNamesTheOneThatIsAllowed) {
    const Response response = client().send(at("/other_405"));
    expect_error(response, 405, 1003, "Method not allowed");
    EXPECT_EQ(response.header("Allow"), "POST");
    EXPECT_EQ(response.count("Allow"), 1U);
}

TEST_P(Neighbours, ConflictHasTheContractsCode) {
    expect_error(client().send(at("/other_409")), 409, 5001, "Conflict");
}

TEST_P(Neighbours, KeyOfAnotherStoreIsNothing) {
    Request request = SecondStore(gateway()).request("/store_b", R"({"name":"Neighbour"})");
    expect_created(client().send(request));  // and it is in the cache
    request.path = gateway().request("").path;
    expect_unauthorized(client().send(request));
}

TEST_P(Neighbours, RewriteToAnotherStoreCreatesThere) {
    const std::int64_t before = count();
    const SecondStore second(gateway());
    const std::int64_t before_second = second.count();
    expect_created(client().send(second.request("/to_store_b", R"({"name":"Neighbour"})")));
    EXPECT_EQ(count(), before);
    EXPECT_EQ(second.count(), before_second + 1);
    // A key of the first store is nothing there.
    expect_unauthorized(client().send(at("/to_store_b")));
}

// app_create_timeout bounds the store's work: neither an idle client nor a slow one uses it up.
class SlowClient : public SharedGateway<SlowClient> {
  public:
    static GatewayOptions options() {
        GatewayOptions options;
        options.server = "app_create_timeout 1s;";
        return options;
    }
};

TEST_F(SlowClient, TimeOfTheStoreIsNotTheClients) {
    // A new key: it is looked up before the body comes.
    const Key key = gateway().store().key(gateway().organization());
    const std::string bytes = http1_bytes(Gateway::request(gateway().organization(), key, R"({"name":"Slow"})"));
    RawConnection connection(gateway().port(Protocol::http1));
    ASSERT_TRUE(connection.send(std::string_view(bytes).substr(0, bytes.size() - 5)));
    std::this_thread::sleep_for(std::chrono::milliseconds(1500));
    ASSERT_TRUE(connection.send(std::string_view(bytes).substr(bytes.size() - 5)));
    const auto response = connection.receive();
    ASSERT_TRUE(response);
    expect_created(*response);
}

}  // namespace
}  // namespace appcreate::test
