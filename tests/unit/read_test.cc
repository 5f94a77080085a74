#include "request/read.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "request/cursor.h"
#include "request/query.h"

namespace appcreate::test {
namespace {

constexpr const char *kOrganization = "507f1f77bcf86cd799439013";
constexpr const char *kId = "6560a1b2c3d4e5f601234567";

ac_key key_of_acme() {
    ac_key key{};
    std::strcpy(key.organization, kOrganization);
    std::strcpy(key.organization_slug, "acme-1");
    key.flags = AC_KEY_MAY_LIST | AC_KEY_ORG_ENABLED;
    return key;
}

ac_str str(std::string_view text) { return {text.data(), text.size()}; }

Read list(std::string_view query, std::string_view organization = "acme-1", const ac_key &key = key_of_acme()) {
    return Read({&key, str(organization), nullptr, str(query)});
}

Read one(std::string_view name) {
    const ac_key key = key_of_acme();
    const ac_str application = str(name);
    return Read({&key, str("acme-1"), &application, str("limit=0&cursor=x")});
}

std::string body_of(const Read &read) { return {read.answer().body.data, read.answer().body.len}; }

ObjectId id(const char *text) { return *ObjectId::parse(text); }

TEST(Read, ApplicationIsAskedForByIdOrSlugInAnyCase) {
    for (const char *name : {kId, "6560A1B2C3D4E5F601234567"}) {
        const Read read = one(name);
        EXPECT_FALSE(read.answered()) << name;
        EXPECT_EQ(std::get<ObjectId>(read.name()), id(kId)) << name;
    }
    for (const char *name : {"my-app-2", "My-APP-2"}) {
        const Read read = one(name);
        EXPECT_FALSE(read.answered()) << name;
        EXPECT_EQ(std::get<std::string>(read.name()), "my-app-2") << name;
    }
    EXPECT_EQ(one("my-app").organization(), id(kOrganization));
    EXPECT_FALSE(one("my-app").is_list());
}

TEST(Read, WhatCanBeNoNameIsMissing) {
    for (const std::string &name :
         {std::string(), std::string("ab"), std::string("-app"), std::string("app-"), std::string("my app"),
          std::string("a/b-c"), std::string("app\0s", 5), std::string(129, 'a'), std::string("Ünicode")}) {
        const Read read = one(name);
        EXPECT_EQ(read.answer().status, 404) << name;
        EXPECT_EQ(read.answer().code, AC_CODE_NOT_FOUND) << name;
        EXPECT_TRUE(read.is_missing()) << name;
    }
}

TEST(Read, AnotherOrganizationIsNotMissing) {
    ac_key disabled = key_of_acme();
    disabled.flags = AC_KEY_MAY_LIST;
    for (const Read &read :
         {list("", "acme-2"), list("", "507f1f77bcf86cd799439014"), list("", ""), list("", "acme-1", disabled)}) {
        EXPECT_EQ(read.answer().status, 404);
        EXPECT_FALSE(read.is_missing());
    }
    EXPECT_FALSE(list("", "ACME-1").answered());
    EXPECT_FALSE(list("", kOrganization).answered());
}

TEST(Read, ListHasItsLimit) {
    EXPECT_TRUE(list("").is_list());
    EXPECT_EQ(list("").limit(), 20U);
    EXPECT_EQ(list("").before(), std::nullopt);
    EXPECT_EQ(list("limit=1").limit(), 1U);
    EXPECT_EQ(list("other=7&&%6cimit=%31%30%30&x").limit(), 100U);
    EXPECT_EQ(list("xlimit=7").limit(), 20U);
}

TEST(Read, WrongParametersAreViolations) {
    const std::string cursor = make_cursor(id(kOrganization), id(kId));
    const std::string limit_rule = "query parameter limit must be a number from 1 to 100";
    const std::string cursor_rule = "query parameter cursor must be a nextCursor of this list";
    const std::vector<std::pair<std::string, std::string>> wrong = {
        {"limit=0", limit_rule},
        {"limit=101", limit_rule},
        {"limit=", limit_rule},
        {"limit", limit_rule},
        {"limit=-1", limit_rule},
        {"limit=+1", limit_rule},
        {"limit=1x", limit_rule},
        {"limit=99999999999999999999", limit_rule},
        {"limit=2&limit=2", "query parameter limit must be sent at most once"},
        {"cursor=", cursor_rule},
        {"cursor", cursor_rule},
        {"cursor=" + std::string(kId), cursor_rule},
        {"cursor=" + cursor.substr(1), cursor_rule},
        {"cursor=" + cursor + "A", cursor_rule},
        {"cursor=" + std::string(20, '='), cursor_rule},
        {"cursor=" + make_cursor(id("507f1f77bcf86cd799439014"), id(kId)), cursor_rule},
        {"cursor=" + cursor + "&cursor=" + cursor, "query parameter cursor must be sent at most once"}};
    for (const auto &[query, message] : wrong) {
        const Read read = list(query);
        EXPECT_EQ(read.answer().status, 400) << query;
        EXPECT_EQ(read.answer().code, AC_CODE_VALIDATION) << query;
        EXPECT_NE(body_of(read).find(R"({"pointer":"","message":")" + message + R"("})"), std::string::npos)
            << query << body_of(read);
        EXPECT_FALSE(read.is_missing()) << query;
    }
}

TEST(Read, CursorComesBack) {
    for (const char *text : {kId, "000000000000000000000000", "ffffffffffffffffffffffff", "fbefbefbefbefbefbefbefbe"}) {
        const std::string cursor = make_cursor(id(kOrganization), id(text));
        EXPECT_EQ(cursor.size(), 20U);
        EXPECT_EQ(cursor.find_first_of("+/=%"), std::string::npos) << cursor;
        EXPECT_EQ(list("limit=5&cursor=" + cursor).before(), id(text));
        for (std::size_t i = 0; i < cursor.size(); ++i) {
            std::string other = cursor;
            other[i] = other[i] == 'A' ? 'B' : 'A';
            EXPECT_EQ(read_cursor(id(kOrganization), other), std::nullopt) << other;
        }
    }
}

TEST(Read, AnswersAreFramed) {
    Read found = one("my-app");
    found.found(R"({"id":"x"})");
    EXPECT_EQ(found.answer().status, 200);
    EXPECT_EQ(body_of(found), R"({"status":true,"data":{"id":"x"}})");

    RecordPage page;
    Read empty = list("");
    empty.listed(page);
    EXPECT_EQ(body_of(empty), R"({"status":true,"data":{"applications":[]}})");

    EXPECT_TRUE(page.add(id("6560a1b2c3d4e5f601234568"), R"({"n":2})", 2));
    EXPECT_TRUE(page.add(id(kId), R"({"n":1})", 2));
    Read last = list("");
    last.listed(page);
    EXPECT_EQ(body_of(last), R"({"status":true,"data":{"applications":[{"n":2},{"n":1}]}})");

    EXPECT_FALSE(page.add(id("6560a1b2c3d4e5f601234566"), R"({"n":0})", 2));
    Read more = list("");
    more.listed(page);
    EXPECT_EQ(body_of(more), R"({"status":true,"data":{"applications":[{"n":2},{"n":1}],"nextCursor":")" +
                                 make_cursor(id(kOrganization), id(kId)) + R"("}})");
}

TEST(Read, PageOfLargeRecordsEndsEarly) {
    RecordPage page;
    const std::string large(kListBytes / 2, 'x');
    EXPECT_TRUE(page.add(id(kId), large, 100));
    EXPECT_TRUE(page.add(id(kId), large, 100));
    EXPECT_FALSE(page.add(id(kId), "{}", 100));
    EXPECT_TRUE(page.is_more);
    // One alone is as large as it is.
    RecordPage single;
    EXPECT_TRUE(single.add(id(kId), std::string(kListBytes + 1, 'x'), 100));
    EXPECT_FALSE(single.is_more);
}

TEST(Query, ParametersAreTaken) {
    std::string_view query = "a=1&&b&=c&d==&%65=%";
    const std::vector<std::pair<std::string, std::string>> expected = {{"a", "1"}, {"", ""},   {"b", ""},
                                                                       {"", "c"},  {"d", "="}, {"%65", "%"}};
    for (const auto &[name, value] : expected) {
        ASSERT_FALSE(query.empty());
        const QueryParameter parameter = take_parameter(query);
        EXPECT_EQ(parameter.name, name);
        EXPECT_EQ(parameter.value, value);
    }
    EXPECT_TRUE(query.empty());
    EXPECT_TRUE(equals_decoded("%65%3D", "e="));
    EXPECT_FALSE(equals_decoded("e", "ee"));
    EXPECT_FALSE(equals_decoded("ee", "e"));
    EXPECT_EQ(decoded("%4a+%zz%4"), "J+%zz%4");
}

}  // namespace
}  // namespace appcreate::test
