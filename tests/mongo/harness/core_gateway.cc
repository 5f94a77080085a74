#include "harness/core_gateway.h"
#include "kinds.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <iostream>
#include <stdexcept>
#include <utility>

#include "auth/token.h"
#include "base/digest.h"
#include "base/values.h"
#include "store/uri.h"
#include "support/json.h"

namespace appcreate::test {
namespace {

std::unique_ptr<Create> create_of(const Tenant &tenant, const Order &order) {
    const Head head(tenant.key, tenant.organization, order);
    auto create = std::make_unique<Create>(head.get());
    create->body(order.body, 0);
    return create;
}

ac_create *handle_of(const std::unique_ptr<Create> &create) { return reinterpret_cast<ac_create *>(create.get()); }

}  // namespace

::testing::AssertionResult is_created(const Answer &answer) {
    if (answer.status == 200) return ::testing::AssertionSuccess();
    return ::testing::AssertionFailure() << "is not created: " << answer;
}

::testing::AssertionResult is_refused(const Answer &answer, int code) {
    if (answer.code == code) return ::testing::AssertionSuccess();
    return ::testing::AssertionFailure() << "is not " << code << ": " << answer;
}

Order order(std::string_view name, std::string idempotency_key) {
    return {R"({"name":")" + std::string(name) + "\"}", std::move(idempotency_key)};
}

CoreGateway::CoreGateway(const std::string &uri, std::int64_t timeout_ms, bool maintain, const HostMemory &shared)
    : timeout_ms_(timeout_ms) {
    StoreOptions options;
    options.uri = parse_uri(uri);
    options.timeout_ms = timeout_ms;
    options.log = HostLog::write;
    options.log_ctx = &log_;
    options.threads = 4;
    options.maintain = maintain;
    options.turn = shared.turn;
    options.exchange = shared.exchange;
    store_ = open_store(std::move(options));
}

CoreGateway::~CoreGateway() {
    if (!::testing::Test::HasFailure()) return;
    for (const std::string &line : log()) std::cerr << "gateway: " << line << "\n";
}

Tenant CoreGateway::make_tenant(std::optional<std::int64_t> limit) {
    Tenant tenant;
    OrganizationSpec organization;
    organization.name = "Tenant";
    organization.slug = unique_name("tenant");
    if (limit) organization.limit.emplace(*limit);
    store_->org_create(organization, [&](std::string_view row) {
        tenant.organization = Json::parse(row).string("/id");
        return true;
    });
    KeySpec key;
    key.org = tenant.organization;
    key.owner = ObjectId::make();
    key.permissions = {AC_PERMISSION_CREATE};
    key.token = make_token();
    store_->key_create(key, [](std::string_view) { return true; });
    ac_lookup lookup{};
    const Digest digest = sha256(key.token);
    std::copy(digest.begin(), digest.end(), lookup.digest);
    store_->find_keys({&lookup, 1}, monotonic_ns() + timeout_ms_ * 1'000'000);
    if (lookup.found != 1) throw std::runtime_error("a key that was just made is not found");
    tenant.key = lookup.key;
    return tenant;
}

void CoreGateway::set_limit(const Tenant &tenant, std::int64_t limit) {
    OrganizationSpec spec;
    spec.limit.emplace(limit);
    store_->org_set(tenant.organization, spec, [](std::string_view) { return true; });
}

Answer CoreGateway::create(const Tenant &tenant, const Order &what) { return create_all(tenant, {what}).at(0); }

std::vector<Answer> CoreGateway::create_all(const Tenant &tenant, const std::vector<Order> &what) {
    std::vector<std::pair<Tenant, Order>> batch;
    batch.reserve(what.size());
    for (const Order &one : what) batch.emplace_back(tenant, one);
    return create_all(batch);
}

std::vector<Answer> CoreGateway::create_all(const std::vector<std::pair<Tenant, Order>> &what) {
    std::vector<std::unique_ptr<Create>> creates;
    HostQueue queue;
    std::size_t given = 0;
    for (const auto &[tenant, one] : what) {
        creates.push_back(create_of(tenant, one));
        if (creates.back()->answered()) continue;
        queue.add(handle_of(creates.back()));
        ++given;
    }
    store_->write(Source(queue.source()), monotonic_ns() + timeout_ms_ * 1'000'000);
    if (queue.done_count() != given) throw std::runtime_error("the store kept creates that it was given");
    std::vector<Answer> answers;
    for (const auto &one : creates) {
        if (!one->answered()) throw std::runtime_error("a create has no answer");
        answers.push_back(answer_of(handle_of(one)));
    }
    return answers;
}

std::future<Answer> CoreGateway::start(const Tenant &tenant, const Order &what) {
    return std::async(std::launch::async, [this, tenant, what] { return create(tenant, what); });
}

std::string unique_name(std::string_view prefix) {
    static std::atomic<unsigned> counter{0};
    return std::string(prefix) + "-" + ObjectId::make().hex().substr(18) + "-" + std::to_string(++counter);
}

}  // namespace appcreate::test
