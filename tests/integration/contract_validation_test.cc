// Violations: which, where, in which order, how many (docs/api.md, "Violations").
#include "harness/answers.h"
#include "harness/suite.h"
#include "support/contract.h"

namespace appcreate::test {
namespace {

class ContractValidation : public InEveryMode<ContractValidation> {
  protected:
    Response create(const std::string &body) { return client().send(gateway().request(body)); }
};
INSTANTIATE_TEST_SUITE_P(Modes, ContractValidation, kModes, mode_name);

TEST_P(ContractValidation, EveryViolationIsReportedInDocumentOrder) {
    expect_pointers(create(R"({"defaultScripts":{"audit":1,"preInstall":null},"metadata":[],)"
                           R"("configuration":{"notificationLanguage":"xx","storageProvider":"?"},"name":""})"),
                    {"/defaultScripts/audit", "/defaultScripts/preInstall", "/metadata",
                     "/configuration/notificationLanguage", "/configuration/storageProvider", "/name"});
}

TEST_P(ContractValidation, At32ViolationsTheReportEnds) {
    const auto numbers = [](int n) {
        std::string body = R"({"name":"x","u":[)";
        for (int i = 0; i < n; ++i) {
            body += i == 0 ? "1e999" : ",1e999";
        }
        return body + "]}";
    };
    EXPECT_EQ(expect_violations(create(numbers(31))).size(), 31U);
    EXPECT_EQ(expect_violations(create(numbers(32))).size(), 32U);
    const auto capped = expect_violations(create(numbers(100)));
    ASSERT_EQ(capped.size(), 32U);
    EXPECT_EQ(capped.front().first, "/u/0");
    EXPECT_EQ(capped.back().first, "/u/31");
}

TEST_P(ContractValidation, NothingIsCreated) {
    const Organization org = gateway().store().organization();
    const Key key = gateway().store().key(org);
    expect_pointers(client().send(Gateway::request(org, key, R"({"name":"x","metadata":1})")), {"/metadata"});
    EXPECT_EQ(gateway().store().count(org), 0);
    expect_created(client().send(Gateway::request(org, key, R"({"name":"x"})")));
}

// The whole table in one mode; the others have what they could get wrong by themselves.
class ContractBodies : public SharedGateway<ContractBodies> {};

TEST_F(ContractBodies, HaveTheirViolations) {
    Client client = gateway().client();
    for (const BodyRow &row : contract_bodies()) {
        SCOPED_TRACE(row.body + ": " + row.rule);
        const Response response = client.send(gateway().request(row.body));
        if (!row.violations.empty()) {
            EXPECT_EQ(expect_violations(response), row.violations);
        } else if (const Json data = expect_created(response); row.name) {
            EXPECT_EQ(data.string("/name"), *row.name);
        }
    }
}

}  // namespace
}  // namespace appcreate::test
