#include "store_support.h"

#include <algorithm>
#include <cstring>
#include <set>

#include "auth/token.h"

namespace appcreate::test {
namespace {

constexpr std::int64_t kPatience = 20'000;  // ms

}  // namespace

std::unique_ptr<Create> make_create(const ac_key &key, const Order &order) {
    const Head head(key, key.organization, order);
    auto create = std::make_unique<Create>(head.get());
    if (create->answered() || create->body(order.body, 0) != AC_OK) {
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

Org make_org(Store &store, std::string_view slug, std::optional<std::int64_t> limit) {
    OrganizationSpec spec;
    spec.name = "The " + std::string(slug);
    spec.slug = std::string(slug);
    spec.limit.emplace(limit);
    Org org;
    store.org_create(spec, [&](std::string_view json) {
        org.id = Json::parse(json).string("/id");
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
        const Json json = Json::parse(record);
        in_order.push_back(json.string("/id"));
        EXPECT_TRUE(ids.insert(in_order.back()).second) << "twice: " << record;
        EXPECT_TRUE(slugs.insert(json.string("/slug")).second) << "twice: " << record;
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
