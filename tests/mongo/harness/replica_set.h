// Two members of a replica set that are one real server behind two proxies: what one of them wrote, the other has, as
// after a failover that lost nothing.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "harness/fault_proxy.h"

namespace appcreate::test {

class ReplicaSet {
  public:
    explicit ReplicaSet(std::uint16_t server_port);

    [[nodiscard]] std::string uri(const std::string &options = {}, const std::string &database = "apps") const;
    FaultProxy &member(int i) { return *members_.at(static_cast<std::size_t>(i)); }
    // Member `i` says that it is the primary, the other one refuses every command with NotWritablePrimary. -1: none.
    void elect(int i);

  private:
    static constexpr FaultProxy::RuleId kNone = static_cast<FaultProxy::RuleId>(-1);
    Bson hello_of(std::size_t i) const;

    std::atomic<int> primary_{0};
    std::atomic<int> election_{1};
    std::array<std::string, 2> addresses_;
    std::array<FaultProxy::RuleId, 2> refusal_{kNone, kNone};
    std::array<std::unique_ptr<FaultProxy>, 2> members_;
};

// A real server that says it is a mongos.
void pose_as_mongos(FaultProxy &proxy);

}  // namespace appcreate::test
