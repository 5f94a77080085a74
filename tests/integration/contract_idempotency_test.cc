// Idempotency-Key (docs/api.md, "Idempotency-Key").
#include <chrono>
#include <future>
#include <thread>

#include "harness/answers.h"
#include "harness/suite.h"

namespace appcreate::test {
namespace {

class ContractIdempotency : public InEveryMode<ContractIdempotency> {
  public:
    static GatewayOptions options() {
        GatewayOptions options;
        // Where the store is locked, the time is not up.
        options.server = "app_create_timeout 30s;";
        options.key_cache = "app_create_key_cache zone=keys:1m valid=1h invalid=1s;";
        return options;
    }

  protected:
    static Request keyed(const Organization &org, const Key &key, const std::string &value, const std::string &body) {
        Request request = Gateway::request(org, key, body);
        request.headers.emplace_back("Idempotency-Key", value);
        return request;
    }
    static void expect_replay(const Response &again, const Response &first) {
        expect_created(again);
        EXPECT_EQ(again.body, first.body);
        EXPECT_EQ(again.header("Idempotency-Replayed"), "true");
    }
    Organization org_ = gateway().store().organization({.limit = 2, .more = {}});
    Key key_ = gateway().store().key(org_);
};
INSTANTIATE_TEST_SUITE_P(Modes, ContractIdempotency, kModes, mode_name);

TEST_P(ContractIdempotency, SameRequestIsReplayedByteForByte) {
    const Request request = keyed(org_, key_, "one", R"({"name":"Once","metadata":{"b":0.1,"a":"\u0000"}})");
    const Response first = client().send(request);
    expect_created(first);
    EXPECT_FALSE(first.has("Idempotency-Replayed"));
    for (int i = 0; i < 3; ++i) {
        expect_replay(client().send(request), first);
    }
    EXPECT_EQ(gateway().store().count(org_), 1);
}

TEST_P(ContractIdempotency, OrganizationByIdOrSlugIsTheSameRequest) {
    Request request = keyed(org_, key_, "one", R"({"name":"Once"})");
    const Response first = client().send(request);
    request.path = "/v1/organizations/" + org_.slug + "/apps";
    expect_replay(client().send(request), first);
}

TEST_P(ContractIdempotency, OtherBytesOfBodyAre5002) {
    expect_created(client().send(keyed(org_, key_, "one", R"({"name":"Once"})")));
    for (const char *body : {R"({"name":"Twice"})", R"({"name": "Once"})", R"({"name":"Once"} )"}) {
        expect_error(client().send(keyed(org_, key_, "one", body)), 422, 5002, "Idempotency key reused");
    }
    EXPECT_EQ(gateway().store().count(org_), 1);
}

TEST_P(ContractIdempotency, ReplayedAlsoWhenTheLimitIsReached) {
    const Request request = keyed(org_, key_, "one", R"({"name":"Once"})");
    const Response first = client().send(request);
    expect_created(client().send(Gateway::request(org_, key_, R"({"name":"Last"})")));
    expect_error(client().send(keyed(org_, key_, "two", R"({"name":"x"})")), 400, 5017, "Limit Exceeded");
    expect_replay(client().send(request), first);
}

TEST_P(ContractIdempotency, ErrorsAreNotKept) {
    gateway().store().tell({"org", "set", org_.id, "--limit", "0"});
    const Request request = keyed(org_, key_, "one", R"({"name":"Later"})");
    expect_error(client().send(request), 400, 5017, "Limit Exceeded");
    expect_pointers(client().send(keyed(org_, key_, "one", "{}")), {"/name"});
    gateway().store().change_plan({"org", "set", org_.id, "--limit", "5"});
    const Response response = client().send(request);
    expect_created(response);
    EXPECT_FALSE(response.has("Idempotency-Replayed"));
}

TEST_P(ContractIdempotency, ScopedToTheApiKey) {
    const Key other = gateway().store().key(org_);
    const Response first = client().send(keyed(org_, key_, "one", R"({"name":"Mine"})"));
    const Response second = client().send(keyed(org_, other, "one", R"({"name":"Mine"})"));
    EXPECT_NE(expect_created(first).string("/id"), expect_created(second).string("/id"));
    EXPECT_FALSE(second.has("Idempotency-Replayed"));
}

TEST_P(ContractIdempotency, ValueIsOpaque) {
    const Response bare = client().send(keyed(org_, key_, "a", R"({"name":"V"})"));
    const Response quoted = client().send(keyed(org_, key_, "\"a\"", R"({"name":"V"})"));
    EXPECT_NE(expect_created(bare).string("/id"), expect_created(quoted).string("/id"));
    expect_error(client().send(keyed(org_, key_, "A", R"({"name":"V"})")), 400, 5017, "Limit Exceeded");
    expect_replay(client().send(keyed(org_, key_, "\"a\"", R"({"name":"V"})")), quoted);
}

TEST_P(ContractIdempotency, AtTheSameTimeCreatesOneApplication) {
    constexpr int kClients = 16;
    const Request request = keyed(org_, key_, "race", R"({"name":"Race"})");
    std::vector<Response> answers(kClients);
    std::vector<std::thread> threads;
    threads.reserve(kClients);
    for (Response &answer : answers) {
        threads.emplace_back([&] { answer = client().send(request); });
    }
    for (std::thread &one : threads) {
        one.join();
    }
    std::string body;
    int firsts = 0;
    for (const Response &answer : answers) {
        expect_created(answer);
        body = body.empty() ? answer.body : body;
        EXPECT_EQ(answer.body, body);
        firsts += answer.has("Idempotency-Replayed") ? 0 : 1;
    }
    EXPECT_EQ(firsts, 1);
    EXPECT_EQ(gateway().store().count(org_), 1);
}

// 409/5001 is allowed here (docs/api.md, "Idempotency-Key"); waiting for the first and replaying it spares the client a
// repetition.
TEST_P(ContractIdempotency, SecondWaitsForTheFirstAndIsReplayed) {
    NEEDS_LOCK();
    const Request request = keyed(org_, key_, "twins", R"({"name":"Twins"})");
    // Its key is in the cache then.
    Request probe = request;
    probe.path += "?validateOnly=true";
    expect_created(client().send(probe));
    std::vector<std::future<Response>> twins;
    {
        const auto lock = gateway().store().lock();
        for (int i = 0; i < 2; ++i) {
            twins.push_back(std::async(std::launch::async, [&] { return client().send(request); }));
        }
        for (std::future<Response> &twin : twins) {
            EXPECT_EQ(twin.wait_for(std::chrono::milliseconds(100)), std::future_status::timeout) << "it did not wait";
        }
    }
    const Response one = twins[0].get();
    const Response two = twins[1].get();
    EXPECT_NE(one.has("Idempotency-Replayed"), two.has("Idempotency-Replayed"));
    expect_created(one);
    expect_created(two);
    EXPECT_EQ(one.body, two.body);
    EXPECT_EQ(gateway().store().count(org_), 1);
}

}  // namespace
}  // namespace appcreate::test
