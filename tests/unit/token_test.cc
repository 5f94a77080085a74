#include "auth/token.h"

#include <gtest/gtest.h>

#include <set>

namespace appcreate::test {
namespace {

std::string tag_of(const ac_bearer &bearer) {
    char tag[AC_TAG_SIZE];
    write_tag(bearer, tag);
    return tag;
}

ac_access access_of(std::string_view authorization) {
    ac_bearer bearer;
    return parse_bearer(authorization, bearer);
}

TEST(MakeToken, HasItsForm) {
    const std::string token = make_token();
    EXPECT_EQ(token.size(), 53U);
    EXPECT_TRUE(token.starts_with("aca_"));
    EXPECT_TRUE(is_b64token(token));
    EXPECT_TRUE(has_good_checksum(token));
}

TEST(MakeToken, NeverRepeatsAndUsesTheWholeAlphabet) {
    std::set<std::string> tokens;
    std::set<char> characters;
    for (int i = 0; i < 500; ++i) {
        const std::string token = make_token();
        tokens.insert(token);
        characters.insert(token.begin() + 5, token.begin() + 47);
    }
    EXPECT_EQ(tokens.size(), 500U);
    EXPECT_EQ(characters.size(), 62U);
}

TEST(Checksum, FindsEverySingleWrongCharacter) {
    const std::string token = make_token();
    for (std::size_t at = 4; at < token.size(); ++at) {
        std::string wrong = token;
        wrong[at] = wrong[at] == 'x' ? 'y' : 'x';
        EXPECT_FALSE(has_good_checksum(wrong)) << at;
        EXPECT_EQ(access_of("Bearer " + wrong), AC_ACCESS_INVALID) << at;
    }
}

// Tokens that operators register themselves may look nearly like ours.
TEST(Checksum, JudgesOnlyOurOwnForm) {
    const std::string wrong = "aca_" + std::string(49, 'x');
    EXPECT_FALSE(has_good_checksum(wrong));
    for (const std::string &token : {std::string("aca_"), "aca_" + std::string(48, 'x'), "aca_" + std::string(50, 'x'),
                                     "ACA_" + std::string(49, 'x'), "aca_" + std::string(48, 'x') + "-",
                                     "acb_" + std::string(49, 'x'), "aca_" + std::string(48, 'x') + "="}) {
        EXPECT_TRUE(has_good_checksum(token)) << token;
        EXPECT_EQ(access_of("Bearer " + token), AC_ACCESS_OK) << token;
    }
}

TEST(B64token, IsThatOfRfc6750) {
    for (const std::string &token : {std::string("a"), std::string("A0-._~+/"), std::string("abc="),
                                     std::string("abc==="), std::string(512, 'a'), std::string(511, 'a') + "="}) {
        EXPECT_TRUE(is_b64token(token)) << token;
    }
    for (const std::string &token :
         {std::string(), std::string("="), std::string("a=b"), std::string("a b"), std::string("a,b"),
          std::string("a\"b"), std::string("a\0b", 3), std::string("caf\xC3\xA9"), std::string(513, 'a'),
          std::string("a:b"), std::string("a\n")}) {
        EXPECT_FALSE(is_b64token(token)) << token;
    }
}

// The rest of its rules are rows of tests/contract/heads.json.
TEST(ParseBearer, Takes512BytesWithinWhiteSpaceAndNoNul) {
    EXPECT_EQ(access_of("Bearer " + std::string(512, 'a')), AC_ACCESS_OK);
    EXPECT_EQ(access_of(" Bearer abc\t"), AC_ACCESS_OK);
    EXPECT_EQ(access_of(" "), AC_ACCESS_NO_TOKEN);
    EXPECT_EQ(access_of(std::string("Bearer a\0b", 10)), AC_ACCESS_INVALID);
}

TEST(ParseBearer, DigestIsThatOfTheToken) {
    ac_bearer bearer;
    ASSERT_EQ(parse_bearer("Bearer abc", bearer), AC_ACCESS_OK);
    EXPECT_TRUE(std::equal(std::begin(bearer.digest), std::end(bearer.digest), sha256("abc").begin()));
}

TEST(ParseBearer, TagShowsNothingOfTheDigest) {
    ac_bearer bearer;
    ASSERT_EQ(parse_bearer("Bearer abc", bearer), AC_ACCESS_OK);
    const std::string tag = tag_of(bearer);
    EXPECT_EQ(tag.size(), 16U);
    EXPECT_EQ(tag.find_first_not_of("0123456789abcdef"), std::string::npos);
    std::string digest(64, '\0');
    write_lower_hex(bearer.digest, sizeof(bearer.digest), digest.data());
    EXPECT_EQ(digest.find(tag), std::string::npos);

    ac_bearer other;
    ASSERT_EQ(parse_bearer("Bearer abd", other), AC_ACCESS_OK);
    EXPECT_NE(tag, tag_of(other));
}

TEST(ParseBearer, LeavesItsOutputAloneOnFailure) {
    ac_bearer bearer{};
    bearer.digest[0] = 'k';
    EXPECT_EQ(parse_bearer("Bearer a b", bearer), AC_ACCESS_INVALID);
    EXPECT_EQ(bearer.digest[0], 'k');
}

}  // namespace
}  // namespace appcreate::test
