// The search for a number behind a taken slug, against a model and against names that were made to be in its way.
#include "slug/free_number.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <random>
#include <set>
#include <vector>

namespace appcreate::test {
namespace {

using Numbers = std::set<std::uint64_t>;

constexpr std::size_t kWidths[] = {1, 32};  // of the stores

struct Search {
    std::uint64_t found = 0;
    std::vector<std::uint64_t> looked_at;
    std::size_t round_trips = 0;
};

Search search(const Numbers &taken, std::uint64_t start, std::size_t width, std::mt19937_64 &random) {
    Search out;
    NumberSearch search(start, width, [&] { return random(); });
    for (; !search.numbers().empty(); ++out.round_trips) {
        const auto numbers = search.numbers();
        EXPECT_TRUE(std::is_sorted(numbers.begin(), numbers.end()));
        out.looked_at.insert(out.looked_at.end(), numbers.begin(), numbers.end());
        const auto free = std::find_if(numbers.begin(), numbers.end(), [&](auto n) { return !taken.contains(n); });
        search.go_on(static_cast<std::size_t>(free - numbers.begin()));
    }
    out.found = search.number();
    return out;
}

// Free, the one before it is not, and found with a logarithm's effort.
void expect_right(const Numbers &taken, std::uint64_t start, std::size_t width, const Search &got) {
    EXPECT_FALSE(taken.contains(got.found));
    EXPECT_GT(got.found, start);
    EXPECT_TRUE(got.found - 1 == start || taken.contains(got.found - 1));
    const auto bits = static_cast<std::size_t>(std::bit_width(taken.size()));
    if (width == 1) {
        EXPECT_LE(got.looked_at.size(), 2 * bits + 12) << taken.size() << " names";
    } else {
        EXPECT_LE(got.round_trips, 2 + (bits + 6) / 5) << taken.size() << " names";
    }
}

TEST(FreeNumber, IsTheNextOfAnUndisturbedSeries) {
    std::mt19937_64 random(1);
    for (const std::size_t width : kWidths) {
        Numbers taken;
        for (std::uint64_t n = 2; n < 3000; n += 1 + n / 40) {
            while (taken.size() < n) taken.insert(2 + taken.size());
            for (const std::uint64_t start : {std::uint64_t{1}, n / 2 + 1, n}) {
                const Search got = search(taken, start, width, random);
                EXPECT_EQ(got.found, *taken.rbegin() + 1);
                expect_right(taken, start, width, got);
            }
        }
    }
}

TEST(FreeNumber, IsFreeWhateverIsTaken) {
    std::mt19937_64 random(2);
    for (int round = 0; round < 400; ++round) {
        Numbers taken;
        const std::uint64_t row = random() % 50;
        for (std::uint64_t i = 2; i < 2 + row; ++i) taken.insert(i);
        const unsigned bits = 3 + round % 58;
        for (std::size_t i = random() % 300; i > 0; --i) taken.insert(1 + random() % (std::uint64_t{1} << bits));
        for (const std::size_t width : kWidths) {
            const std::uint64_t start = taken.empty() ? 1 : *std::next(taken.begin(), random() % taken.size());
            expect_right(taken, start, width, search(taken, start, width, random));
        }
    }
}

// The names of issue and kind: all that stand at the distances that doubling alone would look at, from many starts.
TEST(FreeNumber, IsFoundBehindAllPowersOfTwo) {
    std::mt19937_64 random(3);
    Numbers taken;
    for (std::uint64_t start = 1; start < 20; ++start) {
        for (unsigned k = 0; k < 63; ++k) taken.insert(start + (std::uint64_t{1} << k));
    }
    for (std::uint64_t start = 1; start < 20; ++start) {
        for (const std::size_t width : kWidths) {
            expect_right(taken, start, width, search(taken, start, width, random));
        }
    }
}

// Somebody who knows all but the random numbers, and takes whatever was looked at the last time.
TEST(FreeNumber, CannotBeForeseen) {
    for (const std::size_t width : kWidths) {
        std::mt19937_64 random(4);
        Numbers taken;
        for (int round = 0; round < 300; ++round) {
            const Search got = search(taken, 1, width, random);
            expect_right(taken, 1, width, got);
            taken.insert(got.looked_at.begin(), got.looked_at.end());
        }
    }
}

// Whole octaves, each but for one number.
TEST(FreeNumber, IsFoundBehindFullOctaves) {
    std::mt19937_64 random(5);
    Numbers taken;
    for (unsigned octave = 0; octave < 16; ++octave) {
        const std::uint64_t size = std::uint64_t{1} << octave;
        for (std::uint64_t i = 0; i < size; ++i) taken.insert(1 + size + i);
        taken.erase(1 + size + random() % size);
        for (const std::size_t width : kWidths) {
            expect_right(taken, 1, width, search(taken, 1, width, random));
        }
    }
}

TEST(FreeNumber, DoesNotWrap) {
    std::mt19937_64 random(6);
    Numbers taken;
    for (std::uint64_t i = 0; i < 100; ++i) taken.insert(kLargestNumber + i);
    for (const std::size_t width : kWidths) {
        const Search got = search(taken, kLargestNumber, width, random);
        EXPECT_EQ(got.found, kLargestNumber + 100);
        for (const std::uint64_t number : got.looked_at) EXPECT_LT(number, std::uint64_t{1} << 62);
    }
}

// A store that says of everything that it is taken.
TEST(FreeNumber, EndsWhereNothingIsFree) {
    std::mt19937_64 random(7);
    for (const std::size_t width : kWidths) {
        std::size_t looked_at = 0;
        NumberSearch search(1, width, [&] { return random(); });
        EXPECT_ANY_THROW(for (;;) {
            ASSERT_LT(looked_at, 100U);
            looked_at += search.numbers().size();
            search.go_on(search.numbers().size());
        });
        EXPECT_LT(looked_at, 100U);
    }
}

TEST(FreeNumber, ChanceIsTheKernels) {
    std::set<std::uint64_t> seen;
    for (int i = 0; i < 100; ++i) seen.insert(random_number());
    EXPECT_EQ(seen.size(), 100U);
}

}  // namespace
}  // namespace appcreate::test
