// The creates of one transaction: whose they are, and whom to tell.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "request/create.h"
#include "sqlite/serve/exchange.h"
#include "store/store.h"

namespace appcreate::sqlite {

class Members {
  public:
    // `mine` were taken before and come first; what is gathered leaves it. `combiner` nullable. All must outlive it.
    Members(const Source &source, std::vector<Create *> &mine, Exchange::Combiner *combiner) noexcept
        : source_(source), mine_(mine), combiner_(combiner) {}

    // Inside of the transaction: what is pending now. Returns how many are in the batch.
    std::size_t gather();
    // The store cannot be reached: this process's own only, to be told so.
    void gather_own();
    [[nodiscard]] std::span<Create *const> all() const noexcept { return std::span(creates_).first(count_); }
    [[nodiscard]] std::size_t count() const noexcept { return count_; }

    // Afterwards, once. All have their answers, and these hold.
    void tell(std::uint32_t microseconds);
    // Nothing is known of any. This process's own are refused; others see to theirs.
    void refuse(std::uint32_t microseconds);

  private:
    void add_own(std::size_t max, std::size_t max_bytes);
    void set_batch(std::uint32_t microseconds) noexcept;

    const Source &source_;
    std::vector<Create *> &mine_;
    Exchange::Combiner *combiner_;
    std::array<Create *, kBatchCreates> creates_{};
    std::size_t own_ = 0;    // of them from the start
    std::size_t count_ = 0;  // the others are the combiner's
};

}  // namespace appcreate::sqlite
