#include "mongo/places.h"

#include <algorithm>

namespace appcreate::mongo {
namespace {

// Places are asked for in blocks; what a stopped worker leaves of one is found again when the counter has run out.
constexpr std::size_t kMinBlock = 16;
constexpr std::size_t kMaxBlock = 256;
// So many places are looked at in one read.
constexpr std::int64_t kWindow = 2048;
constexpr std::size_t kMoves = 500;
// A gateway that has not yet read the new limit, and what it sent before that, end within this.
constexpr std::int64_t kSettlingNs = 120LL * 1'000'000'000;
constexpr std::size_t kMaxKnown = 10'000;

// Walks 1…limit for places that are free, in halves that are counted, down to windows that are read.
class FreeSearch {
  public:
    FreeSearch(Server &server, const ObjectId &organization, std::size_t wanted, bool any_order)
        : server_(server), organization_(organization), wanted_(wanted), any_order_(any_order) {}

    void search(std::int64_t first, std::int64_t last) {
        if (first > last || out_.size() >= wanted_) return;
        if (last - first < kWindow) return read(first, last);
        if (server_.count_places(organization_, first, last) >= last - first + 1) return;
        const std::int64_t middle = first + (last - first) / 2;
        const bool upper_first = any_order_ && (server_.random() & 1) != 0;
        if (upper_first) search(middle + 1, last);
        search(first, middle);
        if (!upper_first) search(middle + 1, last);
    }

    std::vector<std::int64_t> take() { return std::move(out_); }

  private:
    void read(std::int64_t first, std::int64_t last) {
        const std::vector<std::int64_t> taken = server_.taken_places(organization_, first, last);
        std::vector<std::int64_t> free;
        auto next = taken.begin();
        for (std::int64_t place = first; place <= last; ++place) {
            while (next != taken.end() && *next < place) ++next;
            if (next == taken.end() || *next != place) free.push_back(place);
        }
        if (free.empty()) return;
        if (any_order_) {
            std::rotate(free.begin(), free.begin() + static_cast<std::ptrdiff_t>(server_.random() % free.size()),
                        free.end());
        }
        free.resize(std::min(free.size(), wanted_ - out_.size()));
        out_.insert(out_.end(), free.begin(), free.end());
    }

    Server &server_;
    const ObjectId organization_;
    const std::size_t wanted_;
    const bool any_order_;
    std::vector<std::int64_t> out_;
};

std::vector<std::int64_t> lowest_free(Server &server, const ObjectId &organization, std::int64_t limit,
                                      std::size_t wanted) {
    FreeSearch search(server, organization, wanted, false);
    search.search(1, limit);
    return search.take();
}

}  // namespace

std::vector<std::int64_t> find_free_places(Server &server, const ObjectId &organization, std::int64_t limit,
                                           std::size_t wanted) {
    FreeSearch search(server, organization, wanted, true);
    search.search(1, limit);
    return search.take();
}

std::vector<std::int64_t> Places::take(Server &server, const Plan &plan, std::size_t wanted,
                                       std::span<const std::int64_t> held) {
    if (*plan.limit <= 0) return {};
    const Known known = look(server, plan);
    if (!known.settled && !move_inside(server, plan, known)) return {};
    std::vector<std::int64_t> out;
    if (take_at_hand(plan, wanted, out) == wanted) return out;
    if (known.suspect && !known.exhausted) repair_counter(server, plan);
    if (!known.exhausted) take_from_counter(server, plan, wanted, out);
    if (out.size() == wanted) return out;
    // What is held is not in the store yet, so it counts as free there.
    std::vector<std::int64_t> mine(held.begin(), held.end());
    mine.insert(mine.end(), out.begin(), out.end());
    const std::vector<std::int64_t> free =
        find_free_places(server, plan.organization, *plan.limit, wanted - out.size() + mine.size());
    for (auto place = free.begin(); place != free.end() && out.size() < wanted; ++place) {
        if (std::find(mine.begin(), mine.end(), *place) == mine.end()) out.push_back(*place);
    }
    return out;
}

void Places::settle(Server &server, const Plan &plan) {
    const Known known = look(server, plan);
    if (!known.settled) move_inside(server, plan, known);
}

void Places::give_back(const Plan &plan, std::int64_t place) {
    const std::lock_guard lock(mutex_);
    Known &known = known_[plan.organization];
    if (known.limit_version == plan.limit_version) known.at_hand.push_back(place);
}

void Places::collided(const ObjectId &organization) {
    const std::lock_guard lock(mutex_);
    Known &known = known_[organization];
    known.at_hand.clear();
    known.suspect = true;
}

Places::Known Places::look(Server &server, const Plan &plan) {
    const std::lock_guard lock(mutex_);
    if (known_.size() > kMaxKnown && !known_.contains(plan.organization)) known_.clear();
    Known &known = known_[plan.organization];
    // A batch that read its plan before another one did does not turn back.
    if (plan.limit_version > known.limit_version) {
        known = Known();
        known.limit_version = plan.limit_version;
        known.first_seen = server.now();
    }
    if (plan.limit_version == known.limit_version && plan.settled_version == plan.limit_version) known.settled = true;
    Known out = known;
    out.at_hand.clear();
    if (plan.limit_version < known.limit_version) out.settled = false;
    return out;
}

// Until the new limit is known everywhere, records may come to stand outside of it; each is moved into a free place
// before another one takes a place. False: they need all that is free.
bool Places::move_inside(Server &server, const Plan &plan, const Known &known) {
    std::int64_t started = 0;
    for (;;) {
        started = server.now();
        const std::vector<Outsider> outsiders = server.find_outsiders(plan.organization, *plan.limit, kMoves);
        if (outsiders.empty()) break;
        const std::vector<std::int64_t> free = lowest_free(server, plan.organization, *plan.limit, outsiders.size());
        if (free.empty()) return false;
        std::vector<Move> moves;
        for (std::size_t i = 0; i < free.size(); ++i) moves.push_back({outsiders[i], free[i]});
        server.move(plan.organization, moves);
        const std::lock_guard lock(mutex_);
        known_[plan.organization].suspect = true;
    }
    if (known.limit_version != plan.limit_version || started - known.first_seen < kSettlingNs) return true;
    server.mark_settled(plan.organization, plan.limit_version);
    const std::lock_guard lock(mutex_);
    Known &current = known_[plan.organization];
    if (current.limit_version == plan.limit_version) current.settled = true;
    return true;
}

// Below the first free place the counter has nothing to hand out.
void Places::repair_counter(Server &server, const Plan &plan) {
    const std::vector<std::int64_t> first = lowest_free(server, plan.organization, *plan.limit, 1);
    server.raise_next_place(plan.organization, first.empty() ? *plan.limit : first.front() - 1);
    const std::lock_guard lock(mutex_);
    known_[plan.organization].suspect = false;
}

std::size_t Places::take_at_hand(const Plan &plan, std::size_t wanted, std::vector<std::int64_t> &out) {
    const std::lock_guard lock(mutex_);
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
    const std::lock_guard lock(mutex_);
    Known &known = known_[plan.organization];
    if (!next || *next >= *plan.limit) known.exhausted |= known.limit_version == plan.limit_version;
    if (!next) return;
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
