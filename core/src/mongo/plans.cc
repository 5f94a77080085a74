#include "mongo/plans.h"

namespace appcreate::mongo {
namespace {

constexpr std::size_t kMaxPlans = 10'000;

}  // namespace

std::map<ObjectId, PlanRef> Plans::get(Server &server, std::span<const ObjectId> organizations) {
    std::map<ObjectId, PlanRef> out;
    std::vector<ObjectId> missing;
    {
        const std::int64_t now = server.now();
        const std::lock_guard lock(mutex_);
        for (const ObjectId &id : organizations) {
            const auto found = plans_.find(id);
            if (found != plans_.end() && now - found->second->read_at <= kPlanValidNs) {
                out.emplace(id, found->second);
            } else {
                missing.push_back(id);
            }
        }
    }
    if (missing.empty()) return out;
    const std::vector<PlanRef> read = server.read_plans(missing);
    remember(read);
    for (const PlanRef &plan : read) out.emplace(plan->organization, plan);
    return out;
}

PlanRef Plans::get_fresh(Server &server, const ObjectId &organization) {
    const std::vector<PlanRef> read = server.read_plans({&organization, 1});
    remember(read);
    return read.empty() ? nullptr : read.front();
}

void Plans::remember(std::span<const PlanRef> plans) {
    const std::lock_guard lock(mutex_);
    if (plans_.size() + plans.size() > kMaxPlans) plans_.clear();
    for (const PlanRef &plan : plans) plans_[plan->organization] = plan;
}

}  // namespace appcreate::mongo
