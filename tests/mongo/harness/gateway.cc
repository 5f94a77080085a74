#include "harness/gateway.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <iostream>
#include <stdexcept>
#include <utility>

#include "token.h"
#include "uri.h"
#include "values.h"

namespace appcreate::mongotest {
namespace {

ac_str str(std::string_view text) { return {text.data(), text.size()}; }

std::string text(const ac_str &value) { return {value.data == nullptr ? "" : value.data, value.len}; }

// The value of a string member of a row.
std::string member(std::string_view row, std::string_view name) {
    const std::string head = "\"" + std::string(name) + "\":\"";
    const std::size_t begin = row.find(head);
    if (begin == std::string_view::npos) throw std::runtime_error("no " + head + " in " + std::string(row));
    return std::string(row.substr(begin + head.size(), row.find('"', begin + head.size()) - begin - head.size()));
}

Answer answer_of(const Create &create) {
    const ac_answer &said = create.answer();
    const ac_create_facts facts = create.facts();
    return {said.status,     said.code,      (said.flags & AC_ANSWER_REPLAYED) != 0,
            text(said.body), text(facts.id), text(facts.slug)};
}

std::unique_ptr<Create> make_create(const Tenant &tenant, const Order &order) {
    const ac_str type = str("application/json");
    const ac_str key = str(order.idempotency_key ? *order.idempotency_key : std::string_view());
    ac_head head{};
    head.key = &tenant.key;
    head.organization = str(tenant.organization);
    head.query = str(order.validate_only ? "validateOnly=true" : "");
    head.content_type = &type;
    head.n_content_type = 1;
    head.idempotency_key = &key;
    head.n_idempotency_key = order.idempotency_key ? 1 : 0;
    auto create = std::make_unique<Create>(head);
    create->body(order.body, 0);
    return create;
}

struct Pending {
    std::deque<Create *> waiting;
    std::size_t done = 0;
};

std::size_t take(void *ctx, ac_create **out, std::size_t max, std::size_t max_bytes) {
    auto &pending = *static_cast<Pending *>(ctx);
    std::size_t n = 0;
    std::size_t bytes = 0;
    while (n < max && !pending.waiting.empty()) {
        bytes += pending.waiting.front()->size();
        if (n > 0 && bytes > max_bytes) break;
        out[n++] = reinterpret_cast<ac_create *>(pending.waiting.front());
        pending.waiting.pop_front();
    }
    return n;
}

void done(void *ctx, ac_create *const *, std::size_t n) { static_cast<Pending *>(ctx)->done += n; }

}  // namespace

std::ostream &operator<<(std::ostream &out, const Answer &answer) {
    return out << answer.status << "/" << answer.code << (answer.is_replay ? " replayed " : " ") << answer.slug << " "
               << answer.body.substr(0, 200);
}

::testing::AssertionResult is_created(const Answer &answer) {
    if (answer.status == 200) return ::testing::AssertionSuccess();
    return ::testing::AssertionFailure() << "is not created: " << answer;
}

::testing::AssertionResult is_refused(const Answer &answer, int code) {
    if (answer.code == code) return ::testing::AssertionSuccess();
    return ::testing::AssertionFailure() << "is not " << code << ": " << answer;
}

Order order(std::string_view name, std::optional<std::string> idempotency_key) {
    return {R"({"name":")" + std::string(name) + "\"}", std::move(idempotency_key)};
}

Gateway::Gateway(const std::string &uri, std::int64_t timeout_ms, bool maintain) : timeout_ms_(timeout_ms) {
    StoreOptions options;
    options.uri = parse_uri(uri);
    options.timeout_ms = timeout_ms;
    options.log = write_log;
    options.log_ctx = this;
    options.threads = 4;
    options.maintain = maintain;
    store_ = open_store(std::move(options));
}

Gateway::~Gateway() {
    if (!::testing::Test::HasFailure()) return;
    for (const std::string &line : log()) std::cerr << "gateway: " << line << "\n";
}

Tenant Gateway::make_tenant(std::optional<std::int64_t> limit) {
    Tenant tenant;
    OrganizationSpec organization;
    organization.name = "Tenant";
    organization.slug = unique_name("tenant");
    if (limit) organization.limit.emplace(*limit);
    store_->org_create(organization, [&](std::string_view row) {
        tenant.organization = member(row, "id");
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

void Gateway::set_limit(const Tenant &tenant, std::int64_t limit) {
    OrganizationSpec spec;
    spec.limit.emplace(limit);
    store_->org_set(tenant.organization, spec, [](std::string_view) { return true; });
}

Answer Gateway::create(const Tenant &tenant, const Order &what) { return create_all(tenant, {what}).at(0); }

std::vector<Answer> Gateway::create_all(const Tenant &tenant, const std::vector<Order> &what) {
    std::vector<std::pair<Tenant, Order>> batch;
    batch.reserve(what.size());
    for (const Order &one : what) batch.emplace_back(tenant, one);
    return create_all(batch);
}

std::vector<Answer> Gateway::create_all(const std::vector<std::pair<Tenant, Order>> &what) {
    std::vector<std::unique_ptr<Create>> creates;
    Pending pending;
    std::size_t given = 0;
    for (const auto &[tenant, one] : what) {
        creates.push_back(make_create(tenant, one));
        if (creates.back()->answered()) continue;
        pending.waiting.push_back(creates.back().get());
        ++given;
    }
    ac_source source{};
    source.ctx = &pending;
    source.take = take;
    source.done = done;
    store_->write(Source(source), monotonic_ns() + timeout_ms_ * 1'000'000);
    if (pending.done != given) throw std::runtime_error("the store kept creates that it was given");
    std::vector<Answer> answers;
    for (const auto &one : creates) {
        if (!one->answered()) throw std::runtime_error("a create has no answer");
        answers.push_back(answer_of(*one));
    }
    return answers;
}

std::future<Answer> Gateway::start(const Tenant &tenant, const Order &what) {
    return std::async(std::launch::async, [this, tenant, what] { return create(tenant, what); });
}

std::vector<std::string> Gateway::complaints() const {
    const std::lock_guard lock(mutex_);
    return complaints_;
}

std::vector<std::string> Gateway::log() const {
    const std::lock_guard lock(mutex_);
    return log_;
}

void Gateway::clear_log() {
    const std::lock_guard lock(mutex_);
    log_.clear();
    complaints_.clear();
}

void Gateway::write_log(void *self, int level, const char *message, std::size_t size) {
    auto &gateway = *static_cast<Gateway *>(self);
    const std::lock_guard lock(gateway.mutex_);
    gateway.log_.emplace_back(message, size);
    if (level != AC_LOG_NOTICE) gateway.complaints_.emplace_back(message, size);
}

std::string unique_name(std::string_view prefix) {
    static std::atomic<unsigned> counter{0};
    return std::string(prefix) + "-" + ObjectId::make().hex().substr(18) + "-" + std::to_string(++counter);
}

}  // namespace appcreate::mongotest
