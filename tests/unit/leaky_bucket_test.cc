// The arithmetic of app_create_limit (docs/directives.md, "app_create_limit"), which knows nothing of nginx.
#include "leaky_bucket.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <random>

namespace appcreate::test {
namespace {

using nginx::kMostRequests;
using nginx::kRequestUnits;
using nginx::LeakyBucket;
using nginx::LimitRate;

// What a gateway does with a request: true when it is taken.
bool ask(LeakyBucket *bucket, const LimitRate &rate, int64_t now) {
    bucket->leak(rate, now);
    const bool taken = room_of(rate, bucket->level) > 0;
    if (taken) {
        bucket->take();
    }
    return taken;
}

TEST(LeakyBucket, TakesTheBurstAndOneMoreAtOnce) {
    for (const uint64_t burst : {0, 1, 7, 1000}) {
        const LimitRate rate = {1, burst};
        LeakyBucket bucket = {0, 5};
        uint64_t taken = 0;
        while (ask(&bucket, rate, 5)) {
            ++taken;
        }
        EXPECT_EQ(taken, burst + 1);
    }
}

TEST(LeakyBucket, ARateOfAMinuteIsExactToTheMillisecond) {
    // 7 a minute is no whole number of milliseconds, nor of thousandths of a request in one.
    for (const uint64_t per_minute : {1, 7, 59, 60, 61, 999}) {
        const LimitRate rate = {per_minute, 0};
        LeakyBucket bucket = {0, 0};
        uint64_t taken = 0;
        for (int64_t now = 0; now < 10 * 60000; ++now) {
            taken += ask(&bucket, rate, now) ? 1 : 0;
        }
        // One asked for in each millisecond: what is lost is the rest of a millisecond for each that is taken.
        EXPECT_LE(taken, per_minute * 10 + 1);
        EXPECT_GE(taken * (60000 / per_minute + 1), 10 * 60000U);
    }
}

TEST(LeakyBucket, NeverTakesMoreThanBurstAndRateAllow) {
    std::mt19937_64 random(1);
    for (int round = 0; round < 200; ++round) {
        const LimitRate rate = {1 + random() % 600, random() % 20};
        LeakyBucket bucket = {0, 0};
        int64_t now = 0;
        uint64_t taken = 0;
        for (int i = 0; i < 2000; ++i) {
            now += static_cast<int64_t>(random() % 300);
            taken += ask(&bucket, rate, now) ? 1 : 0;
            const uint64_t leaked = static_cast<uint64_t>(now) * rate.per_minute;
            ASSERT_LE(taken * kRequestUnits, capacity_of(rate) + leaked);
        }
    }
}

TEST(LeakyBucket, WhoWaitsAsLongAsIsSaidIsTaken) {
    std::mt19937_64 random(2);
    for (int round = 0; round < 500; ++round) {
        const LimitRate rate = {1 + random() % 6000, random() % 5};
        LeakyBucket bucket = {0, 0};
        int64_t now = 0;
        while (ask(&bucket, rate, now)) {
            now += static_cast<int64_t>(random() % 3);
        }
        const uint64_t seconds = nginx::seconds_to_more_room(rate, bucket.level);
        ASSERT_GE(seconds, 1U);
        LeakyBucket earlier = bucket;
        ASSERT_TRUE(ask(&bucket, rate, now + static_cast<int64_t>(seconds) * 1000));
        // And none says a second too much.
        earlier.leak(rate, now + static_cast<int64_t>(seconds) * 1000 - 1000);
        ASSERT_EQ(room_of(rate, earlier.level), 0U);
    }
}

TEST(LeakyBucket, RoomAndTheTimeToMoreOfIt) {
    const LimitRate rate = {60, 4};
    EXPECT_EQ(room_of(rate, 0), 5U);
    EXPECT_EQ(nginx::seconds_to_more_room(rate, 0), 1U);
    EXPECT_EQ(room_of(rate, kRequestUnits), 4U);
    EXPECT_EQ(room_of(rate, kRequestUnits + 1), 3U);
    EXPECT_EQ(room_of(rate, capacity_of(rate)), 0U);
    EXPECT_EQ(nginx::seconds_to_more_room(rate, capacity_of(rate)), 1U);
    // A reload has made the burst smaller.
    EXPECT_EQ(room_of(rate, 10 * kRequestUnits), 0U);
    EXPECT_EQ(nginx::seconds_to_more_room(rate, 10 * kRequestUnits), 6U);
    EXPECT_EQ(nginx::seconds_to_more_room({1, 0}, kRequestUnits), 60U);
}

TEST(LeakyBucket, WindowIsTheTimeToEmptyAFullOne) {
    EXPECT_EQ(nginx::window_of({600, 20}), 3U);  // 10r/s, 21 at once
    EXPECT_EQ(nginx::window_of({1, 0}), 60U);
    EXPECT_EQ(nginx::window_of({1, 3}), 240U);
    EXPECT_EQ(nginx::window_of({6000, 0}), 1U);
}

TEST(LeakyBucket, AClockThatGoesBackGivesNothing) {
    const LimitRate rate = {1, 0};
    LeakyBucket bucket = {0, 0};
    EXPECT_TRUE(ask(&bucket, rate, 100000));
    EXPECT_FALSE(ask(&bucket, rate, 99990));
    EXPECT_FALSE(ask(&bucket, rate, 159999));
    EXPECT_TRUE(ask(&bucket, rate, 160000));
    // One that was set back by more holds nobody up for longer than the limit itself.
    EXPECT_FALSE(ask(&bucket, rate, 20000));
    EXPECT_TRUE(ask(&bucket, rate, 80000));
}

TEST(LeakyBucket, LargestNumbersAreHeld) {
    const LimitRate rate = {60 * static_cast<uint64_t>(kMostRequests), static_cast<uint64_t>(kMostRequests)};
    LeakyBucket bucket = {capacity_of(rate), 0};
    EXPECT_EQ(room_of(rate, bucket.level), 0U);
    EXPECT_EQ(nginx::window_of(rate), 2U);
    bucket.leak(rate, std::numeric_limits<int64_t>::max());
    EXPECT_EQ(bucket.level, 0U);
}

}  // namespace
}  // namespace appcreate::test
