#include "base/values.h"
#include "base/digest.h"
#include "slug/slug.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <set>
#include <thread>

#include "support/child.h"

namespace appcreate::test {
namespace {

TEST(ObjectId, ReadsAnyCaseAndWritesLowerCase) {
    const auto id = ObjectId::parse("507F1f77bcf86cd79943901A");
    ASSERT_TRUE(id);
    EXPECT_EQ(id->hex(), "507f1f77bcf86cd79943901a");
    EXPECT_EQ(id, ObjectId::parse("507f1f77bcf86cd79943901a"));
    EXPECT_LT(*id, *ObjectId::parse("507f1f77bcf86cd79943901b"));
}

TEST(ObjectId, RefusesOtherForms) {
    for (const std::string_view text : {"", "507f1f77bcf86cd79943901", "507f1f77bcf86cd7994390111",
                                        "507f1f77bcf86cd79943901g", "507f1f77bcf86cd79943901 "}) {
        EXPECT_FALSE(ObjectId::parse(text)) << text;
        EXPECT_FALSE(is_hex24(text)) << text;
    }
}

TEST(ObjectId, StartsWithTheSecondsAndAscends) {
    const std::int64_t before = now_ms() / 1000;
    const ObjectId first = ObjectId::make();
    const ObjectId second = ObjectId::make();
    const std::int64_t seconds = std::stoll(first.hex().substr(0, 8), nullptr, 16);
    EXPECT_GE(seconds, before);
    EXPECT_LE(seconds, now_ms() / 1000);
    EXPECT_EQ(first.hex().substr(8, 10), second.hex().substr(8, 10));
    EXPECT_NE(first, second);
}

TEST(ObjectId, IsUniqueOverThreads) {
    constexpr int kThreads = 4;
    constexpr int kEach = 5000;
    std::vector<std::vector<ObjectId>> made(kThreads);
    std::vector<std::thread> threads;
    threads.reserve(kThreads);
    for (auto &ids : made) {
        threads.emplace_back([&ids] {
            for (int i = 0; i < kEach; ++i) ids.push_back(ObjectId::make());
        });
    }
    for (std::thread &thread : threads) thread.join();
    std::set<ObjectId> all;
    for (const auto &ids : made) all.insert(ids.begin(), ids.end());
    EXPECT_EQ(all.size(), std::size_t{kThreads} * kEach);
}

TEST(ObjectId, HasAnotherRandomPartAfterAFork) {
    const std::string parent = ObjectId::make().hex().substr(8, 10);
    int channel[2];
    ASSERT_EQ(pipe(channel), 0);
    Child child([&] {
        const std::string id = ObjectId::make().hex();
        return write(channel[1], id.data(), id.size()) == 24 ? 0 : 1;
    });
    std::string id(24, '\0');
    ASSERT_EQ(read(channel[0], id.data(), id.size()), 24);
    EXPECT_EQ(child.wait(), 0);
    close(channel[0]);
    close(channel[1]);
    EXPECT_NE(id.substr(8, 10), parent);
}

TEST(Roles, AreTheContractsInItsOrder) {
    EXPECT_EQ(role_index("org.owner"), 0);
    EXPECT_EQ(role_index("org.admin"), 1);
    EXPECT_EQ(role_index("org.editor"), 2);
    EXPECT_EQ(role_index("org.viewer"), 3);
    EXPECT_EQ(role_index("app.owner"), 4);
    EXPECT_EQ(role_index("app.admin"), 5);
    EXPECT_EQ(role_index("app.editor"), 6);
    EXPECT_EQ(role_index("app.viewer"), 7);
    EXPECT_EQ(role_index("unknown"), 8);
    EXPECT_FALSE(role_index(""));
    EXPECT_FALSE(role_index("Org.owner"));
}

TEST(Timestamp, IsWrittenWithMilliseconds) {
    EXPECT_EQ(timestamp(0), "1970-01-01T00:00:00.000Z");
    EXPECT_EQ(timestamp(1), "1970-01-01T00:00:00.001Z");
    EXPECT_EQ(timestamp(-1), "1969-12-31T23:59:59.999Z");
    EXPECT_EQ(timestamp(951827696789), "2000-02-29T12:34:56.789Z");
    EXPECT_EQ(timestamp(253402300799999), "9999-12-31T23:59:59.999Z");
}

TEST(Timestamp, OfAYearThatHasNotFourDigitsIsTheNearest) {
    EXPECT_EQ(timestamp(INT64_MAX), "9999-12-31T23:59:59.999Z");
    EXPECT_EQ(timestamp(INT64_MIN), "0000-01-01T00:00:00.000Z");
}

TEST(Timestamp, ReadsRfc3339) {
    EXPECT_EQ(parse_timestamp("1970-01-01T00:00:00Z"), 0);
    EXPECT_EQ(parse_timestamp("2000-02-29T12:34:56.789Z"), 951827696789);
    EXPECT_EQ(parse_timestamp("2000-02-29t12:34:56.7z"), 951827696700);
    EXPECT_EQ(parse_timestamp("2000-02-29T12:34:56.789999999Z"), 951827696789);
    EXPECT_EQ(parse_timestamp("2000-02-29T14:04:56.789+01:30"), 951827696789);
    EXPECT_EQ(parse_timestamp("2000-02-29T07:34:56.789-05:00"), 951827696789);
    EXPECT_EQ(parse_timestamp("2016-12-31T23:59:60Z"), parse_timestamp("2017-01-01T00:00:00Z"));
    EXPECT_EQ(parse_timestamp("1969-12-31T23:59:59.999Z"), -1);
}

TEST(Timestamp, RefusesWhatIsNotRfc3339) {
    for (const std::string_view text : {"",
                                        "2000",
                                        "2000-02-29",
                                        "2000-02-29T12:34:56",
                                        "2000-02-30T12:34:56Z",
                                        "2001-02-29T12:34:56Z",
                                        "2000-00-01T12:34:56Z",
                                        "2000-13-01T12:34:56Z",
                                        "2000-02-29T24:00:00Z",
                                        "2000-02-29T12:60:56Z",
                                        "2000-02-29T12:34:61Z",
                                        "2000-02-29T12:34:56.Z",
                                        "2000-02-29T12:34:56+1:00",
                                        "2000-02-29T12:34:56+24:00",
                                        "2000-02-29T12:34:56+01:60",
                                        "2000-02-29T12:34:56Zx",
                                        "2000-02-29T12:34:56Z ",
                                        "-200-02-29T12:34:56Z",
                                        "2000-02-29T-1:34:56Z",
                                        "2000-02-29T+1:34:56Z",
                                        "20000-02-29T12:34:56Z",
                                        "2000/02/29T12:34:56Z"}) {
        EXPECT_FALSE(parse_timestamp(text)) << text;
    }
}

TEST(OrganizationSlug, HasThreeTo128LettersDigitsAndHyphens) {
    for (const std::string &text : {std::string("abc"), std::string("ABC"), std::string("a-1"), std::string("---"),
                                    std::string(128, 'a'), std::string("507f1f77bcf86cd79943901")}) {
        EXPECT_TRUE(is_organization_slug(text)) << text;
    }
    for (const std::string &text : {std::string(), std::string("ab"), std::string(129, 'a'), std::string("a\\b"),
                                    std::string("a_b"), std::string("a b"), std::string("caf\xC3\xA9"),
                                    std::string("507f1f77bcf86cd799439011"), std::string("a\0b", 3)}) {
        EXPECT_FALSE(is_organization_slug(text)) << text;
    }
}

std::string hex(const Digest &digest) {
    std::string text(64, '\0');
    write_lower_hex(digest.data(), digest.size(), text.data());
    return text;
}

TEST(Sha256, MatchesPublishedVectors) {
    EXPECT_EQ(hex(sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_EQ(hex(sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Sha256, OfPartsIsThatOfTheJoinedText) {
    EXPECT_EQ(sha256({"a", "", "bc"}), sha256("abc"));
    EXPECT_NE(sha256({"a", "bc"}), sha256("acb"));
}

TEST(RandomBytes, DifferEachTime) {
    std::array<std::uint8_t, 16> first{};
    std::array<std::uint8_t, 16> second{};
    random_bytes(first.data(), first.size());
    random_bytes(second.data(), second.size());
    EXPECT_NE(first, second);
}

}  // namespace
}  // namespace appcreate::test
