#include "harness/fault_rules.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace appcreate::test {
namespace {

bool is_handshake(std::string_view command) {
    constexpr std::array<std::string_view, 5> kNames = {"hello", "saslStart", "saslContinue", "authenticate",
                                                        "endSessions"};
    return std::find(kNames.begin(), kNames.end(), command) != kNames.end();
}

bool matches(const Rule &rule, const Label &label, Side side) {
    if (rule.side != side) return false;
    if (rule.command.empty() ? is_handshake(label.command) : rule.command != label.command) return false;
    return rule.collection.empty() || rule.collection == label.collection;
}

}  // namespace

Label label_of(const Command &command) {
    const bool is_hello = command.name == "isMaster" || command.name == "ismaster" || command.name == "hello";
    return {is_hello ? "hello" : command.name, command.collection};
}

FaultRules::RuleId FaultRules::add(Rule rule) {
    rules_.push_back({std::move(rule)});
    return rules_.size() - 1;
}

void FaultRules::end_all() {
    for (Active &one : rules_) one.ended = true;
}

FaultRules::Hit FaultRules::match(const Label &label, Side side) {
    Hit hit;
    for (std::size_t i = 0; i < rules_.size(); ++i) {
        Active &one = rules_[i];
        if (one.ended || !matches(one.rule, label, side)) continue;
        ++one.seen;
        if (hit.is_hit || one.seen < one.rule.nth) continue;
        if (one.rule.times != 0 && one.hits >= one.rule.times) continue;
        ++one.hits;
        hit = {true, i};
    }
    return hit;
}

void FaultRules::count(const Label &label) {
    if (is_handshake(label.command)) return;
    ++counts_[label.command];
    commands_.push_back(label.collection.empty() ? label.command : label.command + " " + label.collection);
}

std::map<std::string, int> FaultRules::counts() const { return counts_; }

void FaultRules::reset_counts() {
    counts_.clear();
    commands_.clear();
}

}  // namespace appcreate::test
