#include "mongo/create/places.h"

#include <algorithm>
#include <utility>

namespace appcreate::mongo {
namespace {

// Places are asked for in blocks; what a stopped worker leaves of one is found again later.
constexpr std::size_t kMinBlock = 16;
constexpr std::size_t kMaxBlock = 256;
constexpr std::size_t kMoves = 500;
constexpr std::size_t kMaxKnown = 10'000;
// A create costs so many steps of a search at most, and so many rounds of moves.
constexpr int kSteps = 4;
constexpr int kRounds = 3;
constexpr int kAny = INT32_MAX;
constexpr std::int64_t kLeastSpan = 256;
// What lies so far behind the counter is not on its way any more, most likely.
constexpr std::int64_t kYoung = 4'096;

}  // namespace

Given Places::take(Server &server, const Plan &plan, std::size_t wanted, std::span<const std::int64_t> held,
                   bool may_search) {
    try {
        return take_some(server, plan, wanted, held, may_search);
    } catch (const ServerFailure &failure) {
        if (!slow_down(plan, failure)) throw;
    }
    return {};
}

// Was a step too much for the server? That is this organization's trouble only, and smaller ones come through.
bool Places::slow_down(const Plan &plan, const ServerFailure &failure) {
    if (failure.detail() != static_cast<int>(kTooSlow)) return false;
    const MutexLock lock(mutex_);
    std::int64_t &span = known_[plan.organization].span;
    span = std::max(span / 2, kLeastSpan);
    return true;
}

Given Places::take_some(Server &server, const Plan &plan, std::size_t wanted, std::span<const std::int64_t> held,
                        bool may_search) {
    if (*plan.limit <= 0) return {{}, Room::kFull};
    Known known = look(plan);
    if (known.filled_to >= *plan.limit) {
        if (!may_search) return {};
        if (is_still_filled(server, plan, known, true)) return {{}, Room::kFull};
        known = look(plan);
    }
    if (!known.settled) {
        const Room room = move_inside(server, plan, kRounds, may_search);
        if (room != Room::kFree) return {{}, room};
    }
    Given out;
    if (take_at_hand(plan, wanted, out.places) == wanted) return out;
    const bool has_counter = !known.exhausted && !(known.suspect && repair_counter(server, plan));
    if (has_counter) take_from_counter(server, plan, wanted, out.places);
    if (out.places.size() < wanted && may_search) search_places(server, plan, wanted, held, out);
    return out;
}

Room Places::look_for_room(Server &server, const Plan &plan) {
    if (!plan.limit) return Room::kFree;
    if (*plan.limit <= 0) return Room::kFull;
    try {
        return look_for_some(server, plan);
    } catch (const ServerFailure &failure) {
        if (!slow_down(plan, failure)) throw;
    }
    return Room::kUnknown;
}

Room Places::look_for_some(Server &server, const Plan &plan) {
    Known known = look(plan);
    if (known.filled_to >= *plan.limit) {
        if (is_still_filled(server, plan, known, false)) return Room::kFull;
        known = look(plan);
    }
    // They will move into free places first.
    std::size_t outsiders = 0;
    if (!known.settled) {
        outsiders = server.find_outsiders(plan.organization, *plan.limit, kMoves).size();
    } else if (known.next_place < *plan.limit) {
        const std::int64_t last = std::min(known.next_place + kWindow, *plan.limit);
        const Looked looked = look_at_places(server, plan.organization, known.next_place + 1, last);
        if (!looked.free.empty()) return Room::kFree;
    }
    PlaceSearch search(plan.organization, known.filled_to, *plan.limit, known.span);
    for (int i = 0; i < kSteps && !search.is_over() && search.free().size() <= outsiders; ++i) search.step(server);
    {
        const MutexLock lock(mutex_);
        std::int64_t &filled = known_[plan.organization].filled_to;
        filled = std::max(filled, search.filled_to());
    }
    if (search.free().size() > outsiders) return Room::kFree;
    return search.is_over() ? Room::kFull : Room::kUnknown;
}

void Places::move_inside_limit(Server &server, const Plan &plan) {
    if (!look(plan).settled) move_inside(server, plan, kAny, true);
}

void Places::tidy(Server &server, const Plan &plan) {
    if (!plan.limit) return;
    const Known known = look(plan);
    const std::int64_t old = std::min(known.next_place - kYoung, *plan.limit);
    if (known.exhausted || old - known.filled_to < kYoung) return;
    PlaceSearch search(plan.organization, known.filled_to, old, known.span);
    search.step(server);
    remember_filled(server, plan, search);
    const MutexLock lock(mutex_);
    Known &current = known_[plan.organization];
    for (const std::int64_t place : search.free()) {
        if (current.at_hand.size() >= kMaxBlock) break;
        if (std::find(current.at_hand.begin(), current.at_hand.end(), place) == current.at_hand.end()) {
            current.at_hand.push_back(place);
        }
    }
}

// No gateway frees a place that is taken for good, but people delete by hand, and restore. So a window is looked at
// each time before the limit is said to be reached: all there is where the limit is low, some where it is high.
bool Places::is_still_filled(Server &server, const Plan &plan, const Known &known, bool may_write) {
    const std::int64_t filled = std::min(known.filled_to, *plan.limit);
    const std::int64_t windows = (filled - 1) / kWindow + 1;
    const auto which = static_cast<std::int64_t>(server.random() % static_cast<std::uint64_t>(windows));
    const std::int64_t first = which * kWindow + 1;
    const std::int64_t last = std::min(first + kWindow - 1, filled);
    Looked looked;
    try {
        if (server.count_places(plan.organization, first, last) > last - first) return true;
        looked = look_at_places(server, plan.organization, first, last);
    } catch (const ServerFailure &failure) {
        // Nothing says that it is not.
        if (!slow_down(plan, failure)) throw;
    }
    if (looked.free.empty()) return true;
    const std::int64_t to = looked.free.front() - 1;
    if (may_write) server.lower_filled_to(plan.organization, to);
    const MutexLock lock(mutex_);
    Known &current = known_[plan.organization];
    current.filled_to = std::min(current.filled_to, to);
    current.stored_filled_to = std::min(current.stored_filled_to, to);
    current.stored_at = server.now();
    return false;
}

void Places::give_back(const Plan &plan, std::int64_t place) {
    const MutexLock lock(mutex_);
    Known &known = known_[plan.organization];
    if (known.limit_version == plan.limit_version) known.at_hand.push_back(place);
}

void Places::collided(const ObjectId &organization) {
    const MutexLock lock(mutex_);
    Known &known = known_[organization];
    known.at_hand.clear();
    known.suspect = true;
}

Places::Known Places::look(const Plan &plan) {
    const MutexLock lock(mutex_);
    if (known_.size() > kMaxKnown && !known_.contains(plan.organization)) known_.clear();
    Known &known = known_[plan.organization];
    // A server that was connected to anew may have other records. What lies at hand is given all the same: each place
    // once, to whoever asks in this process, and whether it is free the unique index says. Without that, every
    // connection that a pool adds would have batches search for the same places, and collide.
    if (plan.since > known.since) {
        Known before = std::exchange(known, Known());
        known.since = plan.since;
        if (before.limit_version == plan.limit_version) {
            known.limit_version = before.limit_version;
            known.exhausted = before.exhausted;
            known.suspect = before.suspect;
            known.span = before.span;
            known.at_hand = std::move(before.at_hand);
        }
    }
    // An older plan never overwrites what a newer one taught.
    if (plan.limit_version > known.limit_version) {
        const Known before = std::exchange(known, Known());
        known.limit_version = plan.limit_version;
        known.since = before.since;
        known.filled_to = before.filled_to;
        known.stored_filled_to = before.stored_filled_to;
        known.stored_at = before.stored_at;
        known.span = before.span;
    }
    // A gateway that finds a free place below it lowers `filledTo`.
    if (plan.read_at > known.stored_at) {
        if (plan.filled_to < known.stored_filled_to) known.filled_to = plan.filled_to;
        known.stored_filled_to = plan.filled_to;
        known.stored_at = plan.read_at;
    }
    known.filled_to = std::max(known.filled_to, known.stored_filled_to);
    known.next_place = std::max(known.next_place, plan.next_place);
    known.exhausted |= plan.limit && plan.limit_version == known.limit_version && plan.next_place >= *plan.limit;
    known.settled |= plan.limit_version == known.limit_version && plan.settled_version == plan.limit_version;
    Known out = known;
    out.at_hand.clear();
    if (plan.limit_version < known.limit_version) out.settled = false;
    return out;
}

// Records that were judged by an earlier limit may come to stand outside of this one, however late; each is moved into
// a free place before another one takes a place. That is looked at each time: nobody can know that none will come.
Room Places::move_inside(Server &server, const Plan &plan, int rounds, bool may_search) {
    for (int round = 0; round < rounds; ++round) {
        const std::vector<Outsider> outsiders =
            server.find_outsiders(plan.organization, *plan.limit, may_search ? kMoves : 1);
        if (outsiders.empty()) return Room::kFree;
        if (!may_search) return Room::kUnknown;
        const Known known = look(plan);
        PlaceSearch found(plan.organization, known.filled_to, *plan.limit, known.span);
        const Room room = search(server, plan, found, outsiders.size(), {}, rounds == kAny ? kAny : kSteps);
        const std::vector<std::int64_t> free = found.free();
        if (free.empty()) return room;
        std::vector<Move> moves;
        for (std::size_t i = 0; i < std::min(free.size(), outsiders.size()); ++i) {
            moves.push_back({outsiders[i], free[i]});
        }
        server.move(plan.organization, moves);
        const MutexLock lock(mutex_);
        known_[plan.organization].suspect = true;
    }
    return Room::kUnknown;
}

// Until `wanted` are found or `steps` are made. Tells whether there are any but those `held`.
Room Places::search(Server &server, const Plan &plan, PlaceSearch &search, std::size_t wanted,
                    std::span<const std::int64_t> held, int steps) {
    while (steps-- > 0 && !search.is_over() && search.free(held).size() < wanted) search.step(server);
    remember_filled(server, plan, search);
    if (!search.free(held).empty()) return Room::kFree;
    return search.is_over() ? Room::kFull : Room::kUnknown;
}

void Places::search_places(Server &server, const Plan &plan, std::size_t wanted, std::span<const std::int64_t> held,
                           Given &out) {
    const Known known = look(plan);
    // What is held is not in the store yet, so it counts as free there.
    std::vector<std::int64_t> mine(held.begin(), held.end());
    mine.insert(mine.end(), out.places.begin(), out.places.end());
    PlaceSearch found(plan.organization, known.filled_to, *plan.limit, known.span);
    const std::size_t missing = wanted - out.places.size();
    search(server, plan, found, missing, mine, kSteps);
    std::vector<std::int64_t> free = found.free(mine);
    out.rest = found.is_over() && free.size() < missing ? Room::kFull : Room::kUnknown;
    if (free.empty()) return;
    // From a random one on, so that gateways seldom choose the same.
    std::rotate(free.begin(), free.begin() + static_cast<std::ptrdiff_t>(server.random() % free.size()), free.end());
    const auto taken = static_cast<std::ptrdiff_t>(std::min(missing, free.size()));
    out.places.insert(out.places.end(), free.begin(), free.begin() + taken);
    free.erase(free.begin(), free.begin() + taken);
    free.resize(std::min(free.size(), std::clamp(4 * missing, kMinBlock, kMaxBlock)));
    const MutexLock lock(mutex_);
    Known &current = known_[plan.organization];
    if (current.limit_version == plan.limit_version) {
        current.at_hand.insert(current.at_hand.end(), free.begin(), free.end());
    }
}

// It is written down where it saves others a step, or a create its search.
void Places::remember_filled(Server &server, const Plan &plan, const PlaceSearch &search) {
    const std::int64_t to = search.filled_to();
    if (server.connected_at() != search.since()) return;
    {
        const MutexLock lock(mutex_);
        Known &known = known_[plan.organization];
        if (plan.since < known.since) return;
        known.filled_to = std::max(known.filled_to, to);
        if (to <= known.stored_filled_to || (to < *plan.limit && to - known.stored_filled_to < kWindow)) return;
    }
    server.raise_filled_to(plan.organization, to, search.since());
    const MutexLock lock(mutex_);
    Known &known = known_[plan.organization];
    known.stored_filled_to = std::max(known.stored_filled_to, to);
    known.stored_at = server.now();
}

// Up to the highest place that is taken the counter has nothing to hand out; what is free below is searched for. True:
// that is the limit.
bool Places::repair_counter(Server &server, const Plan &plan) {
    const std::int64_t highest = server.highest_place(plan.organization, *plan.limit);
    server.raise_next_place(plan.organization, highest);
    const MutexLock lock(mutex_);
    Known &known = known_[plan.organization];
    known.suspect = false;
    known.next_place = std::max(known.next_place, highest);
    const bool is_exhausted = highest >= *plan.limit && known.limit_version == plan.limit_version;
    known.exhausted |= is_exhausted;
    return is_exhausted;
}

std::size_t Places::take_at_hand(const Plan &plan, std::size_t wanted, std::vector<std::int64_t> &out) {
    const MutexLock lock(mutex_);
    std::vector<std::int64_t> &at_hand = known_[plan.organization].at_hand;
    while (out.size() < wanted && !at_hand.empty()) {
        if (at_hand.back() <= *plan.limit) out.push_back(at_hand.back());
        at_hand.pop_back();
    }
    return out.size();
}

void Places::take_from_counter(Server &server, const Plan &plan, std::size_t wanted, std::vector<std::int64_t> &out) {
    const std::size_t missing = wanted - out.size();
    const auto block = static_cast<std::int64_t>(std::clamp(4 * missing, kMinBlock, std::max(kMaxBlock, missing)));
    const auto next = server.next_place(plan.organization, block, *plan.limit);
    const MutexLock lock(mutex_);
    Known &known = known_[plan.organization];
    if (!next || *next >= *plan.limit) known.exhausted |= known.limit_version == plan.limit_version;
    if (!next) return;
    known.next_place = std::max(known.next_place, *next);
    // The lowest first, which is the last at hand.
    for (std::int64_t place = std::min(*next, *plan.limit); place > *next - block; --place) {
        known.at_hand.push_back(place);
    }
    while (out.size() < wanted && !known.at_hand.empty()) {
        if (known.at_hand.back() <= *plan.limit) out.push_back(known.at_hand.back());
        known.at_hand.pop_back();
    }
}

}  // namespace appcreate::mongo
