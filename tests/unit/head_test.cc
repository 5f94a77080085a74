#include "request/head.h"

#include <gtest/gtest.h>

#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "auth/key_check.h"
#include "auth/token.h"
#include "support/contract.h"

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

HeadResult check(const HeadRow &row) {
    const auto lines_of = [&row](const std::string &name) {
        std::vector<ac_str> lines;
        if (const auto sent = row.headers.find(name); sent != row.headers.end()) {
            for (const std::string &line : sent->second) lines.push_back(str(line));
        } else if (name == "Content-Type") {
            lines.push_back(str("application/json"));
        }
        return lines;
    };
    const std::vector<ac_str> types = lines_of("Content-Type");
    const std::vector<ac_str> encodings = lines_of("Content-Encoding");
    const std::vector<ac_str> keys = lines_of("Idempotency-Key");
    ac_head head{};
    head.query = str(row.query);
    head.content_type = types.data();
    head.n_content_type = types.size();
    head.content_encoding = encodings.data();
    head.n_content_encoding = encodings.size();
    head.idempotency_key = keys.data();
    head.n_idempotency_key = keys.size();
    return check_head(head);
}

ac_access access_of(const HeadRow &row) {
    const auto sent = row.headers.find("Authorization");
    std::string line = sent == row.headers.end() ? "Bearer {token}" : sent->second.empty() ? "" : sent->second[0];
    if (const std::size_t at = line.find("{token}"); at != std::string::npos) line.replace(at, 7, "abc");
    ac_bearer bearer;
    return parse_bearer(line, bearer);
}

std::string challenge_of(ac_access access) {
    char challenge[200];
    return {challenge, write_challenge(access, "applications", challenge, sizeof challenge)};
}

// X-Request-ID is not the core's.
TEST(ContractHeads, HaveTheirAnswers) {
    for (const HeadRow &row : contract_heads()) {
        SCOPED_TRACE(row.text);
        if (const ac_access access = access_of(row); access != AC_ACCESS_OK) {
            EXPECT_EQ(access == AC_ACCESS_NO_TOKEN ? AC_CODE_NO_TOKEN : AC_CODE_UNAUTHORIZED, row.code);
            EXPECT_EQ(challenge_of(access), row.answer.at("WWW-Authenticate"));
            continue;
        }
        const HeadResult result = check(row);
        EXPECT_EQ(result.code, row.code);
        if (row.code == AC_CODE_MEDIA_TYPE) {
            EXPECT_EQ(result.accept_identity ? "identity" : "", row.answer.at("Accept-Encoding"));
        } else {
            EXPECT_EQ(result.message, row.message);
        }
        if (row.code != 0) continue;
        EXPECT_EQ(result.validate_only, row.validates);
        const auto key = row.headers.find("Idempotency-Key");
        EXPECT_EQ(result.idempotency_key, key == row.headers.end() ? std::nullopt : std::optional(key->second.at(0)));
    }
}

TEST(Head, RefusesWhatNginxDoesNotPassOn) {
    EXPECT_EQ(check({.headers = {{"Content-Type", {"application/json; a=\"\x01\""}}}}).code, AC_CODE_MEDIA_TYPE);
    EXPECT_EQ(check({.query = "validateOnly=true "}).code, AC_CODE_VALIDATION);
    for (const std::string &key : {std::string("\x7f"), std::string("a\0b", 3)}) {
        EXPECT_EQ(check({.headers = {{"Idempotency-Key", {key}}}}).code, AC_CODE_VALIDATION);
    }
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
