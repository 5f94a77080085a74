#include "mongo/copy/free_places.h"

#include <algorithm>

namespace appcreate::mongo {
namespace {

// So many places are looked at in one read, and kept for each organization.
constexpr std::int64_t kWindow = 512;

}  // namespace

std::optional<std::int64_t> FreePlaces::first(Server &server) {
    const std::int64_t limit = limit_.value_or(0);
    while (waiting_.empty()) {
        if (read_to_ >= limit) return std::nullopt;
        const std::int64_t begin = read_to_ + 1;
        const std::int64_t end = limit - read_to_ > kWindow ? read_to_ + kWindow : limit;
        const std::vector<std::int64_t> taken = server.taken_places(organization_, begin, end);
        for (std::int64_t place = end; place >= begin; --place) {
            if (!std::binary_search(taken.begin(), taken.end(), place)) waiting_.push_back(place);
        }
        read_to_ = end;
    }
    return waiting_.back();
}

std::optional<std::int64_t> FreePlaces::take(Server &server) {
    const std::optional<std::int64_t> place = first(server);
    if (place) waiting_.pop_back();
    return place;
}

}  // namespace appcreate::mongo
