#include "request/head.h"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

namespace appcreate::test {
namespace {

constexpr const char *kId = "507f1f77bcf86cd799439013";

ac_key key_of_acme() {
    ac_key key{};
    std::strcpy(key.organization, kId);
    std::strcpy(key.organization_slug, "acme-1");
    key.flags = AC_KEY_MAY_CREATE | AC_KEY_ORG_ENABLED;
    return key;
}

TEST(Organization, IsFoundByIdAndSlugInAnyCase) {
    const ac_key key = key_of_acme();
    for (const std::string_view name : {kId, "507F1F77BCF86CD799439013", "acme-1", "ACME-1"}) {
        EXPECT_TRUE(is_own_organization(key, name)) << name;
    }
}

TEST(Organization, IsUnknownWhenAnotherOrMalformed) {
    const ac_key key = key_of_acme();
    for (const std::string_view name : {"", "ac", "acme", "acme-11", "acme-2", "507f1f77bcf86cd799439014",
                                        "507f1f77bcf86cd79943901", "acme\\1", "acme%2d1", "acme-1 ", "acme-1/"}) {
        EXPECT_FALSE(is_own_organization(key, name)) << name;
    }
    EXPECT_FALSE(is_own_organization(key, std::string_view("acme-1\0", 7)));
}

TEST(Organization, IsUnknownWhenDisabled) {
    ac_key key = key_of_acme();
    key.flags = AC_KEY_MAY_CREATE;
    EXPECT_FALSE(is_own_organization(key, kId));
    EXPECT_FALSE(is_own_organization(key, "acme-1"));
}

TEST(Organization, WithoutASlugIsNotFoundByTheEmptyOne) {
    ac_key key = key_of_acme();
    key.organization_slug[0] = '\0';
    EXPECT_FALSE(is_own_organization(key, ""));
    EXPECT_TRUE(is_own_organization(key, kId));
}

ac_str str(std::string_view text) { return {text.data(), text.size()}; }

struct Sent {
    std::vector<std::string> types = {"application/json"};
    std::vector<std::string> encodings = {};
    std::vector<std::string> keys = {};
    std::string query = {};
};

HeadResult check(const Sent &sent) {
    const auto lines = [](const std::vector<std::string> &values) {
        std::vector<ac_str> result;
        for (const std::string &value : values) result.push_back(str(value));
        return result;
    };
    const auto types = lines(sent.types);
    const auto encodings = lines(sent.encodings);
    const auto keys = lines(sent.keys);
    ac_head head{};
    head.query = str(sent.query);
    head.content_type = types.data();
    head.n_content_type = types.size();
    head.content_encoding = encodings.data();
    head.n_content_encoding = encodings.size();
    head.idempotency_key = keys.data();
    head.n_idempotency_key = keys.size();
    return check_head(head);
}

HeadResult check_type(std::string value) { return check({.types = {std::move(value)}}); }

TEST(ContentType, IsJsonWithAnyParametersButAnotherCharset) {
    for (const char *value : {"application/json", "Application/JSON", "application/json;charset=utf-8",
                              "application/json; charset=UTF-8", "application/json ;\tCharSet=\"utf-8\"",
                              "application/json; charset=\"ut\\f-8\"", "application/json; profile=\"a,b;c\\\"d\"",
                              "application/json; a=b; c=d", "application/json;", "application/json; ; charset=utf-8;",
                              "application/json; charset=utf-8; charset=utf-8", "application/json; x-charset=latin1",
                              "application/json; charset=utf8", "application/json;charset=\"UTF8\""}) {
        EXPECT_EQ(check_type(value).code, 0) << value;
    }
}

TEST(ContentType, IsRefusedWhenOtherOrMalformed) {
    for (const char *value : {"",
                              "application",
                              "application/",
                              "/json",
                              "text/json",
                              "application/jsonx",
                              "application/x-json",
                              "application/json-patch+json",
                              "application/ json",
                              "application/json charset=utf-8",
                              "application/json; charset=latin1",
                              "application/json; charset=\"iso-8859-1\"",
                              "application/json; charset=",
                              "application/json; charset",
                              "application/json; charset=\"utf-8",
                              "application/json; charset = utf-8",
                              "application/json; charset=utf-8 x",
                              "application/json; charset=utf-8; charset=utf-16",
                              "application/json; charset='utf-8'",
                              "application/json; charset=utf88",
                              "application/json; =x",
                              "application/json, application/json",
                              "application/json, text/plain",
                              "application/json; a=b, application/json",
                              "application/json; a=\"\x01\""}) {
        const HeadResult result = check_type(value);
        EXPECT_EQ(result.code, AC_CODE_MEDIA_TYPE) << value;
        EXPECT_FALSE(result.accept_identity) << value;
    }
}

TEST(ContentType, IsRefusedWhenAbsentOrRepeated) {
    EXPECT_EQ(check({.types = {}}).code, AC_CODE_MEDIA_TYPE);
    EXPECT_EQ(check({.types = {"application/json", "application/json"}}).code, AC_CODE_MEDIA_TYPE);
}

TEST(ContentEncoding, MayOnlyBeIdentity) {
    for (const std::vector<std::string> &values : {std::vector<std::string>{"identity"},
                                                   {"IDENTITY"},
                                                   {"identity, identity"},
                                                   {"identity", "Identity"},
                                                   {""},
                                                   {" , identity ,, "}}) {
        EXPECT_EQ(check({.encodings = values}).code, 0) << values[0];
    }
    for (const std::vector<std::string> &values : {std::vector<std::string>{"gzip"},
                                                   {"identity, gzip"},
                                                   {"identity", "br"},
                                                   {"identityx"},
                                                   {"identity;q=1"},
                                                   {"identity identity"},
                                                   {"\"identity\""}}) {
        const HeadResult result = check({.encodings = values});
        EXPECT_EQ(result.code, AC_CODE_MEDIA_TYPE) << values[0];
        EXPECT_TRUE(result.accept_identity) << values[0];
    }
}

TEST(ValidateOnly, IsExactlyTrueOrFalse) {
    for (const char *query : {"validateOnly=true", "a=b&validateOnly=true", "validateOnly=true&", "&&validateOnly=true",
                              "validate%4Fnly=%74rue", "validateOnly=%74%72%75%65&x"}) {
        const HeadResult result = check({.query = query});
        EXPECT_EQ(result.code, 0) << query;
        EXPECT_TRUE(result.validate_only) << query;
    }
    for (const char *query :
         {"", "validateOnly=false", "validateonly=true", "ValidateOnly=1", "xvalidateOnly=true", "validateOnlyx=2",
          "a=validateOnly=true", "validateOnl%79x", "validateOnly%=1", "%", "validate%00Only=1", "=", "&"}) {
        const HeadResult result = check({.query = query});
        EXPECT_EQ(result.code, 0) << query;
        EXPECT_FALSE(result.validate_only) << query;
    }
}

TEST(ValidateOnly, RefusesOtherValues) {
    for (const char *query :
         {"validateOnly", "validateOnly=", "validateOnly=1", "validateOnly=True", "validateOnly=TRUE",
          "validateOnly=true ", "validateOnly=+true", "validateOnly=true%00", "validateOnly=tru", "validateOnly=truee",
          "validateOnly==true", "validateOnly=%74ru%6", "validateOnly=yes&a=b"}) {
        const HeadResult result = check({.query = query});
        EXPECT_EQ(result.code, AC_CODE_VALIDATION) << query;
        EXPECT_EQ(result.message, "query parameter validateOnly must be true or false") << query;
    }
}

TEST(ValidateOnly, IsSentAtMostOnce) {
    for (const char *query : {"validateOnly=true&validateOnly=true", "validateOnly=false&a&validate%4fnly=false",
                              "validateOnly=true&validateOnly"}) {
        EXPECT_EQ(check({.query = query}).message, "query parameter validateOnly must be sent at most once") << query;
    }
}

TEST(IdempotencyKey, HasOneTo255VisibleCharacters) {
    for (const std::string &value : {std::string("a"), std::string("\"8e03978e-40d5-43dd-bc93-6894a57f9324\""),
                                     std::string("!~,;"), std::string(255, 'k')}) {
        const HeadResult result = check({.keys = {value}});
        EXPECT_EQ(result.code, 0) << value;
        EXPECT_EQ(result.idempotency_key, value);
    }
    for (const std::string &value : {std::string(), std::string("a b"), std::string(256, 'k'), std::string("\x7f"),
                                     std::string("caf\xC3\xA9"), std::string("a\tb"), std::string("a\0b", 3)}) {
        const HeadResult result = check({.keys = {value}});
        EXPECT_EQ(result.code, AC_CODE_VALIDATION) << value;
        EXPECT_EQ(result.message, "header Idempotency-Key must be 1 to 255 visible ASCII characters");
    }
    EXPECT_FALSE(check({}).idempotency_key);
}

TEST(IdempotencyKey, IsSentAtMostOnce) {
    const HeadResult result = check({.keys = {"a", "a"}});
    EXPECT_EQ(result.code, AC_CODE_VALIDATION);
    EXPECT_EQ(result.message, "header Idempotency-Key must be sent at most once");
}

TEST(Head, AnswersTheFirstThatFails) {
    Sent sent{.types = {"text/plain"}, .encodings = {"gzip"}, .keys = {""}, .query = "validateOnly=x"};
    EXPECT_EQ(check(sent).code, AC_CODE_MEDIA_TYPE);
    EXPECT_FALSE(check(sent).accept_identity);
    sent.types = {"application/json"};
    EXPECT_TRUE(check(sent).accept_identity);
    sent.encodings = {};
    EXPECT_EQ(check(sent).message, "query parameter validateOnly must be true or false");
    sent.query = "";
    EXPECT_EQ(check(sent).message, "header Idempotency-Key must be 1 to 255 visible ASCII characters");
    sent.keys = {"k"};
    EXPECT_EQ(check(sent).code, 0);
}

TEST(Head, TakesNullForLinesThatWereNotSent) {
    ac_head head{};
    EXPECT_EQ(check_head(head).code, AC_CODE_MEDIA_TYPE);
    const ac_str type = str("application/json");
    head.content_type = &type;
    head.n_content_type = 1;
    EXPECT_EQ(check_head(head).code, 0);
}

}  // namespace
}  // namespace appcreate::test
