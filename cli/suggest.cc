#include "suggest.h"

#include <algorithm>
#include <vector>

namespace appctl {
namespace {

// Nobody misspells what is longer than any name here.
constexpr std::size_t kMaxWord = 64;

// Letters left out, added, changed, or swapped with the next one (optimal string alignment).
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> before_last;
    std::vector<std::size_t> last(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::vector<std::size_t> row(b.size() + 1);
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                row[j] = std::min(row[j], before_last[j - 2] + 1);
            }
        }
        before_last = std::move(last);
        last = std::move(row);
    }
    return last[b.size()];
}

}  // namespace

std::string_view nearest(std::string_view word, std::span<const std::string_view> known) {
    if (word.size() > kMaxWord) return {};
    std::string_view best;
    std::size_t best_distance = 0;
    for (const std::string_view candidate : known) {
        const std::size_t far = distance(word, candidate);
        if (best.empty() || far < best_distance) {
            best = candidate;
            best_distance = far;
        }
    }
    return best_distance <= std::max<std::size_t>(1, best.size() / 3) ? best : std::string_view();
}

std::string did_you_mean(std::string_view word, std::span<const std::string_view> known) {
    const std::string_view best = nearest(word, known);
    return best.empty() ? "" : "; did you mean \"" + std::string(best) + "\"?";
}

}  // namespace appctl
