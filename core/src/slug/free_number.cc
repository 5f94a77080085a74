#include "slug/free_number.h"

#include <algorithm>

#include "base/digest.h"
#include "base/failure.h"
#include "base/values.h"

namespace appcreate {
namespace {

constexpr unsigned kOctaves = 61;
// So many next to `taken` are asked for first, where many are asked for at once.
constexpr std::size_t kNear = 8;

}  // namespace

NumberSearch::NumberSearch(std::uint64_t taken, std::size_t width, const std::function<std::uint64_t()> &random)
    : random_(random), width_(width), start_(taken), taken_(taken) {
    gallop();
}

void NumberSearch::go_on(std::size_t taken) {
    if (taken > 0) taken_ = numbers_[taken - 1];
    if (taken < numbers_.size()) free_ = numbers_[taken];
    numbers_.clear();
    if (free_ == 0) {
        gallop();
    } else {
        bisect();
    }
}

// One number of each octave of distances, and all of the first where many are asked for at once.
void NumberSearch::gallop() {
    if (octave_ == kOctaves) throw Failure(AC_EINTERNAL, "no number behind a slug is free; run \"appctl check\"");
    const unsigned end = width_ == 1 ? octave_ + 1 : kOctaves;
    for (; octave_ < end; ++octave_) {
        const std::uint64_t size = std::uint64_t{1} << octave_;
        if (size < std::min(width_, kNear)) {
            for (std::uint64_t i = 0; i < size; ++i) numbers_.push_back(start_ + size + i);
        } else {
            numbers_.push_back(start_ + size + (size == 1 ? 0 : random_() % size));
        }
    }
}

// In even steps between the last taken and the first free one.
void NumberSearch::bisect() {
    const std::uint64_t distance = free_ - taken_;
    const std::uint64_t parts = std::min<std::uint64_t>(width_ + 1, distance);
    for (std::uint64_t i = 1; i < parts; ++i) {
        numbers_.push_back(taken_ + distance / parts * i + distance % parts * i / parts);
    }
}

std::uint64_t random_number() {
    std::uint64_t out = 0;
    random_bytes(&out, sizeof(out));
    return out;
}

}  // namespace appcreate
