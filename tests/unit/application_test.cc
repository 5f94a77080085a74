#include "application.h"

#include <gtest/gtest.h>

#include "json_writer.h"

namespace appcreate {
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

TEST(Application, MustBeAnObject) {
    for (const char *body : {"[]", "1", "\"x\"", "null", "true", "[{\"name\":\"x\"}]"}) {
        EXPECT_EQ(violations(body), Lines{": must be an object"}) << body;
    }
    EXPECT_EQ(violations("[1e999]"), (Lines{": must be an object", "/0: " + kNumber}));
    EXPECT_EQ(violations("1e999"), Lines{": " + kNumber});
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

TEST(Name, IsRequired) {
    EXPECT_EQ(violations("{}"), Lines{"/name: is required"});
    EXPECT_EQ(violations(R"({"Name":"x"})"), Lines{"/name: is required"});
}

TEST(Name, MustBeAString) {
    for (const char *value : {"null", "1", "1.5", "true", "[]", "{}", "[\"x\"]"}) {
        EXPECT_EQ(violations("{\"name\":"s + value + "}"), Lines{"/name: must be a string"}) << value;
    }
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

TEST(Name, HasACharacterThatCanBeSeen) {
    const Lines expected{"/name: must contain at least one visible character"};
    for (const char *blank : {"\xE2\x80\x8B", "\xE2\x80\x8D\xE2\x81\xA0", "\xEF\xBB\xBF", "\xC2\xAD", "\xE3\x85\xA4",
                              "\xEF\xBE\xA0", "\xE1\x85\x9F", "\xE2\xA0\x80", "\xE2\x80\x8B \xE2\xA0\x80",
                              "\xEF\xB8\x8F", "\xE1\xA0\x8E", "\xF3\xA0\x84\x80", "\xF3\xA0\x81\xA1", "\xE2\x80\x8E"}) {
        EXPECT_EQ(violations(with_name(blank)), expected) << blank;
        EXPECT_EQ(violations(with_name(" "s + blank + " ")), expected) << blank;
        EXPECT_EQ(read(with_name("a"s + blank)).name, "a"s + blank);
        EXPECT_EQ(read(with_name(blank + "\xF0\x9F\x98\x80"s)).name, blank + "\xF0\x9F\x98\x80"s);
    }
    EXPECT_EQ(read(with_name("-")).name, "-");
    EXPECT_EQ(read(with_name("\xCC\x81")).name, "\xCC\x81") << "a combining mark alone is seen";
}

TEST(Name, HasNoControlCharacters) {
    const Lines expected{"/name: must not contain control characters"};
    for (unsigned c = 0; c < 0x20; ++c) {
        EXPECT_EQ(violations(with_name("a"s + static_cast<char>(c) + "b")), expected) << c;
    }
    for (const char *c : {"\x7f", "\xC2\x80", "\xC2\x85", "\xC2\x9F"}) {
        EXPECT_EQ(violations(with_name("a"s + c + "b")), expected);
    }
    EXPECT_EQ(violations(with_name("\x7f")), expected);
    EXPECT_EQ(violations(with_name("a"s + '\0')), expected);
    EXPECT_EQ(violations(with_name("\xC2\xA0 a")), Lines{});
    EXPECT_EQ(violations(with_name("a\xC2\xADz")), Lines{}) << "U+00AD is no control character";
}

TEST(Name, LosesControlsThatAreWhiteSpaceAtItsEnds) {
    EXPECT_EQ(read(with_name("\t\n\v\f\r\xC2\x85 a b \r\n\xC2\x85")).name, "a b");
}

TEST(Name, HasNoBidirectionalControls) {
    const Lines expected{"/name: must not contain bidirectional controls"};
    for (const char *c : {"\xE2\x80\xAA", "\xE2\x80\xAB", "\xE2\x80\xAC", "\xE2\x80\xAD", "\xE2\x80\xAE",
                          "\xE2\x81\xA6", "\xE2\x81\xA7", "\xE2\x81\xA8", "\xE2\x81\xA9"}) {
        EXPECT_EQ(violations(with_name("a"s + c + "b")), expected);
        EXPECT_EQ(violations(with_name(c)), (Lines{expected[0], "/name: must contain at least one visible character"}));
    }
    // U+2029 between letters, U+2065, U+206A, U+200E, U+200F
    for (const char *c : {"\xE2\x80\xA9", "\xE2\x81\xA5", "\xE2\x81\xAA", "\xE2\x80\x8E", "\xE2\x80\x8F"}) {
        EXPECT_EQ(violations(with_name("a"s + c + "b")), Lines{});
    }
}

TEST(Name, MayBreakSeveralRulesAtOnce) {
    EXPECT_EQ(violations(with_name(std::string(129, 'a') + "\x01\xE2\x80\xAE")),
              (Lines{"/name: must have at most 128 characters", "/name: must not contain control characters",
                     "/name: must not contain bidirectional controls"}));
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

TEST(Configuration, MustBeAnObject) {
    for (const char *value : {"null", "1", "\"x\"", "true", "[]"}) {
        EXPECT_EQ(violations(with_configuration(value)), Lines{"/configuration: must be an object"}) << value;
    }
    EXPECT_EQ(violations(with_configuration("{}")), Lines{});
}

TEST(StorageProvider, IsDefaultOrAnId) {
    EXPECT_FALSE(read(with_configuration(R"({"storageProvider":""})")).provider);
    EXPECT_FALSE(read(with_configuration(R"({"storageProvider":"__DEFAULT__"})")).provider);
    EXPECT_EQ(read(with_configuration(R"({"storageProvider":"507F1F77bcf86cd799439012"})")).provider->hex(),
              "507f1f77bcf86cd799439012");
    for (const char *value : {"507f1f77bcf86cd79943901", "507f1f77bcf86cd7994390122", "507f1f77bcf86cd79943901g", " ",
                              "__default__", "__DEFAULT__ ", "507f1f77bcf86cd79943901\\u0000"}) {
        EXPECT_EQ(violations(with_configuration(R"({"storageProvider":")"s + value + "\"}")),
                  Lines{"/configuration/storageProvider: must be empty, __DEFAULT__ or 24 hexadecimal digits"})
            << value;
    }
    for (const char *value : {"null", "1", "{}", "[]", "false"}) {
        EXPECT_EQ(violations(with_configuration(R"({"storageProvider":)"s + value + "}")),
                  Lines{"/configuration/storageProvider: must be a string"})
            << value;
    }
}

TEST(NotificationLanguage, IsOneOfEight) {
    for (const char *language : {"es", "en", "fr", "de", "it", "zh", "pt", "ru"}) {
        const Application application = read(with_configuration(R"({"notificationLanguage":")"s + language + "\"}"));
        EXPECT_EQ(kLanguages[application.language], language);
    }
    for (const char *language : {"", "EN", "en ", "en-GB", "ja", "e", "en\\u0000"}) {
        EXPECT_EQ(violations(with_configuration(R"({"notificationLanguage":")"s + language + "\"}")),
                  Lines{"/configuration/notificationLanguage: must be one of es, en, fr, de, it, zh, pt, ru"})
            << language;
    }
    for (const char *value : {"null", "1", "{}", "[\"en\"]", "false"}) {
        EXPECT_EQ(violations(with_configuration(R"({"notificationLanguage":)"s + value + "}")),
                  Lines{"/configuration/notificationLanguage: must be a string"})
            << value;
    }
}

TEST(Metadata, MustBeAnObject) {
    for (const char *value : {"null", "1", "\"x\"", "true", "[]"}) {
        EXPECT_EQ(violations(R"({"name":"abc","metadata":)"s + value + "}"), Lines{"/metadata: must be an object"});
    }
}

TEST(Metadata, IsKeptValueForValue) {
    for (const char *value : {"{}", R"({"a":null,"b":[1,2.0,1e+22,-0.0],"a.b":{"$c":"\u0000"},"":[[],{}]})",
                              R"({"min":-9223372036854775808,"max":9223372036854775807,"tiny":5e-324,"real":0.1})",
                              "{\"\xEF\xBF\xBF\":1}"}) {
        EXPECT_EQ(read(R"({"name":"abc","metadata":)"s + value + "}").metadata, value);
    }
}

TEST(DefaultScripts, MustBeAnObjectOfStrings) {
    for (const char *value : {"null", "1", "\"x\"", "true", "[]"}) {
        EXPECT_EQ(violations(R"({"name":"abc","defaultScripts":)"s + value + "}"),
                  Lines{"/defaultScripts: must be an object"});
    }
    for (const char *script : {"preInstall", "postInstall", "audit", "enforce", "runner"}) {
        for (const char *value : {"null", "1", "{}", "[]", "true"}) {
            EXPECT_EQ(violations(R"({"name":"abc","defaultScripts":{")"s + script + "\":" + value + "}}"),
                      Lines{"/defaultScripts/"s + script + ": must be a string"});
        }
    }
}

TEST(DefaultScripts, AreKeptExactlyInThePublishedOrder) {
    EXPECT_EQ(
        read(R"({"name":"abc","defaultScripts":{"runner":" \r\n\u0000","other":"x","audit":"","preInstall":"é"}})")
            .scripts,
        R"({"preInstall":"é","audit":"","runner":" \r\n\u0000"})");
    EXPECT_EQ(read(R"({"name":"abc","defaultScripts":{"other":1}})").scripts, "{}");
}

TEST(UnknownProperties, AreIgnoredButForTheirNumbers) {
    EXPECT_EQ(violations(R"({"name":"abc","x":null,"configuration":{"y":1},"defaultScripts":{"z":2},"id":[]})"),
              Lines{});
    EXPECT_EQ(
        violations(R"({"x":{"y":[1e999]},"name":"abc","configuration":{"y":1e999},"defaultScripts":{"z":1e999}})"),
        (Lines{"/x/y/0: " + kNumber, "/configuration/y: " + kNumber, "/defaultScripts/z: " + kNumber}));
}

TEST(Violations, ComeInDocumentOrder) {
    EXPECT_EQ(violations(R"({"defaultScripts":{"runner":1,"audit":2},"metadata":3,
                             "configuration":{"notificationLanguage":"x","storageProvider":"y"},"name":4})"),
              (Lines{"/defaultScripts/runner: must be a string", "/defaultScripts/audit: must be a string",
                     "/metadata: must be an object",
                     "/configuration/notificationLanguage: must be one of es, en, fr, de, it, zh, pt, ru",
                     "/configuration/storageProvider: must be empty, __DEFAULT__ or 24 hexadecimal digits",
                     "/name: must be a string"}));
}

TEST(Violations, OfAMissingMemberComeLast) {
    EXPECT_EQ(violations(R"({"metadata":1,"z":1e999})"),
              (Lines{"/metadata: must be an object", "/z: " + kNumber, "/name: is required"}));
}

TEST(Violations, OfNumbersStandAmongTheOthers) {
    EXPECT_EQ(violations(R"({"name":1,"metadata":{"x":1e999}})"),
              (Lines{"/name: must be a string", "/metadata/x: " + kNumber}));
    EXPECT_EQ(violations(R"({"metadata":{"x":1e999},"name":1})"),
              (Lines{"/metadata/x: " + kNumber, "/name: must be a string"}));
    EXPECT_EQ(violations(R"({"metadata":[1,1e999],"name":[1e999],"configuration":{"a":1e999,"storageProvider":1}})"),
              (Lines{"/metadata: must be an object", "/metadata/1: " + kNumber, "/name: must be a string",
                     "/name/0: " + kNumber, "/configuration/a: " + kNumber,
                     "/configuration/storageProvider: must be a string"}));
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

TEST(Violations, DoNotConfusePointersThatBeginAlike) {
    EXPECT_EQ(violations(R"({"nam":[1],"name":2,"name2":[1e999],"name/0":1e999,"":{"":1e999}})"),
              (Lines{"/name: must be a string", "/name2/0: " + kNumber, "/name~10: " + kNumber, "//: " + kNumber}));
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
}  // namespace appcreate
