// Violations: which, where, in which order, how many (contract, "Body").
#include "harness/answers.h"
#include "harness/suite.h"

namespace appcreate::harness {
namespace {

class ContractValidation : public InEveryMode<ContractValidation> {
  protected:
    Response create(const std::string &body) { return client().send(gateway().request(body)); }
    Response name(const std::string &text) { return create(R"({"name":)" + json_string(text) + "}"); }
};
INSTANTIATE_TEST_SUITE_P(Modes, ContractValidation, kModes, mode_name);

TEST_P(ContractValidation, BodyMustBeAnObject) {
    for (const char *body : {"[]", "1", "null", "true", R"("name")"}) {
        expect_pointers(create(body), {""});
    }
}

TEST_P(ContractValidation, NameIsRequired) {
    expect_pointers(create("{}"), {"/name"});
    expect_pointers(create(R"({"Name":"x"})"), {"/name"});
}

TEST_P(ContractValidation, NameMustBeAString) {
    for (const char *value : {"null", "1", "[]", "{}", "true"}) {
        expect_pointers(create(std::string(R"({"name":)") + value + "}"), {"/name"});
    }
}

TEST_P(ContractValidation, NameMustNotBeEmptyAfterTrimming) {
    for (const char *text : {"", " ", "\t\n", "\u3000\u00a0\u0085"}) {
        expect_pointers(name(text), {"/name"});
    }
}

TEST_P(ContractValidation, NameHas128CodePointsAtMost) {
    const auto repeat = [](const std::string &one, int n) {
        std::string all;
        for (int i = 0; i < n; ++i) {
            all += one;
        }
        return all;
    };
    expect_created(name(repeat("\u00e9", 128)));
    expect_created(name(repeat("\U0001F600", 128)));
    expect_created(name("  " + repeat("y", 128) + "  "));
    expect_pointers(name(repeat("\u00e9", 129)), {"/name"});
    expect_pointers(name(repeat("x", 129)), {"/name"});
}

TEST_P(ContractValidation, NameHasNoControlCharacters) {
    for (const char *text : {"a\\u0000b", "a\\u001fb", "a\\u007fb", "a\\u0080b", "a\\u009fb", "a\\nb", "a\\tb"}) {
        expect_pointers(create(std::string(R"({"name":")") + text + "\"}"), {"/name"});
    }
}

TEST_P(ContractValidation, NameHasNoBidirectionalControls) {
    for (const char *text :
         {"\u202a", "\u202b", "\u202c", "\u202d", "\u202e", "\u2066", "\u2067", "\u2068", "\u2069"}) {
        expect_pointers(name(std::string("a") + text + "b"), {"/name"});
    }
    for (const char *text : {"a\u2029b", "a\u202fb", "a\u2065b", "a\u206ab", "a\u200fb"}) {
        expect_created(name(text));
    }
}

TEST_P(ContractValidation, EveryViolationIsReportedInDocumentOrder) {
    expect_pointers(create(R"({"defaultScripts":{"audit":1,"preInstall":null},"metadata":[],)"
                           R"("configuration":{"notificationLanguage":"xx","storageProvider":"?"},"name":""})"),
                    {"/defaultScripts/audit", "/defaultScripts/preInstall", "/metadata",
                     "/configuration/notificationLanguage", "/configuration/storageProvider", "/name"});
}

TEST_P(ContractValidation, MissingMemberComesAfterTheOthersOfItsObject) {
    expect_pointers(create(R"({"metadata":1,"x":1e999,"configuration":1})"),
                    {"/metadata", "/x", "/configuration", "/name"});
}

TEST_P(ContractValidation, ConfigurationMustBeAnObject) {
    for (const char *value : {"null", "1", "[]", R"("x")", "false"}) {
        expect_pointers(create(std::string(R"({"name":"x","configuration":)") + value + "}"), {"/configuration"});
    }
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

TEST_P(ContractValidation, PointersAreEscaped) {
    expect_pointers(create(R"({"name":"x","a/b":{"~c":[0,1e999]},"":-1e999})"), {"/a~1b/~0c/1", "/"});
}

TEST_P(ContractValidation, NothingIsCreated) {
    const Organization org = gateway().store().organization();
    const Key key = gateway().store().key(org);
    expect_pointers(client().send(Gateway::request(org, key, R"({"name":"x","metadata":1})")), {"/metadata"});
    EXPECT_EQ(gateway().store().count(org), 0);
    expect_created(client().send(Gateway::request(org, key, R"({"name":"x"})")));
}

}  // namespace
}  // namespace appcreate::harness
