// What a server's logs must never hold, whatever the test.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace appcreate::test {

struct LogRules {
    std::vector<std::string> provoked;  // parts of lines that the test announced
    std::set<std::string> secrets;      // tokens
};

// The lines that should not be there: [alert], [emerg], [crit], a sanitizer's report, a dead worker, a token.
std::vector<std::string> bad_lines(std::string_view log, const LogRules &rules);

std::vector<std::string> lines_with(std::string_view log, std::string_view text);

}  // namespace appcreate::test
