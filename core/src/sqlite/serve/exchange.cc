#include "sqlite/serve/exchange.h"

#include <algorithm>
#include <cerrno>
#include <new>
#include <string>
#include <system_error>

#include "base/failure.h"
#include "base/values.h"
#include "request/parcel.h"
#include "sqlite/serve/exchange_memory.h"
#include "sqlite/serve/shared_memory.h"

namespace appcreate::sqlite {
namespace {

SlotWord word_of(const ExchangeMemory &memory, std::uint32_t slot) noexcept {
    return SlotWord(memory.words[slot].load());
}

// False: it is not as it was any more.
bool change(ExchangeMemory &memory, std::uint32_t slot, std::uint64_t ticket, SlotState from, SlotState to) noexcept {
    std::uint64_t expected = SlotWord(ticket, from).bits();
    return memory.words[slot].compare_exchange_strong(expected, SlotWord(ticket, to).bits());
}

void ring(LaneMemory &lane) noexcept {
    ++lane.signal;
    if (lane.is_waiting != 0) futex_wake_all(lane.signal);
}

// The lane whose it is is used by another thread now, or by nobody.
bool is_left_behind(const ExchangeMemory &memory, std::uint32_t slot, SlotWord word) noexcept {
    std::uint32_t lane = memory.slots[slot].lane;
    std::uint32_t epoch = memory.slots[slot].epoch;
    if (word.state() == SlotState::kHeld) {
        lane = word.ticket() & 0xff;
        epoch = static_cast<std::uint32_t>(word.ticket() >> 8);
    }
    return lane >= kLanes || memory.lanes[lane].epoch != epoch;
}

bool is_over(const SlotMemory &slot, std::int64_t now) noexcept {
    const std::int64_t deadline = slot.deadline;
    return deadline != 0 && deadline < now;
}

}  // namespace

void init_exchange(void *memory) {
    // Pages of slots that nobody uses are never touched.
    auto *exchange = static_cast<ExchangeMemory *>(memory);
    exchange->tickets = 0;
    exchange->used = 0;
    for (std::atomic<std::uint64_t> &word : exchange->words) word = SlotWord().bits();
    for (LaneMemory &lane : exchange->lanes) lane.epoch = lane.signal = lane.is_waiting = 0;
    int result = init_shared(&exchange->combine);
    for (LaneMemory &lane : exchange->lanes) {
        if (result == 0) result = init_shared(&lane.alive);
    }
    if (result != 0) {
        throw Failure(
            AC_EUNAVAILABLE,
            "cannot make the memory for creates of several processes: " + std::generic_category().message(result),
            result);
    }
}

// ---- a lane

Exchange::Lane::Lane(Exchange &exchange) noexcept : memory_(exchange.memory_) {
    if (memory_ == nullptr) return;
    for (std::uint32_t i = 0; i < kLanes; i++) {
        LaneMemory &lane = memory_->lanes[i];
        if (!is_locked(&lane.alive, pthread_mutex_trylock(&lane.alive))) continue;
        index_ = static_cast<int>(i);
        epoch_ = ++lane.epoch;
        lane.is_waiting = 0;
        return;
    }
}

Exchange::Lane::~Lane() {
    if (!exists()) return;
    for (const std::uint32_t slot : free_) memory_->words[slot] = SlotWord(0, SlotState::kFree).bits();
    LaneMemory &lane = memory_->lanes[static_cast<std::size_t>(index_)];
    ++lane.epoch;
    pthread_mutex_unlock(&lane.alive);
}

std::uint64_t Exchange::Lane::held_ticket() const noexcept {
    return std::uint64_t{epoch_} << 8 | static_cast<std::uint64_t>(index_);
}

std::optional<std::uint32_t> Exchange::Lane::claim() noexcept {
    if (!free_.empty()) {
        const std::uint32_t slot = free_.back();
        free_.pop_back();
        return slot;
    }
    for (const bool is_last : {false, true}) {
        for (std::uint32_t slot = 0; slot < kSlots; slot++) {
            std::uint64_t expected = memory_->words[slot];
            if (SlotWord(expected).state() != SlotState::kFree) continue;
            const SlotWord held(held_ticket(), SlotState::kHeld);
            if (!memory_->words[slot].compare_exchange_strong(expected, held.bits())) continue;
            std::uint32_t used = memory_->used;
            while (used <= slot && !memory_->used.compare_exchange_weak(used, slot + 1)) {
            }
            return slot;
        }
        if (!is_last) reclaim();
    }
    return std::nullopt;
}

// What threads left that died. What a combiner has in its hands, and may be writing to, stays until it has answered.
void Exchange::Lane::reclaim() noexcept {
    for (LaneMemory &lane : memory_->lanes) {
        const int result = pthread_mutex_trylock(&lane.alive);
        if (!is_locked(&lane.alive, result)) continue;
        if (result == EOWNERDEAD) ++lane.epoch;
        pthread_mutex_unlock(&lane.alive);
    }
    for (std::uint32_t slot = 0; slot < memory_->used; slot++) {
        std::uint64_t bits = memory_->words[slot];
        const SlotWord word(bits);
        const SlotState state = word.state();
        if (state == SlotState::kFree || state == SlotState::kTaken || state == SlotState::kAnswering) continue;
        if (is_left_behind(*memory_, slot, word)) {
            memory_->words[slot].compare_exchange_strong(bits, SlotWord().bits());
        }
    }
}

void Exchange::Lane::reserve(std::size_t creates) {
    posted_.reserve(posted_.size() + creates);
    free_.reserve(free_.size() + posted_.size() + creates);
    back_.answered.reserve(posted_.size() + creates);
    back_.unanswered.reserve(posted_.size() + creates);
}

bool Exchange::Lane::post(Create &create) noexcept {
    const std::optional<std::uint32_t> claimed = create.choose_id() ? claim() : std::nullopt;
    if (!claimed) return false;
    const std::uint32_t slot = *claimed;
    SlotMemory &memory = memory_->slots[slot];
    const std::size_t size = Parcel::pack(create, memory.parcel);
    if (size == 0) {
        free_.push_back(slot);
        return false;
    }
    memory.lane = static_cast<std::uint32_t>(index_);
    memory.epoch = epoch_;
    memory.may_be_stored = 0;
    memory.size = static_cast<std::uint32_t>(size);
    memory.deadline = create.deadline;
    const std::uint64_t ticket = ++memory_->tickets;
    memory_->words[slot] = SlotWord(ticket, SlotState::kPosted).bits();
    posted_.push_back({slot, ticket, &create, monotonic_ns()});
    return true;
}

std::optional<std::int64_t> Exchange::Lane::waiting_since() const noexcept {
    for (const Posted &posted : posted_) {
        if (word_of(*memory_, posted.slot).state() == SlotState::kPosted) return posted.since;
    }
    return std::nullopt;
}

const Exchange::Lane::Back &Exchange::Lane::collect(bool all) noexcept {
    const std::int64_t now = monotonic_ns();
    back_.answered.clear();
    back_.unanswered.clear();
    std::erase_if(posted_, [&](const Posted &posted) { return is_back(posted, all, now); });
    return back_;
}

bool Exchange::Lane::is_back(const Posted &posted, bool all, std::int64_t now) noexcept {
    SlotMemory &slot = memory_->slots[posted.slot];
    const SlotState state = word_of(*memory_, posted.slot).state();
    bool is_answered = false;
    if (state == SlotState::kAnswered) {
        const std::size_t size = std::min<std::size_t>(slot.size, slot.parcel.size());
        is_answered = Parcel::unpack_outcome(std::span(slot.parcel).first(size), *posted.create);
        // Without memory for it: it can be asked for.
        if (!is_answered) posted.create->became_uncertain();
    } else if (state == SlotState::kPosted && (all || posted.create->is_over(now))) {
        if (!change(*memory_, posted.slot, posted.ticket, SlotState::kPosted, SlotState::kHeld)) return false;
        if (slot.may_be_stored != 0) posted.create->became_uncertain();
    } else if (state == SlotState::kUnanswered) {
        if (slot.may_be_stored != 0) posted.create->became_uncertain();
    } else {
        return false;
    }
    memory_->words[posted.slot] = SlotWord(held_ticket(), SlotState::kHeld).bits();
    free_.push_back(posted.slot);
    (is_answered ? back_.answered : back_.unanswered).push_back(posted.create);
    return true;
}

std::uint32_t Exchange::Lane::signal() const noexcept {
    if (!exists()) return 0;
    return memory_->lanes[static_cast<std::size_t>(index_)].signal;
}

void Exchange::Lane::wait(std::uint32_t seen, std::int64_t ns) noexcept {
    if (!exists()) return;
    LaneMemory &lane = memory_->lanes[static_cast<std::size_t>(index_)];
    lane.is_waiting = 1;
    futex_wait(lane.signal, seen, timespec_of(ns));
    lane.is_waiting = 0;
}

void Exchange::Lane::wake() noexcept { ring(memory_->lanes[static_cast<std::size_t>(index_)]); }

// ---- the combiner

Exchange::Combiner::Combiner(Exchange &exchange) noexcept : memory_(exchange.memory_) {
    if (memory_ == nullptr) return;
    const int result = pthread_mutex_trylock(&memory_->combine);
    held_ = is_locked(&memory_->combine, result);
    if (held_ && result == EOWNERDEAD) recover();
}

Exchange::Combiner::~Combiner() {
    if (!held_) return;
    give_back_taken();
    pthread_mutex_unlock(&memory_->combine);
    // Only now can others take it over.
    ring_waiting();
}

// The last one died with these, before or after its commit.
void Exchange::Combiner::recover() noexcept {
    for (std::uint32_t slot = 0; slot < memory_->used; slot++) {
        const SlotWord word = word_of(*memory_, slot);
        if (word.state() != SlotState::kTaken && word.state() != SlotState::kAnswering) continue;
        memory_->slots[slot].may_be_stored = 1;
        end(slot, word.ticket(), word.state(),
            word.state() == SlotState::kTaken ? SlotState::kPosted : SlotState::kUnanswered);
    }
    ring_ended();
}

std::size_t Exchange::Combiner::waiting() const noexcept {
    const std::int64_t now = monotonic_ns();
    std::size_t n = 0;
    for (std::uint32_t slot = 0; slot < memory_->used; slot++) {
        if (word_of(*memory_, slot).state() == SlotState::kPosted && !is_over(memory_->slots[slot], now)) n++;
    }
    return n;
}

std::size_t Exchange::Combiner::take(std::span<Create *> out, std::size_t max_bytes) {
    struct Waiting {
        std::uint64_t ticket;
        std::uint32_t slot;
    };
    const std::int64_t now = monotonic_ns();
    std::vector<Waiting> waiting;
    for (std::uint32_t slot = 0; slot < memory_->used; slot++) {
        const SlotWord word = word_of(*memory_, slot);
        if (word.state() != SlotState::kPosted || is_over(memory_->slots[slot], now)) continue;
        waiting.push_back({word.ticket(), slot});
    }
    std::sort(waiting.begin(), waiting.end(), [](const Waiting &a, const Waiting &b) { return a.ticket < b.ticket; });

    taken_.reserve(taken_.size() + std::min(out.size(), waiting.size()));
    std::size_t n = 0;
    std::size_t bytes = 0;
    for (const Waiting &one : waiting) {
        if (n == out.size() || bytes >= max_bytes) break;
        SlotMemory &slot = memory_->slots[one.slot];
        if (!change(*memory_, one.slot, one.ticket, SlotState::kPosted, SlotState::kTaken)) continue;
        taken_.push_back({one.slot, one.ticket, nullptr});
        Taken &taken = taken_.back();
        if (slot.size <= slot.parcel.size()) taken.create = Parcel::unpack(std::span(slot.parcel).first(slot.size));
        if (taken.create == nullptr) {
            taken_.pop_back();
            end(one.slot, one.ticket, SlotState::kTaken, SlotState::kUnanswered);
            continue;
        }
        if (slot.may_be_stored != 0) taken.create->became_uncertain();
        bytes += slot.size;
        out[n++] = taken.create.get();
    }
    return n;
}

void Exchange::Combiner::deliver() noexcept {
    for (const Taken &taken : taken_) {
        SlotMemory &slot = memory_->slots[taken.slot];
        if (!change(*memory_, taken.slot, taken.ticket, SlotState::kTaken, SlotState::kAnswering)) continue;
        const std::size_t size =
            taken.create->answered() ? Parcel::pack_outcome(*taken.create, slot.parcel) : std::size_t{0};
        slot.size = static_cast<std::uint32_t>(size);
        // Too large an answer: its owner asks for it.
        if (size == 0) slot.may_be_stored = 1;
        end(taken.slot, taken.ticket, SlotState::kAnswering, size == 0 ? SlotState::kUnanswered : SlotState::kAnswered);
    }
    ring_ended();
    taken_.clear();
}

void Exchange::Combiner::give_back_taken() noexcept {
    for (const Taken &taken : taken_) {
        memory_->slots[taken.slot].may_be_stored = 1;
        end(taken.slot, taken.ticket, SlotState::kTaken, SlotState::kUnanswered);
    }
    ring_ended();
    taken_.clear();
}

void Exchange::Combiner::give_back_all() noexcept {
    give_back_taken();
    for (std::uint32_t slot = 0; slot < memory_->used; slot++) {
        const SlotWord word = word_of(*memory_, slot);
        if (word.state() == SlotState::kPosted) {
            end(slot, word.ticket(), SlotState::kPosted, SlotState::kUnanswered);
        }
    }
    ring_ended();
}

void Exchange::Combiner::end(std::uint32_t slot, std::uint64_t ticket, SlotState from, SlotState to) noexcept {
    const std::uint32_t lane = memory_->slots[slot].lane;
    if (change(*memory_, slot, ticket, from, to) && lane < kLanes) to_ring_.set(lane);
}

void Exchange::Combiner::ring_ended() noexcept {
    for (std::uint32_t lane = 0; lane < kLanes && to_ring_.any(); lane++) {
        if (to_ring_.test(lane)) ring(memory_->lanes[lane]);
        to_ring_.reset(lane);
    }
}

void Exchange::Combiner::ring_waiting() noexcept {
    for (std::uint32_t slot = 0; slot < memory_->used; slot++) {
        if (word_of(*memory_, slot).state() != SlotState::kPosted) continue;
        const std::uint32_t lane = memory_->slots[slot].lane;
        if (lane < kLanes) to_ring_.set(lane);
    }
    ring_ended();
}

}  // namespace appcreate::sqlite
