#include "doctor/stop_time.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string>

#include "doctor/process.h"
#include "doctor/programs.h"

namespace appctl::doctor {
namespace {

constexpr std::int64_t kDefaultTimeout = 3000;  // ms; docs/directives.md

struct Unit {
    std::string_view name;
    std::int64_t milliseconds;
};
// "m" is nginx's minute, "min" systemd's; without a unit it is a second.
constexpr std::array<Unit, 9> kUnits = {{{"ms", 1},
                                         {"s", 1000},
                                         {"", 1000},
                                         {"m", 60'000},
                                         {"min", 60'000},
                                         {"h", 3'600'000},
                                         {"d", 86'400'000},
                                         {"w", 604'800'000},
                                         {"us", 0}}};

}  // namespace

std::optional<std::int64_t> milliseconds_of(std::string_view text) {
    std::int64_t total = 0;
    bool has_any = false;
    while (!text.empty()) {
        const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
        if (digits == 0 || digits > 12) return std::nullopt;
        const std::int64_t number = std::strtoll(std::string(text.substr(0, digits)).c_str(), nullptr, 10);
        text.remove_prefix(digits);
        const std::size_t end = std::min(text.find_first_of(" 0123456789"), text.size());
        const auto *unit = std::find_if(kUnits.begin(), kUnits.end(),
                                        [&](const Unit &one) { return one.name == text.substr(0, end); });
        if (unit == kUnits.end()) return std::nullopt;
        total += number * unit->milliseconds;
        text.remove_prefix(end);
        text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
        has_any = true;
    }
    return has_any ? std::optional(total) : std::nullopt;
}

std::int64_t longest_timeout(const std::vector<Directive> &directives) {
    std::int64_t longest = 0;
    for (const Directive &directive : directives) {
        if (directive.words[0] != "app_create_timeout" || directive.words.size() != 2) continue;
        longest = std::max(longest, milliseconds_of(directive.words[1]).value_or(0));
    }
    return longest == 0 ? kDefaultTimeout : longest;
}

std::optional<std::int64_t> stop_time_of_nginx() {
    const std::string systemctl = find_program("systemctl");
    if (systemctl.empty()) return std::nullopt;
    const Output output = doctor::run({systemctl, "show", "--property=TimeoutStopUSec", "--value", "nginx.service"});
    if (output.status != 0) return std::nullopt;
    return milliseconds_of(output.out.substr(0, output.out.find('\n')));
}

}  // namespace appctl::doctor
