// Which number goes behind a slug that is taken (docs/api.md, "Slugs").
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace appcreate {

// No number beyond this is given; nothing that can be stored makes a series as long.
inline constexpr std::uint64_t kLargestNumber = std::uint64_t{1} << 60;

// The search for a free number above `taken`, which is taken and no larger than kLargestNumber: in an undisturbed
// series the next one.
//
// Looks at distances of 1, 2, 4, … until a number is free, then between it and the last taken one. Behind the first
// distances the number that is looked at is any one of its octave, by `random`: whoever wants to be in the way cannot
// know which, so only as many names as an octave has numbers can fill it. What is asked for grows with the logarithm
// of the equal names that there are, whatever they are. `width` numbers are asked for at a time, or, with a width above
// 1, one of each octave at first.
class NumberSearch {
  public:
    NumberSearch(std::uint64_t taken, std::size_t width, const std::function<std::uint64_t()> &random);

    // To be asked for now, in ascending order; empty when it is over.
    [[nodiscard]] std::span<const std::uint64_t> numbers() const noexcept { return numbers_; }
    // The answer: how many of numbers() stand before the first free one. Throws Failure when nothing can be free.
    void go_on(std::size_t taken);
    // What was found.
    [[nodiscard]] std::uint64_t number() const noexcept { return free_; }

  private:
    void gallop();
    void bisect();

    std::function<std::uint64_t()> random_;
    std::size_t width_;
    std::uint64_t start_;
    std::uint64_t taken_;
    std::uint64_t free_ = 0;  // 0: none is known
    unsigned octave_ = 0;     // the next one to ask for
    std::vector<std::uint64_t> numbers_;
};

// 64 bits of the kernel's.
std::uint64_t random_number();

}  // namespace appcreate
