#include "sqlite/serve/members.h"

#include <algorithm>

namespace appcreate::sqlite {
namespace {

// Of a batch, for other processes if they need it: nobody's creates wait for all of another one's.
constexpr std::size_t kForOthers = kBatchCreates / 2;

}  // namespace

std::size_t Members::gather() {
    const std::size_t others = combiner_ == nullptr ? 0 : std::min(combiner_->waiting(), kForOthers);
    add_own(kBatchCreates - others, others == 0 ? kBatchBytes : kBatchBytes / 2);
    if (combiner_ != nullptr) count_ += combiner_->take(std::span(creates_).subspan(own_), kBatchBytes / 2);
    return count_;
}

void Members::gather_own() { add_own(kBatchCreates, kBatchBytes); }

void Members::add_own(std::size_t max, std::size_t max_bytes) {
    own_ = std::min(mine_.size(), max);
    const auto end = mine_.begin() + static_cast<std::ptrdiff_t>(own_);
    std::copy(mine_.begin(), end, creates_.begin());
    mine_.erase(mine_.begin(), end);
    if (own_ < max) own_ += source_.take(std::span(creates_).subspan(own_, max - own_), max_bytes);
    count_ = own_;
}

void Members::tell(std::uint32_t microseconds) {
    set_batch(microseconds);
    if (combiner_ != nullptr) combiner_->deliver();
    if (own_ > 0) source_.done(std::span(creates_).first(own_));
}

void Members::refuse(std::uint32_t microseconds) {
    for (Create *create : std::span(creates_).first(own_)) create->refuse(AC_CODE_DATABASE);
    set_batch(microseconds);
    if (combiner_ != nullptr) combiner_->give_back_all();
    if (own_ > 0) source_.done(std::span(creates_).first(own_));
}

void Members::set_batch(std::uint32_t microseconds) noexcept {
    for (Create *create : all()) create->set_batch(static_cast<std::uint32_t>(count_), microseconds);
}

}  // namespace appcreate::sqlite
