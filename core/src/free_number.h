// Which number goes behind a slug that is taken (contract, "Slug").
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace appcreate {

// No number beyond this is given; nothing that can be stored makes a series as long.
inline constexpr std::uint64_t kLargestNumber = std::uint64_t{1} << 60;

// Of `numbers`, which ascend: how many stand before the first free one.
using CountTaken = std::function<std::size_t(std::span<const std::uint64_t> numbers)>;

// A free number above `taken`, which is taken and no larger than kLargestNumber. In an undisturbed series the next one.
//
// Looks at distances of 1, 2, 4, … until a number is free, then between it and the last taken one. Behind the first
// distances the number that is looked at is any one of its octave, by `random`: whoever wants to be in the way cannot
// know which, so only as many names as an octave has numbers can fill it. What is asked for grows with the logarithm
// of the equal names that there are, whatever they are. `width` numbers are asked for at a time.
std::uint64_t free_number_above(std::uint64_t taken, std::size_t width, const std::function<std::uint64_t()> &random,
                                const CountTaken &count_taken);

// 64 bits of the kernel's.
std::uint64_t random_number();

}  // namespace appcreate
