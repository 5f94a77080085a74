// The rules of the fault proxy, and what it has counted. Not thread-safe: the proxy's lock is around it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "harness/fault_proxy.h"
#include "harness/wire.h"

namespace appcreate::test {

// What a message is to rules and counters.
struct Label {
    std::string command;  // "hello" for isMaster too
    std::string collection;
};
Label label_of(const Command &command);

class FaultRules {
  public:
    using RuleId = FaultProxy::RuleId;

    RuleId add(Rule rule);
    void end(RuleId id) { rules_.at(id).ended = true; }
    void end_all();
    [[nodiscard]] bool is_ended(RuleId id) const { return rules_.at(id).ended; }
    [[nodiscard]] int hits(RuleId id) const { return rules_.at(id).hits; }
    [[nodiscard]] const Rule &rule(RuleId id) const { return rules_.at(id).rule; }

    struct Hit {
        bool is_hit = false;
        RuleId id = 0;
    };
    // Every rule that matches counts the message; the first that is due hits it.
    Hit match(const Label &label, Side side);

    void count(const Label &label);
    [[nodiscard]] std::map<std::string, int> counts() const;
    [[nodiscard]] const std::vector<std::string> &commands() const { return commands_; }
    void reset_counts();

  private:
    struct Active {
        Rule rule;
        int seen = 0;
        int hits = 0;
        bool ended = false;
    };

    std::vector<Active> rules_;
    std::map<std::string, int> counts_;
    std::vector<std::string> commands_;
};

}  // namespace appcreate::test
