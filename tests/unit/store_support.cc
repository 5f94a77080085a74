#include "store_support.h"

#include <algorithm>
#include <cstring>
#include <set>

#include "token.h"

namespace appcreate::test {
namespace {

constexpr std::int64_t kPatience = 20'000;  // ms

ac_str str(std::string_view text) { return {text.data(), text.size()}; }

}  // namespace

std::unique_ptr<Create> make_create(const ac_key &key, const Sent &sent) {
    const ac_str type = str("application/json");
    const ac_str idempotency_key = str(sent.idempotency_key);
    ac_head head{};
    head.key = &key;
    head.organization = str(key.organization);
    head.query = str(sent.validate_only ? "validateOnly=true" : "");
    head.content_type = &type;
    head.n_content_type = 1;
    head.idempotency_key = &idempotency_key;
    head.n_idempotency_key = sent.idempotency_key.empty() ? 0 : 1;
    auto create = std::make_unique<Create>(head);
    if (create->answered() || create->body(sent.body, 0) != AC_OK) {
        throw std::logic_error("a test sent a bad create: " + answer_body(*create));
    }
    return create;
}

std::unique_ptr<Create> named(const ac_key &key, std::string_view name) {
    return make_create(key, {R"({"name":")" + std::string(name) + "\"}", "", false});
}

std::vector<std::unique_ptr<Create>> named(const ac_key &key, std::string_view name, std::size_t n) {
    std::vector<std::unique_ptr<Create>> out;
    for (std::size_t i = 0; i < n; ++i) out.push_back(named(key, name));
    return out;
}

void Pending::add(Create *create) {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(create);
}

void Pending::add(const std::vector<std::unique_ptr<Create>> &creates) {
    for (const auto &create : creates) add(create.get());
}

std::size_t Pending::take(void *self, ac_create **out, std::size_t max, std::size_t) {
    auto &pending = *static_cast<Pending *>(self);
    if (pending.on_take) pending.on_take();
    const std::lock_guard lock(pending.mutex_);
    std::size_t n = 0;
    for (; n < std::min(max, pending.max_) && !pending.waiting_.empty(); ++n) {
        out[n] = reinterpret_cast<ac_create *>(pending.waiting_.front());
        pending.waiting_.pop_front();
    }
    if (n > 0) ++pending.batches_;
    return n;
}

void Pending::done(void *self, ac_create *const *creates, std::size_t n) {
    auto &pending = *static_cast<Pending *>(self);
    {
        const std::lock_guard lock(pending.mutex_);
        pending.done_ += n;
    }
    if (pending.on_done) pending.on_done({creates, n});
}

Deadline in_ms(std::int64_t ms) { return monotonic_ns() + ms * 1'000'000; }

void write_all(Store &store, const std::vector<std::unique_ptr<Create>> &creates, std::size_t max) {
    Pending pending(max);
    pending.add(creates);
    store.write(pending.source(), in_ms(kPatience));
    ASSERT_EQ(pending.done_count(), creates.size());
}

void write_one(Store &store, Create &create) {
    Pending pending;
    pending.add(&create);
    store.write(pending.source(), in_ms(kPatience));
    ASSERT_EQ(pending.done_count(), 1U);
}

std::string answer_body(const Create &create) { return {create.answer().body.data, create.answer().body.len}; }

// 0 for a 200, -1 as long as there is no answer.
int code_of(const Create &create) { return create.answered() ? create.answer().code : -1; }

std::string slug_of(const Create &create) {
    const ac_create_facts facts = create.facts();
    return {facts.slug.data, facts.slug.len};
}

std::string id_of(const Create &create) {
    const ac_create_facts facts = create.facts();
    return {facts.id.data, facts.id.len};
}

Json parse(std::string_view text) { return Json(json_loadb(text.data(), text.size(), JSON_ALLOW_NUL, nullptr)); }

std::string text_at(const json_t *object, std::initializer_list<const char *> path) {
    for (const char *name : path) object = json_object_get(object, name);
    return json_is_string(object) ? json_string_value(object) : "";
}

Org make_org(Store &store, std::string_view slug, std::optional<std::int64_t> limit) {
    OrganizationSpec spec;
    spec.name = "The " + std::string(slug);
    spec.slug = std::string(slug);
    spec.limit.emplace(limit);
    Org org;
    store.org_create(spec, [&](std::string_view json) {
        org.id = text_at(parse(json).get(), {"id"});
        return true;
    });
    org.slug = slug;
    KeySpec key;
    key.org = org.slug;
    key.owner = ObjectId::make();
    key.role = 1;
    key.permissions = {AC_PERMISSION_CREATE};
    key.token = org.token = make_token();
    store.key_create(key, [](std::string_view) { return true; });
    org.key = find_key(store, org.token).key;
    return org;
}

ac_lookup find_key(Store &store, std::string_view token) {
    ac_lookup lookup{};
    const Digest digest = sha256(token);
    std::copy(digest.begin(), digest.end(), lookup.digest);
    store.find_keys({&lookup, 1}, in_ms(kPatience));
    return lookup;
}

std::vector<std::string> rows(const std::function<void(const RowSink &)> &list) {
    std::vector<std::string> out;
    list([&](std::string_view json) {
        out.emplace_back(json);
        return true;
    });
    return out;
}

std::string row(const std::function<void(const RowSink &)> &show) {
    const std::vector<std::string> all = rows(show);
    return all.size() == 1 ? all.front() : "expected one row, got " + std::to_string(all.size());
}

std::vector<std::string> list_apps(Store &store, const std::string &org) {
    return rows([&](const RowSink &sink) { store.app_list(org, std::nullopt, 0, sink); });
}

void set_limit(Store &store, const std::string &org, std::optional<std::int64_t> limit) {
    OrganizationSpec spec;
    spec.limit.emplace(limit);
    store.org_set(org, spec, [](std::string_view) { return true; });
}

ac_status status_of(const std::function<void()> &function) {
    try {
        function();
    } catch (const Failure &failure) {
        return failure.status();
    }
    return AC_OK;
}

std::string message_of(const std::function<void()> &function) {
    try {
        function();
    } catch (const Failure &failure) {
        return failure.what();
    }
    return {};
}

std::vector<std::string> expect_sound(Store &store, const std::string &org) {
    std::set<std::string> ids, slugs;
    std::vector<std::string> in_order;
    for (const std::string &record : list_apps(store, org)) {
        const Json json = parse(record);
        in_order.push_back(text_at(json.get(), {"id"}));
        EXPECT_TRUE(ids.insert(in_order.back()).second) << "twice: " << record;
        EXPECT_TRUE(slugs.insert(text_at(json.get(), {"slug"})).second) << "twice: " << record;
    }
    EXPECT_EQ(store.app_count(org), ids.size());
    EXPECT_TRUE(std::is_sorted(in_order.begin(), in_order.end()));
    EXPECT_EQ(rows([&](const RowSink &sink) { EXPECT_TRUE(store.check(false, sink)); }), std::vector<std::string>());
    return in_order;
}

void StoreTest::SetUp() {
    if (const std::string why = GetParam().unavailable(); !why.empty()) GTEST_SKIP() << why;
    under_test_ = GetParam().make();
    store_ = under_test_->open();
    prepare();
}

void StoreTest::know_change() {
    if (GetParam().plan_age.count() > 0) store_ = under_test_->open();
}

}  // namespace appcreate::test
