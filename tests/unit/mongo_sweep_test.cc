// How often expired Idempotency-Keys are forgotten: as often as 1,000 keyed creates a second need it.
#include <gtest/gtest.h>

#include <algorithm>

#include "mongo/serve/sweeper.h"

namespace appcreate::test {
namespace {

constexpr std::int64_t kSecondNs = 1'000'000'000;
constexpr std::int64_t kPerSecond = 1'000;

struct Hour {
    std::int64_t left = 0;  // at its end
    std::int64_t most = 0;  // at any time
    std::int64_t busy_ns = 0;
    int sweeps = 0;
};

// An hour in which so many expire in each second, and a sweep takes so long.
Hour sweep_for_an_hour(std::int64_t per_second, std::int64_t took_ns) {
    mongo::SweepPace pace(0);
    std::int64_t forgotten = 0;
    const auto expired = [&](std::int64_t now) { return now / (kSecondNs / per_second) - forgotten; };
    Hour out;
    std::int64_t now = 0;
    while ((now = std::max(now, pace.next())) < 3'600 * kSecondNs) {
        const std::int64_t began = now;
        pace.begin(began);
        out.most = std::max(out.most, expired(now));
        const std::int64_t some = std::min<std::int64_t>(expired(now), mongo::kSweep);
        forgotten += some;
        now += took_ns;
        out.busy_ns += took_ns;
        ++out.sweeps;
        if (some == mongo::kSweep) pace.more(began, now);
    }
    out.left = expired(3'600 * kSecondNs);
    return out;
}

TEST(MongoSweep, KeepsUpWithAThousandKeyedCreatesASecond) {
    for (const std::int64_t ms : {1, 20, 100, 240}) {
        const Hour hour = sweep_for_an_hour(kPerSecond, ms * 1'000'000);
        EXPECT_LE(hour.left, 70 * kPerSecond) << "those of the last minute; a sweep takes " << ms << " ms";
        EXPECT_LE(hour.most, 70 * kPerSecond) << ms;
        EXPECT_LE(hour.busy_ns, 3'600 * kSecondNs / 2 + kSecondNs) << "creates have the server half of the time";
    }
}

TEST(MongoSweep, LeavesCreatesHalfOfTheTimeWhateverExpires) {
    for (const std::int64_t ms : {20, 400, 2'000}) {
        const Hour hour = sweep_for_an_hour(50 * kPerSecond, ms * 1'000'000);
        EXPECT_LE(hour.busy_ns, 3'600 * kSecondNs / 2 + 2 * kSecondNs) << "a sweep takes " << ms << " ms";
    }
}

TEST(MongoSweep, LooksOnceAMinuteWhereThereIsLittle) {
    EXPECT_LE(sweep_for_an_hour(1, 20'000'000).sweeps, 60);
    EXPECT_EQ(sweep_for_an_hour(1, 20'000'000).left, 60) << "those of the last minute";
}

}  // namespace
}  // namespace appcreate::test
