#include "log_guard.h"

#include <algorithm>

namespace appcreate::test {

namespace {

template <class Visit>
void each_line(std::string_view log, const Visit &visit) {
    while (!log.empty()) {
        const std::size_t end = std::min(log.find('\n'), log.size());
        visit(log.substr(0, end));
        log.remove_prefix(std::min(end + 1, log.size()));
    }
}

bool has(std::string_view line, std::string_view text) { return line.find(text) != std::string_view::npos; }

bool is_alarm(std::string_view line) {
    // Exit code 0 is the only one that a worker may end with.
    const bool died = has(line, "exited with") && !has(line, "exited with code 0");
    return died || has(line, "exited on signal") || has(line, "[alert]") || has(line, "[emerg]") ||
           has(line, "[crit]") || has(line, "open socket") || has(line, "Sanitizer") || has(line, "runtime error:") ||
           has(line, "terminate called");
}

}  // namespace

std::vector<std::string> bad_lines(std::string_view log, const LogRules &rules) {
    std::vector<std::string> bad;
    each_line(log, [&](std::string_view line) {
        const bool leaks = std::any_of(rules.secrets.begin(), rules.secrets.end(),
                                       [&](const std::string &secret) { return has(line, secret); });
        const bool provoked = std::any_of(rules.provoked.begin(), rules.provoked.end(),
                                          [&](const std::string &part) { return has(line, part); });
        if (leaks && !provoked) {
            bad.push_back("a token in: " + std::string(line.substr(0, 60)) + "…");
        } else if (is_alarm(line) && !provoked) {
            bad.emplace_back(line);
        }
    });
    return bad;
}

std::vector<std::string> lines_with(std::string_view log, std::string_view text) {
    std::vector<std::string> found;
    each_line(log, [&](std::string_view line) {
        if (has(line, text)) {
            found.emplace_back(line);
        }
    });
    return found;
}

}  // namespace appcreate::test
