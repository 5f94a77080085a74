#include "mongo/create/place_search.h"

#include <algorithm>

namespace appcreate::mongo {

Looked look_at_places(Server &server, const ObjectId &organization, std::int64_t first, std::int64_t last) {
    const auto is_full = [&](std::int64_t from, std::int64_t to) {
        return server.count_places(organization, from, to) >= to - from + 1;
    };
    if (last - first >= kWindow && is_full(first, last)) return {last, {}};
    while (last - first >= kWindow) {
        const std::int64_t middle = first + (last - first) / 2;
        if (is_full(first, middle)) {
            first = middle + 1;
        } else {
            last = middle;
        }
    }
    const std::vector<std::int64_t> taken = server.taken_places(organization, first, last);
    Looked out{last, {}};
    for (std::int64_t place = first; place <= last; ++place) {
        if (!std::binary_search(taken.begin(), taken.end(), place)) out.free.push_back(place);
    }
    return out;
}

void PlaceSearch::step(Server &server) {
    if (!since_) since_ = server.connected_at();
    const bool is_filled = filled_to_ == at_;
    const std::int64_t last = limit_ - at_ > span_ ? at_ + span_ : limit_;
    const Looked looked = look_at_places(server, organization_, at_ + 1, last);
    at_ = looked.last;
    if (is_filled) filled_to_ = looked.free.empty() ? looked.last : looked.free.front() - 1;
    free_.insert(free_.end(), looked.free.begin(), looked.free.end());
}

std::vector<std::int64_t> PlaceSearch::free(std::span<const std::int64_t> held) const {
    std::vector<std::int64_t> out;
    std::copy_if(free_.begin(), free_.end(), std::back_inserter(out),
                 [&](std::int64_t place) { return std::find(held.begin(), held.end(), place) == held.end(); });
    return out;
}

}  // namespace appcreate::mongo
