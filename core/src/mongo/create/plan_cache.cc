#include "mongo/create/plan_cache.h"

namespace appcreate::mongo {
namespace {

constexpr std::size_t kMaxKnown = 10'000;

bool is_valid(std::int64_t read_at, std::int64_t now, std::int64_t since) {
    return read_at > since && now - read_at <= kPlanValidNs;
}

}  // namespace

std::map<ObjectId, PlanRef> Plans::get(Server &server, std::span<const ObjectId> organizations) {
    std::map<ObjectId, PlanRef> out;
    std::vector<ObjectId> missing;
    const std::int64_t since = server.connected_at();
    {
        const std::int64_t now = server.now();
        const MutexLock lock(mutex_);
        for (const ObjectId &id : organizations) {
            const auto found = plans_.find(id);
            if (found != plans_.end() && is_valid(found->second->read_at, now, since)) {
                out.emplace(id, found->second);
            } else {
                missing.push_back(id);
            }
        }
    }
    if (missing.empty()) return out;
    const std::vector<PlanRef> read = server.read_plans(missing);
    const MutexLock lock(mutex_);
    if (plans_.size() + read.size() > kMaxKnown) plans_.clear();
    for (const PlanRef &plan : read) {
        plans_[plan->organization] = plan;
        out.emplace(plan->organization, plan);
    }
    return out;
}

std::map<ObjectId, ProviderRef> Plans::get_providers(Server &server, std::span<const ObjectId> ids) {
    std::map<ObjectId, ProviderRef> out;
    std::vector<ObjectId> missing;
    const std::int64_t since = server.connected_at();
    const std::int64_t now = server.now();
    {
        const MutexLock lock(mutex_);
        for (const ObjectId &id : ids) {
            const auto found = providers_.find(id);
            if (found != providers_.end() && is_valid(found->second.read_at, now, since)) {
                out.emplace(id, found->second.provider);
            } else {
                missing.push_back(id);
            }
        }
    }
    if (missing.empty()) return out;
    const std::vector<ProviderRef> read = server.read_providers(missing);
    const MutexLock lock(mutex_);
    if (providers_.size() + read.size() > kMaxKnown) providers_.clear();
    for (const ObjectId &id : missing) providers_.erase(id);
    for (const ProviderRef &provider : read) {
        providers_[provider->id] = {provider, now};
        out.emplace(provider->id, provider);
    }
    return out;
}

}  // namespace appcreate::mongo
