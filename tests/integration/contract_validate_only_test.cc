// ?validateOnly=true (docs/api.md, "Validate only").
#include "harness/answers.h"
#include "harness/suite.h"

namespace appcreate::test {
namespace {

class ContractValidateOnly : public InEveryMode<ContractValidateOnly> {
  protected:
    Response check(const Organization &org, const Key &key, const std::string &body) {
        Request request = Gateway::request(org, key, body);
        request.path += "?validateOnly=true";
        return client().send(request);
    }
};
INSTANTIATE_TEST_SUITE_P(Modes, ContractValidateOnly, kModes, mode_name);

TEST_P(ContractValidateOnly, AnswersTheRecordLessTheIdAndWritesNothing) {
    const Organization org = gateway().store().organization();
    const Key key = gateway().store().key(org, {"--role", "app.admin"});
    const std::string body = R"({"name":"Try","metadata":{"a":1}})";
    const Response response = check(org, key, body);
    const Json tried = expect_created(response);
    EXPECT_FALSE(tried.has("/id"));
    EXPECT_EQ(tried.string("/slug"), "try");
    EXPECT_EQ(gateway().store().count(org), 0);
    const Json made = expect_created(client().send(Gateway::request(org, key, body)));
    std::vector<std::string> keys = made.keys();
    keys.erase(keys.begin());
    EXPECT_EQ(tried.keys(), keys);
    for (const std::string &member : keys) {
        if (member != "createdAt" && member != "updatedAt") {
            EXPECT_EQ(tried.at("/" + member), made.at("/" + member)) << member;
        }
    }
}

TEST_P(ContractValidateOnly, SlugIsTheOneThatWouldBeGiven) {
    const Organization org = gateway().store().organization();
    const Key key = gateway().store().key(org);
    expect_created(client().send(Gateway::request(org, key, R"({"name":"Taken"})")));
    for (int i = 0; i < 2; ++i) {
        EXPECT_EQ(expect_created(check(org, key, R"({"name":"Taken"})")).string("/slug"), "taken-2");
    }
    EXPECT_EQ(expect_created(client().send(Gateway::request(org, key, R"({"name":"Taken"})"))).string("/slug"),
              "taken-2");
}

TEST_P(ContractValidateOnly, RunsEveryCheck) {
    const Organization full = gateway().store().organization({.limit = 0, .more = {}});
    const Key full_key = gateway().store().key(full);
    expect_error(check(full, full_key, R"({"name":"x"})"), 400, 5017, "Limit Exceeded");
    expect_error(check(gateway().organization(), gateway().key(),
                       R"({"name":"x","configuration":{"storageProvider":"507f1f77bcf86cd799439012"}})"),
                 400, 5060, "StorageProvider not found");
    expect_pointers(check(gateway().organization(), gateway().key(), "{}"), {"/name"});
    expect_malformed(check(gateway().organization(), gateway().key(), "{"));
    expect_not_found(check(full, gateway().key(), R"({"name":"x"})"));
    expect_unauthorized(check(full, {"", "unknown", ""}, R"({"name":"x"})"));
}

TEST_P(ContractValidateOnly, IgnoresAnIdempotencyKey) {
    const Organization org = gateway().store().organization();
    const Key key = gateway().store().key(org);
    Request request = Gateway::request(org, key, R"({"name":"Keyed"})");
    request.headers.emplace_back("Idempotency-Key", "k");
    Request trial = request;
    trial.path += "?validateOnly=true";
    EXPECT_EQ(expect_created(client().send(trial)).string("/slug"), "keyed");
    const Response first = client().send(request);
    EXPECT_TRUE(expect_created(first).has("/id"));
    EXPECT_FALSE(first.has("Idempotency-Replayed"));
    const Response again = client().send(trial);
    EXPECT_EQ(expect_created(again).string("/slug"), "keyed-2");
    EXPECT_FALSE(again.has("Idempotency-Replayed"));
    trial.body = R"({"name":"Other"})";
    expect_created(client().send(trial));
    EXPECT_EQ(gateway().store().count(org), 1);
}

}  // namespace
}  // namespace appcreate::test
