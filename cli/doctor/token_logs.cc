#include "doctor/token_logs.h"

#include <algorithm>
#include <set>
#include <string_view>

namespace appctl::doctor {
namespace {

using Names = std::set<std::string, std::less<>>;

bool is_name(char c) noexcept {
    return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// The variables of a text, $name or ${name}; nginx takes them in any case.
std::vector<std::string> variables_of(std::string_view text) {
    std::vector<std::string> out;
    for (std::size_t at = text.find('$'); at != std::string_view::npos; at = text.find('$', at + 1)) {
        std::size_t start = at + 1;
        if (start < text.size() && text[start] == '{') ++start;
        std::size_t end = start;
        while (end < text.size() && is_name(text[end])) ++end;
        std::string name(text.substr(start, end - start));
        std::transform(name.begin(), name.end(), name.begin(),
                       [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
        if (!name.empty()) out.push_back(std::move(name));
    }
    return out;
}

// The first of them that is among `names`; empty: none.
std::string any_of(std::string_view text, const Names &names) {
    for (std::string &name : variables_of(text)) {
        if (names.contains(name)) return std::move(name);
    }
    return {};
}

// Names what an expression keeps of its subject: (?<name>…), (?P<name>…).
void add_captures(std::string_view expression, Names &names) {
    for (std::size_t at = expression.find('<'); at != std::string_view::npos; at = expression.find('<', at + 1)) {
        const std::size_t end = expression.find('>', at);
        const std::string_view name = expression.substr(at + 1, end == std::string_view::npos ? end : end - at - 1);
        if (!name.empty() && std::all_of(name.begin(), name.end(), is_name)) names.emplace(name);
    }
}

// Adds what a directive makes of what is among them.
void follow(const Directive &directive, Names &names) {
    const std::vector<std::string> &words = directive.words;
    if (words[0] == "set" && words.size() == 3 && !any_of(words[2], names).empty()) {
        for (std::string &name : variables_of(words[1])) names.insert(std::move(name));
    }
    if ((words[0] == "if" || words[0] == "map") && words.size() > 1 && !any_of(words[1], names).empty()) {
        for (const std::string &word : words) add_captures(word, names);
    }
    // "where" of what stands in a map is "map SOURCE $result".
    if (directive.where.starts_with("map ") && words.size() == 2) {
        const std::size_t last = directive.where.rfind(' ');
        if (!any_of(directive.where.substr(0, last), names).empty()) add_captures(words[0], names);
        if (!any_of(words[1], names).empty()) {
            for (std::string &name : variables_of(directive.where.substr(last))) names.insert(std::move(name));
        }
    }
}

Names tokens_of(const std::vector<Directive> &directives) {
    Names names = {"http_authorization"};
    for (std::size_t before = 0; before != names.size();) {
        before = names.size();
        for (const Directive &directive : directives) follow(directive, names);
    }
    return names;
}

// The first log with that format; empty: none.
std::string log_with(const std::vector<Directive> &directives, const std::string &format) {
    for (const Directive &directive : directives) {
        const std::vector<std::string> &words = directive.words;
        if (words[0] == "access_log" && words.size() > 2 && words[2] == format) return words[1];
    }
    return {};
}

}  // namespace

std::vector<TokenLog> find_token_logs(const std::vector<Directive> &directives) {
    std::vector<TokenLog> out;
    const Names names = tokens_of(directives);
    for (const Directive &directive : directives) {
        const std::vector<std::string> &words = directive.words;
        if (words[0] != "log_format" || words.size() < 3) continue;
        std::string variable;
        for (std::size_t i = 2; i < words.size() && variable.empty(); ++i) variable = any_of(words[i], names);
        if (variable.empty()) continue;
        std::string log = log_with(directives, words[1]);
        if (!log.empty()) out.push_back({words[1], directive.file, std::move(variable), std::move(log)});
    }
    return out;
}

}  // namespace appctl::doctor
