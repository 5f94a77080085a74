// Creates that the processes of a host hand each other, so that one commit is for all of them: who has creates while
// another process writes posts them here, and that one takes them into its next transaction ("flat combining"). With
// a batch of its own for each process the batches would be the smaller the more processes there are, and each would
// begin with reading what the others changed.
//
// A create is posted under an id that was chosen before. Whatever becomes of the process that took it, its owner learns
// an outcome that holds: told after the commit, or, where nobody tells, by asking for the id in a later transaction.
// Nothing here is believed to be durable, and nothing here decides who may write: that is SQLite's own lock.
#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "app_create.h"
#include "request/create.h"
#include "sqlite/serve/exchange_memory.h"
#include "store/store.h"

namespace appcreate::sqlite {

// Makes AC_EXCHANGE_SIZE bytes an exchange. Throws Failure.
void init_exchange(void *memory);

// A process's view. Thread-safe; what it hands out belongs to one thread.
class Exchange {
  public:
    // `memory` nullable: then there is none.
    explicit Exchange(void *memory) noexcept : memory_(static_cast<ExchangeMemory *>(memory)) {}
    [[nodiscard]] bool exists() const noexcept { return memory_ != nullptr; }

    class Lane;
    class Combiner;

  private:
    ExchangeMemory *memory_;
};

// A thread's place at the exchange, for as long as it lives. What it posted must have come back before its end.
class Exchange::Lane {
  public:
    explicit Lane(Exchange &exchange) noexcept;
    Lane(const Lane &) = delete;
    Lane &operator=(const Lane &) = delete;
    ~Lane();
    // False: all are taken.
    [[nodiscard]] bool exists() const noexcept { return index_ >= 0; }

    // Room for so many more that are posted. post() and collect() throw nothing then.
    void reserve(std::size_t creates);
    // One that was never given to the store. False: it is too large, or there is no room.
    bool post(Create &create) noexcept;
    // How many are posted and not back yet.
    [[nodiscard]] std::size_t posted() const noexcept { return posted_.size(); }
    // When the one that waits longest to be taken was posted; nullopt: none waits.
    [[nodiscard]] std::optional<std::int64_t> waiting_since() const noexcept;

    struct Back {
        std::vector<Create *> answered;
        std::vector<Create *> unanswered;  // nobody took them, or what became of them is not known
    };
    // What is back now; with `all` also what nobody has begun yet. Valid until the next call.
    const Back &collect(bool all) noexcept;

    // Until wake(), or something is back, or `ns` are over. `seen` is what signal() was before the caller looked.
    // Without a lane there is nothing to wait for.
    [[nodiscard]] std::uint32_t signal() const noexcept;
    void wait(std::uint32_t seen, std::int64_t ns) noexcept;
    // From any thread.
    void wake() noexcept;

  private:
    struct Posted {
        std::uint32_t slot;
        std::uint64_t ticket;
        Create *create;
        std::int64_t since;
    };
    [[nodiscard]] std::uint64_t held_ticket() const noexcept;
    std::optional<std::uint32_t> claim() noexcept;
    void reclaim() noexcept;
    bool is_back(const Posted &posted, bool all, std::int64_t now) noexcept;

    ExchangeMemory *memory_;
    int index_ = -1;
    std::uint32_t epoch_ = 0;
    std::vector<std::uint32_t> free_;  // slots that it holds without a create
    std::vector<Posted> posted_;
    Back back_;
};

// The one that takes what is posted: one at a time over all processes.
class Exchange::Combiner {
  public:
    // Never waits: another one may be at it.
    explicit Combiner(Exchange &exchange) noexcept;
    Combiner(const Combiner &) = delete;
    Combiner &operator=(const Combiner &) = delete;
    // What was taken and not delivered goes back, as something that may be stored. Wakes who has something posted.
    ~Combiner();
    [[nodiscard]] bool exists() const noexcept { return held_; }

    // How many are posted that may be begun now.
    [[nodiscard]] std::size_t waiting() const noexcept;
    // Oldest first. Returns how many; they stay this object's.
    std::size_t take(std::span<Create *> out, std::size_t max_bytes);
    // Tells the owners of all that was taken what their creates' answers are.
    void deliver() noexcept;
    // Nothing is known of what was taken. Others that wait are to see to themselves.
    void give_back_all() noexcept;

  private:
    struct Taken {
        std::uint32_t slot;
        std::uint64_t ticket;
        std::unique_ptr<Create> create;
    };
    void recover() noexcept;
    void give_back_taken() noexcept;
    void end(std::uint32_t slot, std::uint64_t ticket, SlotState from, SlotState to) noexcept;
    void ring_ended() noexcept;
    void ring_waiting() noexcept;

    ExchangeMemory *memory_;
    bool held_ = false;
    std::vector<Taken> taken_;
    std::bitset<kLanes> to_ring_;
};

}  // namespace appcreate::sqlite
