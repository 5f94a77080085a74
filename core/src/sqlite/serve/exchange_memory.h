// The layout of the exchange's shared memory. Processes of one program share it, so it may change with any version.
//
// A slot goes through these states; who may change it in each is all that orders the processes:
//
//     lane:      free -> held -> posted; posted, answered, unanswered -> held; held -> free
//     combiner:  posted -> taken -> answering -> answered; posted, taken, answering -> unanswered
//
// A lane that finds no room frees what threads have left that died, in any state that is not the combiner's alone.
// After the death of a combiner the next one makes what was taken posted again, and what was being answered, whose
// parcel is half written over, unanswered; and says of both that they may be stored.
#pragma once

#include <pthread.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "app_create.h"

namespace appcreate::sqlite {

inline constexpr std::uint32_t kLanes = 64;
inline constexpr std::uint32_t kSlots = 1024;
// A slot with an ordinary create or its answer in it is one page.
inline constexpr std::size_t kParcelBytes = 4096 - 64;

enum class SlotState : std::uint8_t { kFree, kHeld, kPosted, kTaken, kAnswering, kAnswered, kUnanswered };

// A state, and the ticket that it belongs to: a slot that was used again meanwhile has another one.
class SlotWord {
  public:
    SlotWord() = default;
    SlotWord(std::uint64_t ticket, SlotState state) noexcept : bits_(ticket << 3 | static_cast<std::uint64_t>(state)) {}
    explicit SlotWord(std::uint64_t bits) noexcept : bits_(bits) {}
    [[nodiscard]] std::uint64_t bits() const noexcept { return bits_; }
    [[nodiscard]] std::uint64_t ticket() const noexcept { return bits_ >> 3; }
    [[nodiscard]] SlotState state() const noexcept { return static_cast<SlotState>(bits_ & 7); }

  private:
    std::uint64_t bits_ = 0;
};

struct alignas(64) LaneMemory {
    pthread_mutex_t alive;              // robust; held for as long as the lane is used
    std::atomic<std::uint32_t> epoch;   // one more with each use
    std::atomic<std::uint32_t> signal;  // a futex
    std::atomic<std::uint32_t> is_waiting;
};

struct alignas(64) SlotMemory {
    // Whose it is: written by who claims it, before anything else.
    std::atomic<std::uint32_t> lane, epoch;
    std::atomic<std::uint32_t> may_be_stored;
    std::uint32_t size;
    std::atomic<std::int64_t> deadline;  // CLOCK_MONOTONIC, ns; 0: none
    alignas(64) std::array<std::byte, kParcelBytes> parcel;
};

// What many processes write at a time does not share a cache line with anything else.
// NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding)
struct ExchangeMemory {
    pthread_mutex_t combine;  // robust; the combiner's
    alignas(64) std::atomic<std::uint64_t> tickets;
    std::atomic<std::uint32_t> used;  // no slot from here on was ever used
    std::array<LaneMemory, kLanes> lanes;
    alignas(64) std::array<std::atomic<std::uint64_t>, kSlots> words;  // SlotWord
    std::array<SlotMemory, kSlots> slots;
};
static_assert(sizeof(SlotMemory) == 4096);
static_assert(AC_EXCHANGE_SIZE - sizeof(ExchangeMemory) < AC_EXCHANGE_SIZE);
static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

}  // namespace appcreate::sqlite
