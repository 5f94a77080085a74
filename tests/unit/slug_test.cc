#include "slug.h"

#include <gtest/gtest.h>

#include <random>
#include <thread>
#include <vector>

namespace appcreate {
namespace {

TEST(SlugOfAscii, LowersAndJoins) {
    EXPECT_EQ(slug_of_ascii("My App"), "my-app");
    EXPECT_EQ(slug_of_ascii("Enterprise Mobile Banking App"), "enterprise-mobile-banking-app");
    EXPECT_EQ(slug_of_ascii("a -- b__c...d"), "a-b-c-d");
    EXPECT_EQ(slug_of_ascii("--abc--"), "abc");
    EXPECT_EQ(slug_of_ascii("v1.0 (beta)"), "v1-0-beta");
}

TEST(SlugOfAscii, DeletesQuotes) {
    EXPECT_EQ(slug_of_ascii("Bob's"), "bobs");
    EXPECT_EQ(slug_of_ascii("\"Quoted\" name"), "quoted-name");
    EXPECT_EQ(slug_of_ascii("rock 'n' roll"), "rock-n-roll");
    EXPECT_EQ(slug_of_ascii("a ' b"), "a-b");
}

TEST(SlugOfAscii, OfTooLittleGetsAPrefix) {
    EXPECT_EQ(slug_of_ascii("a"), "app-a");
    EXPECT_EQ(slug_of_ascii("ab"), "app-ab");
    EXPECT_EQ(slug_of_ascii("-a-"), "app-a");
    EXPECT_EQ(slug_of_ascii("abc"), "abc");
    EXPECT_EQ(slug_of_ascii("a-b"), "a-b");
}

TEST(SlugOfAscii, IsNeverAnId) {
    EXPECT_EQ(slug_of_ascii("507f1f77bcf86cd799439011"), "app-507f1f77bcf86cd799439011");
    EXPECT_EQ(slug_of_ascii("507F1F77BCF86CD799439011"), "app-507f1f77bcf86cd799439011");
    EXPECT_EQ(slug_of_ascii("'507f1f77bcf86cd799439011!"), "app-507f1f77bcf86cd799439011");
    EXPECT_EQ(slug_of_ascii("507f1f77bcf86cd79943901g"), "507f1f77bcf86cd79943901g");
    EXPECT_EQ(slug_of_ascii("507f1f77bcf86cd79943901"), "507f1f77bcf86cd79943901");
}

TEST(SlugOfAscii, OfNothingIsEmpty) {
    for (const char *name : {"", "!", "---", "'", "'\"'", "?!*"}) EXPECT_EQ(slug_of_ascii(name), "") << name;
}

TEST(SlugOfAscii, IsCutAt128AndTrimmed) {
    EXPECT_EQ(slug_of_ascii(std::string(128, 'a')), std::string(128, 'a'));
    EXPECT_EQ(slug_of_ascii(std::string(129, 'a')), std::string(128, 'a'));
    EXPECT_EQ(slug_of_ascii(std::string(127, 'a') + " bcd"), std::string(127, 'a'));
    EXPECT_EQ(slug_of_ascii(std::string(126, 'a') + " bcd"), std::string(126, 'a') + "-b");
}

struct Named {
    const char *name;
    const char *slug;
};

TEST(SlugOfName, TransliteratesScripts) {
    constexpr Named kNames[] = {
        {"Мобильный банк", "mobilnyj-bank"},       // Cyrillic
        {"Ελληνική Τράπεζα", "ellenike-trapeza"},  // Greek
        {"تطبيق البنك", "ttbyq-albnk"},            // Arabic, right to left
        {"אפליקציה", "plyqzyh"},                   // Hebrew, right to left
        {"मोबाइल बैंक", "mobaila-bainka"},           // Devanagari
        {"মোবাইল", "mobaila"},                     // Bengali
        {"தமிழ் செயலி", "tamil-ceyali"},            // Tamil
        {"แอปธนาคาร", "xaep-thnakhar"},            // Thai
        {"モバイルバンク", "mobairubanku"},        // Katakana
        {"もばいる", "mobairu"},                   // Hiragana
        {"모바일 뱅킹", "mobail-baengking"},       // Hangul
        {"手机银行", "shou-ji-yin-xing"},          // Han
        {"ბანკი", "banki"},                        // Georgian
        {"Բջջային", "bjjayin"},                    // Armenian
        {"తెలుగు", "telugu"},                       // Telugu
    };
    for (const Named &named : kNames) EXPECT_EQ(slug_of_name(named.name), named.slug) << named.name;
}

TEST(SlugOfName, SimplifiesLatin) {
    constexpr Named kNames[] = {{"Œuvre d’art", "oeuvre-dart"},
                                {"Straße", "strasse"},
                                {"İstanbul", "istanbul"},
                                {"Łódź", "lodz"},
                                {"Ａｐｐｓ １", "apps-1"},
                                {"ﬁle", "file"},
                                {"e\u0301cole", "ecole"},
                                {"x\u0302yz", "xyz"},
                                {"№5", "no5"},
                                {"Z\u0351\u0343a\u0329lgo", "zalgo"}};
    for (const Named &named : kNames) EXPECT_EQ(slug_of_name(named.name), named.slug) << named.name;
}

TEST(SlugOfName, OfAnEmojiOrAScriptUnknownToIcuIsEmpty) {
    for (const char *name : {"🚀", "👩‍💻👍🏽", "ᏣᎳᎩ", "𓀀𓀁", "ᚠᚢᚦ", "؟"})
        EXPECT_EQ(slug_of_name(name), "") << name;
    EXPECT_EQ(slug_of_name("🚀 Rocket 🚀"), "rocket");
}

TEST(SlugOfName, DeletesModifierLetters) {
    EXPECT_EQ(slug_of_name("Bob’s"), "bobs");
    EXPECT_EQ(slug_of_name("Hawaiʻi"), "hawaii");
    EXPECT_EQ(slug_of_name("a\u02BEb\u02FFc"), "abc");
}

TEST(SlugOfName, OfALongHanNameIsCut) {
    std::string name;
    for (int i = 0; i < 128; ++i) name += "银";
    const std::string slug = slug_of_name(name);
    EXPECT_LE(slug.size(), kMaxSlug);
    EXPECT_GE(slug.size(), kMaxSlug - 1);
    EXPECT_TRUE(slug.starts_with("yin-yin-"));
    EXPECT_FALSE(slug.ends_with("-"));
}

TEST(SlugOfName, IsTheSameOnManyThreads) {
    warm_slugs();
    std::vector<std::string> slugs(4);
    std::vector<std::thread> threads;
    for (std::string &slug : slugs) {
        threads.emplace_back([&slug] {
            for (int i = 0; i < 50; ++i) slug = slug_of_name("Мобильный 银行 ბანკი");
        });
    }
    for (std::thread &thread : threads) thread.join();
    for (const std::string &slug : slugs) EXPECT_EQ(slug, "mobilnyj-yin-xing-banki");
}

// What is remembered of single characters adds up to what ICU makes of the whole.
TEST(SlugOfName, OfHanIsWhatTheRulesSay) {
    std::mt19937 random(20261124);
    const auto han = [&] {
        const auto c = 0x4E00 + random() % (random() % 2 == 0 ? 0x5200 : 0x600);
        return std::string{static_cast<char>(0xE0 | (c >> 12)), static_cast<char>(0x80 | ((c >> 6) & 0x3F)),
                           static_cast<char>(0x80 | (c & 0x3F))};
    };
    for (int i = 0; i < 3000; ++i) {
        std::string name;
        for (std::size_t n = 1 + random() % 12; n > 0; --n) {
            name += random() % 3 != 0 ? han() : std::string(1, static_cast<char>(' ' + random() % 95));
        }
        ASSERT_EQ(slug_of_name(name), slug_by_rules(name)) << name;
    }
    for (const char *name : {"\u4E00", "a\u4E00", "\u4E00a", "1\u4E00", "\u4E001", "'\u4E00\"", "\u4E00\u3000\u4E00",
                             "\u4E00\u304B", "\u9FFF", "\u3400\u4E00", "\u4E00\u0301"}) {
        EXPECT_EQ(slug_of_name(name), slug_by_rules(name)) << name;
    }
}

TEST(SlugOfId, EndsWithItsLastEightCharacters) { EXPECT_EQ(slug_of_id("507f1f77bcf86cd799439011"), "app-99439011"); }

TEST(NumberedSlug, CutsAndTrimsItsBase) {
    EXPECT_EQ(numbered_slug("my-app", 2), "my-app-2");
    EXPECT_EQ(numbered_slug("my-app", 18446744073709551615U), "my-app-18446744073709551615");
    EXPECT_EQ(numbered_slug(std::string(126, 'a'), 2), std::string(126, 'a') + "-2");
    EXPECT_EQ(numbered_slug(std::string(127, 'a'), 2), std::string(126, 'a') + "-2");
    EXPECT_EQ(numbered_slug(std::string(128, 'a'), 10), std::string(125, 'a') + "-10");
    EXPECT_EQ(numbered_slug(std::string(125, 'a') + "-bc", 2), std::string(125, 'a') + "-2");
}

}  // namespace
}  // namespace appcreate
