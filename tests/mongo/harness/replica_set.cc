#include "harness/replica_set.h"

#include "harness/presets.h"

namespace appcreate::test {

ReplicaSet::ReplicaSet(std::uint16_t server_port) {
    for (std::size_t i = 0; i < members_.size(); ++i) {
        members_[i] = std::make_unique<FaultProxy>(server_port);
        addresses_[i] = members_[i]->address();
    }
    for (std::size_t i = 0; i < members_.size(); ++i) {
        members_[i]->add({.command = "hello",
                          .side = Side::kReply,
                          .fault = Fault::kChange,
                          .times = 0,
                          .change = [this, i](const Bson &) { return hello_of(i); }});
    }
    elect(0);
}

std::string ReplicaSet::uri(const std::string &options, const std::string &database) const {
    return "mongodb://" + addresses_[0] + "," + addresses_[1] + "/" + database + "?replicaSet=rs0" +
           (options.empty() ? "" : "&" + options);
}

void ReplicaSet::elect(int i) {
    primary_ = i;
    ++election_;
    for (std::size_t k = 0; k < members_.size(); ++k) {
        if (static_cast<int>(k) == i) {
            if (refusal_[k] != kNone) members_[k]->release(refusal_[k]);
            refusal_[k] = kNone;
        } else if (refusal_[k] == kNone) {
            refusal_[k] =
                members_[k]->add({.fault = Fault::kAnswer, .times = 0, .change = always(not_writable_primary())});
        }
    }
}

Bson ReplicaSet::hello_of(std::size_t i) const {
    Member member;
    member.hosts = {addresses_[0], addresses_[1]};
    member.me = addresses_[i];
    const int primary = primary_;
    if (primary >= 0) member.primary = addresses_.at(static_cast<std::size_t>(primary));
    member.election = election_;
    return member_hello(member);
}

void pose_as_mongos(FaultProxy &proxy) {
    proxy.add({.command = "hello",
               .side = Side::kReply,
               .fault = Fault::kChange,
               .times = 0,
               .change = with_members(bson(R"({"msg":"isdbgrid"})"))});
}

}  // namespace appcreate::test
