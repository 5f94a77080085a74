// The answer to a create (docs/api.md, "Response").
#include <regex>

#include "harness/answers.h"
#include "harness/suite.h"

namespace appcreate::test {
namespace {

constexpr const char *kPublishedMembers = R"("configuration":{"notificationLanguage":"de"},)"
                                          R"("metadata":{"costCenter":"IT-2024","projectCode":"MOBILE-BANK-001"},)"
                                          R"("defaultScripts":{"preInstall":"a","postInstall":"b","audit":"c",)"
                                          R"("enforce":"d","runner":"e"})";

class ContractRecord : public InEveryMode<ContractRecord> {};
INSTANTIATE_TEST_SUITE_P(Modes, ContractRecord, kModes, mode_name);

TEST_P(ContractRecord, EveryFieldInThePublishedOrderByteForByte) {
    const Organization org = gateway().store().organization(
        {.limit = {}, .more = {"--build-retention-days", "30", "--builds-per-publication", "7"}});
    const Key key = gateway().store().key(org, {"--role", "org.admin"});
    const Response response =
        client().send(Gateway::request(org, key, std::string(R"({"name":"Bank",)") + kPublishedMembers + "}"));
    const Json data = expect_created(response);
    const std::string sdk = R"({"ota":false,"forceUpdate":false,"minVersion":"","forceAuth":false})";
    const std::string expected =
        R"({"status":true,"data":{"id":")" + data.string("/id") + R"(","name":"Bank","slug":"bank","sdk":{"ios":)" +
        sdk + R"(,"android":)" + sdk +
        R"(},"notifications":{"newBuildNotifyCollaborators":false,"newBuildNotifyEmployees":false,)"
        R"("newBuildMessage":"","newFeedbackNotifyCollaborators":false},"description":"","oss":[],)"
        R"("buildPlatforms":[],"security":{"role":"org.admin"},"configuration":{"notificationLanguage":"de",)"
        R"("buildRetentionDays":-1,"buildsRetainedPerPublication":-1},"retentionApplied":)"
        R"({"maxBillingBuildRetentionDays":30,"buildsRetainedPerPublication":7},"organization":")" +
        org.id + R"(","counts":{"totalBuilds":0,"activeInstalls":0,"feedbackCount":0},)" +
        R"("metadata":{"costCenter":"IT-2024","projectCode":"MOBILE-BANK-001"},)"
        R"("defaultScripts":{"preInstall":"a","postInstall":"b","audit":"c","enforce":"d","runner":"e"},)"
        R"("createdBy":")" +
        key.owner + R"(","createdAt":")" + data.string("/createdAt") + R"(","updatedAt":")" +
        data.string("/updatedAt") + R"("}})";
    EXPECT_EQ(response.body, expected);
    EXPECT_EQ(response.http_version, is_http2() ? 20 : 11);
}

TEST_P(ContractRecord, DefaultsWhenOnlyTheNameIsSent) {
    const Json data = expect_created(client().send(gateway().request(R"({"name":"Only a name"})")));
    EXPECT_EQ(data.at("/metadata").text(), "{}");
    EXPECT_EQ(data.at("/defaultScripts").text(), "{}");
    EXPECT_EQ(data.at("/configuration").text(),
              R"({"notificationLanguage":"en","buildRetentionDays":-1,"buildsRetainedPerPublication":-1})");
    EXPECT_EQ(data.at("/retentionApplied").text(),
              R"({"maxBillingBuildRetentionDays":0,"buildsRetainedPerPublication":0})");
    EXPECT_EQ(data.string("/security/role"), "unknown");
    EXPECT_EQ(data.string("/organization"), gateway().organization().id);
    for (const char *absent : {"/picture", "/pictureSource", "/lastBuildProcessedDate",
                               "/configuration/emmJwtSignature", "/configuration/storageProvider"}) {
        EXPECT_FALSE(data.has(absent)) << absent;
    }
}

TEST_P(ContractRecord, IdAndTimesHaveTheirForms) {
    const Json data = expect_created(client().send(gateway().request(R"({"name":"Forms"})")));
    EXPECT_TRUE(std::regex_match(data.string("/id"), std::regex("[0-9a-f]{24}"))) << data.string("/id");
    EXPECT_TRUE(std::regex_match(data.string("/createdAt"), std::regex(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)")))
        << data.string("/createdAt");
    EXPECT_EQ(data.string("/createdAt"), data.string("/updatedAt"));
}

TEST_P(ContractRecord, NameIsTrimmedOfUnicodeWhiteSpace) {
    const Json data =
        expect_created(client().send(gateway().request("{\"name\":\" \u00a0\u3000\\t Trim  me\u2003\u2028\\n\"}")));
    EXPECT_EQ(data.string("/name"), "Trim  me");
}

TEST_P(ContractRecord, UnknownPropertiesAreIgnoredAndNotStored) {
    const Json data = expect_created(client().send(gateway().request(
        R"({"id":"x","name":"Unknown","nope":[1,{"a":null}],)"
        R"("configuration":{"emmJwtSignature":1,"buildRetentionDays":5},"defaultScripts":{"more":1}})")));
    EXPECT_FALSE(data.has("/nope"));
    EXPECT_FALSE(data.has("/configuration/emmJwtSignature"));
    EXPECT_EQ(data.integer("/configuration/buildRetentionDays"), -1);
    EXPECT_EQ(data.at("/defaultScripts").text(), "{}");
}

TEST_P(ContractRecord, StoreHoldsTheRecordAsItWasReturned) {
    const Response response = client().send(gateway().request(R"({"name":"Stored","metadata":{"a":[1,2.5]}})"));
    const Json data = expect_created(response);
    const Json shown = gateway().store().ask({"app", "show", "--org", gateway().organization().id, data.string("/id")});
    EXPECT_EQ(shown, data);
    const Json by_slug =
        gateway().store().ask({"app", "show", "--org", gateway().organization().slug, data.string("/slug")});
    EXPECT_EQ(by_slug, data);
}

TEST_P(ContractRecord, RequestIdIsOnErrorsToo) {
    Request request = gateway().request("{}");
    request.headers.emplace_back("X-Request-ID", "on-an-error");
    EXPECT_EQ(client().send(request).header("X-Request-ID"), "on-an-error");
    drop_header(request.headers, "Authorization");
    EXPECT_EQ(client().send(request).header("X-Request-ID"), "on-an-error");
    request.method = "PUT";
    EXPECT_EQ(client().send(request).header("X-Request-ID"), "on-an-error");
}

TEST_P(ContractRecord, EveryRoleOfTheContractIsReturned) {
    for (const char *role : {"org.owner", "org.admin", "org.editor", "org.viewer", "app.owner", "app.admin",
                             "app.editor", "app.viewer", "unknown"}) {
        const Key key = gateway().store().key(gateway().organization(), {"--role", role});
        const Json data =
            expect_created(client().send(Gateway::request(gateway().organization(), key, R"({"name":"Role"})")));
        EXPECT_EQ(data.string("/security/role"), role);
    }
}

}  // namespace
}  // namespace appcreate::test
