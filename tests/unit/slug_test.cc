#include "slug/slug.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <thread>
#include <vector>

#include "support/contract.h"

namespace appcreate::test {
namespace {

// Names without a letter beyond ASCII become the same without ICU.
TEST(ContractSlugs, OfEveryName) {
    for (const SlugRow &row : contract_slugs()) {
        const std::string expected = row.slug.value_or("");
        EXPECT_EQ(slug_of_name(row.name), expected) << row.name << ": " << row.rule;
        const bool is_ascii = std::all_of(row.name.begin(), row.name.end(), [](char c) { return c > 0; });
        if (is_ascii) {
            EXPECT_EQ(slug_of_ascii(row.name), expected) << row.name << ": " << row.rule;
        }
    }
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
}  // namespace appcreate::test
