#include "free_number.h"

#include <algorithm>

#include "errors.h"
#include "values.h"

namespace appcreate {
namespace {

constexpr unsigned kOctaves = 61;
// So many next to `taken` are asked for first, where many are asked for at once.
constexpr std::size_t kNear = 8;

// One number of each octave of distances, and all of the first.
std::vector<std::uint64_t> far_and_near(std::uint64_t taken, std::size_t width,
                                        const std::function<std::uint64_t()> &random, unsigned from, unsigned to) {
    std::vector<std::uint64_t> out;
    for (unsigned octave = from; octave < to; ++octave) {
        const std::uint64_t size = std::uint64_t{1} << octave;
        if (size < std::min(width, kNear)) {
            for (std::uint64_t i = 0; i < size; ++i) out.push_back(taken + size + i);
        } else {
            out.push_back(taken + size + (size == 1 ? 0 : random() % size));
        }
    }
    return out;
}

std::vector<std::uint64_t> between(std::uint64_t taken, std::uint64_t free, std::size_t width) {
    std::vector<std::uint64_t> out;
    const std::uint64_t distance = free - taken;
    const std::uint64_t parts = std::min<std::uint64_t>(width + 1, distance);
    for (std::uint64_t i = 1; i < parts; ++i)
        out.push_back(taken + distance / parts * i + distance % parts * i / parts);
    return out;
}

}  // namespace

std::uint64_t free_number_above(std::uint64_t taken, std::size_t width, const std::function<std::uint64_t()> &random,
                                const CountTaken &count_taken) {
    std::uint64_t free = 0;
    const auto narrow = [&](std::span<const std::uint64_t> numbers) {
        const std::size_t n = count_taken(numbers);
        if (n > 0) taken = numbers[n - 1];
        if (n < numbers.size()) free = numbers[n];
    };
    const std::uint64_t start = taken;
    const unsigned at_once = width == 1 ? 1 : kOctaves;
    for (unsigned octave = 0; free == 0; octave += at_once) {
        if (octave >= kOctaves) throw Failure(AC_EINTERNAL, "no number behind a slug is free; run \"appctl check\"");
        narrow(far_and_near(start, width, random, octave, std::min(octave + at_once, kOctaves)));
    }
    while (free - taken > 1) narrow(between(taken, free, width));
    return free;
}

std::uint64_t random_number() {
    std::uint64_t out = 0;
    random_bytes(&out, sizeof(out));
    return out;
}

}  // namespace appcreate
