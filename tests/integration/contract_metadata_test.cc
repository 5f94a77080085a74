// metadata comes back value for value, in the order sent (docs/api.md, "Metadata").
#include "harness/answers.h"
#include "harness/suite.h"

namespace appcreate::test {
namespace {

class ContractMetadata : public SharedGateway<ContractMetadata> {
  protected:
    Response create(const std::string &members) {
        return client_.send(gateway().request(R"({"name":"M",)" + members + "}"));
    }
    // The text of metadata in the answer's own bytes.
    std::string metadata(const std::string &sent) {
        const Response response = create(R"("metadata":)" + sent);
        expect_created(response);
        const std::size_t from = response.body.find(R"("metadata":)") + 11;
        return response.body.substr(from, response.body.find(R"(,"defaultScripts":)") - from);
    }

  private:
    Client client_ = gateway().client();
};

struct Fidelity {
    const char *sent;
    const char *returned;
};

TEST_F(ContractMetadata, ValuesComeBackInTheirShortestForm) {
    static constexpr Fidelity kTable[] = {
        {"0.1", "0.1"},
        {"1.0", "1.0"},
        {"100.0", "100.0"},
        {"5e-324", "5e-324"},
        {"1.7976931348623157e308", "1.7976931348623157e+308"},
        {"1e22", "1e+22"},
        {"123456789012345680000.0", "1.2345678901234568e+20"},
        {"1e16", "1e+16"},
        {"1e15", "1000000000000000.0"},
        {"0.0001", "0.0001"},
        {"0.00001", "1e-05"},
        {"0.30000000000000004", "0.30000000000000004"},
        {"123456.789", "123456.789"},
        {"-0.0", "-0.0"},
        {"9223372036854775807", "9223372036854775807"},
        {"-9223372036854775808", "-9223372036854775808"},
        {"0", "0"},
        {"true", "true"},
        {"null", "null"},
        {"[]", "[]"},
        {"{}", "{}"},
        {R"("")", R"("")"},
        {R"("\u0000")", R"("\u0000")"},
        {R"("\u0041\/")", R"("A/")"},
        {R"("\"\\")", R"("\"\\")"},
        {R"("\ud83d\ude00")", "\"\U0001F600\""},
        {"\"\uffff\ufdd0\U0010ffff\"", "\"\uffff\ufdd0\U0010ffff\""},
        {"\"\u2028\u2029\"", "\"\u2028\u2029\""},
    };
    for (const Fidelity &one : kTable) {
        EXPECT_EQ(metadata(std::string(R"({"v":)") + one.sent + "}"), std::string(R"({"v":)") + one.returned + "}");
    }
}

TEST_F(ContractMetadata, RealsReadBackTheSameAndStayReals) {
    for (const char *sent : {"1e22", "1E+2", "1e-7", "0.1e1", "12345678901234567890.0", "2.2250738585072014e-308"}) {
        const std::string text = metadata(std::string(R"({"v":)") + sent + "}");
        const std::string value = text.substr(5, text.size() - 6);
        EXPECT_EQ(std::stod(value), std::stod(sent)) << value;
        EXPECT_NE(value.find_first_of(".e"), std::string::npos) << value << " became an integer";
        EXPECT_LE(value.size(), std::string_view(sent).size() + 2) << "not the shortest form";
    }
}

TEST_F(ContractMetadata, MinusZeroIntegerIsZero) {
    const std::string text = metadata(R"({"v":-0})");
    EXPECT_TRUE(text == R"({"v":0})" || text == R"({"v":-0})") << text;
}

TEST_F(ContractMetadata, KeysComeBackInTheOrderSent) {
    const std::string sent =
        R"({"z":1,"":2,"a.b":3,"$set":4,"$":5,"a":{"y":1,"x":{"":{}}},"A":6,"0":7,"__proto__":8,"_id":9})";
    EXPECT_EQ(metadata(sent), sent);
}

TEST_F(ContractMetadata, WhiteSpaceBetweenTokensIsNotKept) {
    EXPECT_EQ(metadata("{ \"a\" :\n[ 1 ,\t2 ] }"), R"({"a":[1,2]})");
}

TEST_F(ContractMetadata, NestingOf32LevelsIsTaken) {
    // The body is level 1, metadata level 2.
    const std::string deep = R"({"v":)" + std::string(30, '[') + std::string(30, ']') + "}";
    EXPECT_EQ(metadata(deep), deep);
}

TEST_F(ContractMetadata, NestingOf33LevelsIsMalformed) {
    expect_malformed(create(R"("metadata":{"v":)" + std::string(31, '[') + std::string(31, ']') + "}"));
    expect_malformed(create(R"("unknown":)" + std::string(32, '[') + std::string(32, ']')));
}

TEST_F(ContractMetadata, OtherTypesAreAViolation) {
    for (const char *value : {"null", "[]", "1", R"("x")", "true"}) {
        expect_pointers(create(std::string(R"("metadata":)") + value), {"/metadata"});
    }
}

TEST_F(ContractMetadata, NumbersThatCannotBeHeldAreViolationsAtTheirOwnPointers) {
    expect_pointers(
        create(R"("metadata":{"a":9223372036854775808,"b":[1,-9223372036854775809],"c/d":1e309,)"
               R"("~":{"e":1e-400,"f":0e-400,"g":-1e999}},"unknown":[[123456789012345678901]])"),
        {"/metadata/a", "/metadata/b/1", "/metadata/c~1d", "/metadata/~0/e", "/metadata/~0/g", "/unknown/0/0"});
}

TEST_F(ContractMetadata, MegabyteComesBack) {
    std::string sent = R"({"text":")" + std::string(900000, 'm') + R"(","list":[)";
    for (int i = 0; i < 10000; ++i) {
        sent += std::to_string(i) + ",";
    }
    sent += "0]}";
    EXPECT_EQ(metadata(sent), sent);
}

TEST_F(ContractMetadata, ScriptsAreKeptExactlyInThePublishedOrder) {
    const Response response =
        create(R"("defaultScripts":{"runner":" r ","unknown":1,"enforce":"","audit":"#!/bin/sh\n\u0000\ttab\u007f",)"
               "\"postInstall\":\"caf\u00e9 \uffff\",\"preInstall\":\"\\\"q\\\"\"}");
    const Json data = expect_created(response);
    EXPECT_EQ(data.at("/defaultScripts").keys(),
              (std::vector<std::string>{"preInstall", "postInstall", "audit", "enforce", "runner"}));
    EXPECT_EQ(data.string("/defaultScripts/preInstall"), "\"q\"");
    EXPECT_EQ(data.string("/defaultScripts/postInstall"), "caf\u00e9 \uffff");
    EXPECT_EQ(data.string("/defaultScripts/audit"), std::string("#!/bin/sh\n\0\ttab\x7f", 16));
    EXPECT_EQ(data.string("/defaultScripts/enforce"), "");
    EXPECT_EQ(data.string("/defaultScripts/runner"), " r ");
}

TEST_F(ContractMetadata, ScriptsOfOtherTypesAreViolations) {
    for (const char *script : {"preInstall", "postInstall", "audit", "enforce", "runner"}) {
        for (const char *value : {"null", "1", "[]", "{}", "true"}) {
            expect_pointers(create(std::string(R"("defaultScripts":{")") + script + "\":" + value + "}"),
                            {std::string("/defaultScripts/") + script});
        }
    }
    for (const char *value : {"null", "1", "[]", R"("x")", "true"}) {
        expect_pointers(create(std::string(R"("defaultScripts":)") + value), {"/defaultScripts"});
    }
}

}  // namespace
}  // namespace appcreate::test
