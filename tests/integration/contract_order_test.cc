// Which check answers when two would: each pair of neighbours (docs/api.md, "Order of checks"), and the plan's limit.
#include "harness/answers.h"
#include "harness/suite.h"

namespace appcreate::test {
namespace {

constexpr const char *kUnknownProvider =
    R"({"name":"x","configuration":{"storageProvider":"507f1f77bcf86cd799439012"}})";

class ContractOrder : public InEveryMode<ContractOrder> {
  public:
    static GatewayOptions options() {
        GatewayOptions options;
        options.location = "client_max_body_size 8k;";
        return options;
    }

  protected:
    Response send(const Request &request) { return client().send(request); }
    // An organization that may not have an application.
    Request at_full(const std::string &body) {
        static std::map<const Gateway *, std::pair<Organization, Key>> all;
        auto &[full, key] = all[&gateway()];
        if (full.id.empty()) {
            full = gateway().store().organization({.limit = 0, .more = {}});
            key = gateway().store().key(full);
        }
        return Gateway::request(full, key, body);
    }
};
INSTANTIATE_TEST_SUITE_P(Modes, ContractOrder, kModes, mode_name);

TEST_P(ContractOrder, DeclaredLengthBeforeTheMethod) {
    Request request = gateway().request(std::string(9000, 'x'));
    request.method = "PUT";
    expect_too_large(send(request));
}

TEST_P(ContractOrder, DeclaredLengthBeforeTheToken) {
    Request request = gateway().request(std::string(9000, 'x'));
    drop_header(request.headers, "Authorization");
    expect_too_large(send(request));
}

TEST_P(ContractOrder, MethodBeforeTheToken) {
    Request request = gateway().request("{}");
    request.method = "DELETE";
    set_header(request.headers, "Authorization", "Bearer unknown");
    expect_error(send(request), 405, 1003, "Method not allowed");
}

TEST_P(ContractOrder, TokenBeforeTheOrganization) {
    Request request = gateway().request("{}");
    request.path = "/v1/organizations/nobody/apps";
    drop_header(request.headers, "Authorization");
    expect_no_token(send(request));
    set_header(request.headers, "Authorization", "Bearer unknown");
    expect_unauthorized(send(request));
    const Key key = gateway().store().key(gateway().organization(), {"--permission", "none"});
    set_header(request.headers, "Authorization", "Bearer " + key.token);
    expect_error(send(request), 401, 4001, kUnauthorized);
}

TEST_P(ContractOrder, OrganizationBeforeTheContentType) {
    Request request = at_full("{}");
    set_header(request.headers, "Authorization", "Bearer " + gateway().key().token);
    set_header(request.headers, "Content-Type", "text/plain");
    expect_not_found(send(request));
}

TEST_P(ContractOrder, IdempotencyKeyBeforeTheSizeOfTheBody) {
    Request request = gateway().request(std::string(9000, 'x'));
    request.headers.emplace_back("Idempotency-Key", "two words");
    request.length_known = false;
    EXPECT_NE(expect_malformed(send(request)).find("Idempotency-Key"), std::string::npos);
}

TEST_P(ContractOrder, SizeOfTheBodyBeforeItsSyntax) {
    Request request = gateway().request(std::string(9000, 'x'));
    request.length_known = false;
    expect_too_large(send(request));
}

TEST_P(ContractOrder, HeadBeforeTheSyntax) {
    Request request = gateway().request("{");
    request.headers.emplace_back("Idempotency-Key", "two words");
    EXPECT_NE(expect_malformed(send(request)).find("Idempotency-Key"), std::string::npos);
}

TEST_P(ContractOrder, SyntaxBeforeTheRules) { expect_malformed(send(gateway().request(R"({"name":1,"metadata":2)"))); }

TEST_P(ContractOrder, RulesBeforeTheProviderAndTheLimit) {
    expect_pointers(send(at_full(R"({"configuration":{"storageProvider":"507f1f77bcf86cd799439012"},"metadata":1})")),
                    {"/metadata", "/name"});
}

TEST_P(ContractOrder, RulesBeforeTheReplay) {
    Request request = gateway().request(R"({"name":"x"})");
    request.headers.emplace_back("Idempotency-Key", std::string("rules-") + name_of(GetParam().protocol));
    expect_created(send(request));
    request.body = "{}";
    expect_pointers(send(request), {"/name"});
}

TEST_P(ContractOrder, ReplayBeforeTheProvider) {
    const Organization org = gateway().store().organization();
    const Key key = gateway().store().key(org);
    const std::string provider = gateway().store().provider(org);
    Request request =
        Gateway::request(org, key, R"({"name":"x","configuration":{"storageProvider":")" + provider + "\"}}");
    request.headers.emplace_back("Idempotency-Key", "one");
    const Response first = send(request);
    expect_created(first);
    gateway().store().tell({"provider", "delete", "--org", org.id, provider});
    const Response again = send(request);
    EXPECT_EQ(again.body, first.body);
    EXPECT_EQ(again.header("Idempotency-Replayed"), "true");
    request.body = kUnknownProvider;
    expect_error(send(request), 422, 5002, "Idempotency key reused");
}

TEST_P(ContractOrder, ProviderBeforeTheLimit) {
    expect_error(send(at_full(kUnknownProvider)), 400, 5060, "StorageProvider not found");
    expect_error(send(at_full(R"({"name":"x"})")), 400, 5017, "Limit Exceeded");
}

class ContractLimit : public InEveryMode<ContractLimit> {};
INSTANTIATE_TEST_SUITE_P(Modes, ContractLimit, kModes, mode_name);

TEST_P(ContractLimit, AsManyAsThePlanAllows) {
    const Organization org = gateway().store().organization({.limit = 3, .more = {}});
    const Key key = gateway().store().key(org);
    for (int i = 0; i < 3; ++i) {
        expect_created(client().send(Gateway::request(org, key, R"({"name":"L"})")));
    }
    for (int i = 0; i < 3; ++i) {
        expect_error(client().send(Gateway::request(org, key, R"({"name":"L"})")), 400, 5017, "Limit Exceeded");
    }
    EXPECT_EQ(gateway().store().count(org), 3);
}

TEST_P(ContractLimit, RaisedOrLoweredIsFollowed) {
    const Organization org = gateway().store().organization({.limit = 0, .more = {}});
    const Key key = gateway().store().key(org);
    const Request request = Gateway::request(org, key, R"({"name":"L"})");
    expect_error(client().send(request), 400, 5017, "Limit Exceeded");
    gateway().store().tell({"org", "set", org.id, "--limit", "2"});
    EXPECT_TRUE(eventually([&] { return client().send(request).status == 200; }));
    gateway().store().tell({"org", "set", org.id, "--limit", "1"});
    EXPECT_TRUE(eventually([&] { return client().send(request).status == 400; }));
    EXPECT_LE(gateway().store().count(org), 2);
}

TEST_P(ContractLimit, OfAnotherOrganizationIsItsOwn) {
    const Organization full = gateway().store().organization({.limit = 0, .more = {}});
    const Key key = gateway().store().key(full);
    expect_error(client().send(Gateway::request(full, key, R"({"name":"L"})")), 400, 5017, "Limit Exceeded");
    expect_created(client().send(gateway().request(R"({"name":"L"})")));
}

}  // namespace
}  // namespace appcreate::test
