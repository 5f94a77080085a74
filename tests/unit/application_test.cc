#include "request/application.h"

#include <gtest/gtest.h>

#include "json/writer.h"
#include "support/contract.h"

namespace appcreate::test {
namespace {

using std::string_literals::operator""s;
using Lines = std::vector<std::string>;

// "pointer: message" of each violation.
Lines violations(std::string_view body) {
    Application application;
    Lines lines;
    for (const Violation &violation : read_application(body, application)) {
        lines.push_back(violation.pointer + ": " + violation.message);
    }
    return lines;
}

Application read(std::string_view body) {
    Application application;
    const std::vector<Violation> found = read_application(body, application);
    EXPECT_TRUE(found.empty()) << body << " " << (found.empty() ? "" : found[0].message);
    return application;
}

std::string with_name(std::string_view name) {
    std::string body = "{\"name\":";
    append_string(body, name);
    return body + "}";
}

const std::string kNumber = "number is out of the range of 64-bit integers and IEEE 754 doubles";

TEST(ContractBodies, HaveTheirViolations) {
    for (const BodyRow &row : contract_bodies()) {
        Application application;
        std::vector<std::pair<std::string, std::string>> found;
        for (const Violation &violation : read_application(row.body, application)) {
            found.emplace_back(violation.pointer, violation.message);
        }
        EXPECT_EQ(found, row.violations) << row.body << ": " << row.rule;
        if (row.name) {
            EXPECT_EQ(application.name, *row.name) << row.body << ": " << row.rule;
        }
    }
}

TEST(Application, NeedsNoMoreThanAName) {
    const Application application = read(R"({"name":"My App"})");
    EXPECT_EQ(application.name, "My App");
    EXPECT_FALSE(application.provider);
    EXPECT_EQ(kLanguages[application.language], "en");
    EXPECT_EQ(application.metadata, "{}");
    EXPECT_EQ(application.scripts, "{}");
    EXPECT_EQ(application.slug, "my-app");
    EXPECT_TRUE(application.slug_known);
}

TEST(Application, TakesThePublishedExample) {
    const Application application = read(R"({
        "name": "Enterprise Mobile Banking App",
        "configuration": {"storageProvider": "507f1f77bcf86cd799439012", "notificationLanguage": "en"},
        "metadata": {"costCenter": "IT-2024", "projectCode": "MOBILE-BANK-001", "complianceLevel": "PCI-DSS"},
        "defaultScripts": {"preInstall": "string", "postInstall": "string", "audit": "string", "enforce": "string",
                           "runner": "string"}})");
    EXPECT_EQ(application.provider, ObjectId::parse("507f1f77bcf86cd799439012"));
    EXPECT_EQ(application.metadata,
              R"({"costCenter":"IT-2024","projectCode":"MOBILE-BANK-001","complianceLevel":"PCI-DSS"})");
    EXPECT_EQ(
        application.scripts,
        R"({"preInstall":"string","postInstall":"string","audit":"string","enforce":"string","runner":"string"})");
}

TEST(Application, OfAMalformedBodyHasOneViolation) {
    EXPECT_EQ(violations("{\"name\":"), Lines{": malformed JSON at line 1, column 9: unexpected end"});
    EXPECT_EQ(violations(""), Lines{": malformed JSON at line 1, column 1: empty body"});
}

TEST(Application, StartsAnewWithEachBody) {
    Application application;
    read_application(R"({"name":"a b c","configuration":{"notificationLanguage":"es",
        "storageProvider":"507f1f77bcf86cd799439012"},"metadata":{"a":1},"defaultScripts":{"audit":"x"}})",
                     application);
    ASSERT_TRUE(read_application(R"({"name":"x y z"})", application).empty());
    EXPECT_EQ(application.name, "x y z");
    EXPECT_FALSE(application.provider);
    EXPECT_EQ(kLanguages[application.language], "en");
    EXPECT_EQ(application.metadata, "{}");
    EXPECT_EQ(application.scripts, "{}");
}

TEST(Name, HasOneTo128CodePoints) {
    EXPECT_EQ(violations(with_name("")), Lines{"/name: must not be empty"});
    EXPECT_EQ(violations(with_name(" \t\n")), Lines{"/name: must not be empty"});
    EXPECT_EQ(violations(with_name("\xC2\xA0\xE3\x80\x80")), Lines{"/name: must not be empty"});
    for (const std::string &character : {"a"s, "\xC3\xA9"s, "\xE6\xBC\xA2"s, "\xF0\x9F\x98\x80"s}) {
        std::string name = character;
        EXPECT_EQ(read(with_name(name)).name, name);
        for (int i = 1; i < 128; ++i) name += character;
        EXPECT_EQ(read(with_name(name)).name, name);
        EXPECT_EQ(read(with_name("  " + name + "\t")).name, name);
        EXPECT_EQ(violations(with_name(name + character)), Lines{"/name: must have at most 128 characters"});
    }
    EXPECT_EQ(violations(with_name("a" + std::string(127, ' ') + "b")),
              Lines{"/name: must have at most 128 characters"});
    EXPECT_EQ(violations(with_name("a" + std::string(126, ' ') + "b")), Lines{});
}

TEST(Name, BeyondAsciiLeavesTheSlugForLater) {
    Application application = read(with_name("Caf\xC3\xA9"));
    EXPECT_FALSE(application.slug_known);
    complete_slug(application);
    EXPECT_TRUE(application.slug_known);
    EXPECT_EQ(application.slug, "cafe");
}

TEST(Name, TrimmedToAsciiNeedsNoIcu) {
    const Application application = read(with_name("\xE3\x80\x80Trimmed\xC2\xA0"));
    EXPECT_TRUE(application.slug_known);
    EXPECT_EQ(application.slug, "trimmed");
}

std::string with_configuration(std::string_view configuration) {
    return R"({"name":"abc","configuration":)" + std::string(configuration) + "}";
}

TEST(StorageProvider, IsDefaultOrAnId) {
    EXPECT_FALSE(read(with_configuration(R"({"storageProvider":""})")).provider);
    EXPECT_FALSE(read(with_configuration(R"({"storageProvider":"__DEFAULT__"})")).provider);
    EXPECT_EQ(read(with_configuration(R"({"storageProvider":"507F1F77bcf86cd799439012"})")).provider->hex(),
              "507f1f77bcf86cd799439012");
}

TEST(NotificationLanguage, IsOneOfEight) {
    for (const char *language : {"es", "en", "fr", "de", "it", "zh", "pt", "ru"}) {
        const Application application = read(with_configuration(R"({"notificationLanguage":")"s + language + "\"}"));
        EXPECT_EQ(kLanguages[application.language], language);
    }
}

TEST(Metadata, IsKeptValueForValue) {
    for (const char *value : {"{}", R"({"a":null,"b":[1,2.0,1e+22,-0.0],"a.b":{"$c":"\u0000"},"":[[],{}]})",
                              R"({"min":-9223372036854775808,"max":9223372036854775807,"tiny":5e-324,"real":0.1})",
                              "{\"\xEF\xBF\xBF\":1}"}) {
        EXPECT_EQ(read(R"({"name":"abc","metadata":)"s + value + "}").metadata, value);
    }
}

TEST(DefaultScripts, AreKeptExactlyInThePublishedOrder) {
    EXPECT_EQ(
        read(R"({"name":"abc","defaultScripts":{"runner":" \r\n\u0000","other":"x","audit":"","preInstall":"é"}})")
            .scripts,
        R"({"preInstall":"é","audit":"","runner":" \r\n\u0000"})");
    EXPECT_EQ(read(R"({"name":"abc","defaultScripts":{"other":1}})").scripts, "{}");
}

TEST(Violations, OfAKnownMemberThatIsSuchANumberAreOne) {
    for (const char *body : {R"({"name":1e999})", R"({"name":"abc","configuration":99999999999999999999})",
                             R"({"name":"abc","metadata":-1e999})", R"({"name":"abc","defaultScripts":1e-999})",
                             R"({"name":"abc","configuration":{"storageProvider":1e999}})",
                             R"({"name":"abc","configuration":{"notificationLanguage":1e999}})",
                             R"({"name":"abc","defaultScripts":{"audit":1e999}})"}) {
        const Lines found = violations(body);
        ASSERT_EQ(found.size(), 1U) << body;
        EXPECT_TRUE(found[0].ends_with(kNumber)) << found[0];
    }
}

TEST(Violations, AreThirtyTwoAtMost) {
    std::string body = "{\"metadata\":{";
    for (int i = 0; i < 40; ++i) body += "\"k" + std::to_string(i) + "\":1e999,";
    const Lines found = violations(body + "\"z\":1},\"name\":1}");
    ASSERT_EQ(found.size(), kMaxViolations);
    EXPECT_EQ(found.back(), "/metadata/k31: " + kNumber);
    EXPECT_EQ(violations("{\"name\":1," + body.substr(1) + "\"z\":1}}")[0], "/name: must be a string");
}

}  // namespace
}  // namespace appcreate::test
