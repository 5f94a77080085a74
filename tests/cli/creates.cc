#include "creates.h"

#include <gtest/gtest.h>

#include <cstring>
#include <ctime>

#include "app_create.h"
#include "harness.h"

namespace clitest {
namespace {

ac_str str(std::string_view text) { return {text.data(), text.size()}; }

int keep_row(void *ctx, ac_str json) {
    static_cast<std::string *>(ctx)->assign(json.data, json.len);
    return 0;
}

struct Pending {
    std::vector<ac_create *> creates;
    std::size_t taken = 0;
};

std::size_t take(void *ctx, ac_create **out, std::size_t max, std::size_t) {
    auto &pending = *static_cast<Pending *>(ctx);
    std::size_t n = 0;
    while (n < max && pending.taken < pending.creates.size()) out[n++] = pending.creates[pending.taken++];
    return n;
}

void done(void *, ac_create *const *, std::size_t) {}

ac_store *open(const std::string &text) {
    ac_uri *uri = nullptr;
    ac_store *store = nullptr;
    ac_error err{};
    EXPECT_EQ(ac_uri_parse(str(text), &uri, &err), AC_OK) << err.message;
    ac_store_options options{};
    options.size = sizeof(options);
    options.uri = uri;
    options.timeout_ms = 30000;
    options.threads = 1;
    EXPECT_EQ(ac_store_open(&options, &store, &err), AC_OK) << err.message;
    ac_uri_free(uri);
    return store;
}

ac_key key_of(ac_store *store, const std::string &slug) {
    ac_error err{};
    std::string row;
    EXPECT_EQ(ac_org_show(store, str(slug), keep_row, &row, &err), AC_OK) << err.message;
    const std::string organization = Json(row).text("id");
    ac_key key{};
    std::memcpy(key.id, kOwner, AC_ID_SIZE);
    std::memcpy(key.owner, kOwner, AC_ID_SIZE);
    std::memcpy(key.organization, organization.c_str(), AC_ID_SIZE);
    std::memcpy(key.organization_slug, slug.c_str(), slug.size() + 1);
    key.role = 8;
    key.flags = AC_KEY_MAY_CREATE | AC_KEY_ORG_ENABLED;
    return key;
}

ac_create *parsed(const ac_key &key, const std::string &slug, const Order &order) {
    const ac_str type = str("application/json");
    const ac_str idempotency_key = str(order.idempotency_key);
    ac_head head{};
    head.key = &key;
    head.organization = str(slug);
    head.content_type = &type;
    head.n_content_type = 1;
    head.idempotency_key = &idempotency_key;
    head.n_idempotency_key = order.idempotency_key.empty() ? 0 : 1;
    ac_create *create = nullptr;
    EXPECT_EQ(ac_create_begin(&head, &create), AC_OK);
    EXPECT_EQ(ac_create_body(create, str(order.body), 0), AC_OK) << order.body;
    return create;
}

}  // namespace

std::vector<Answer> create(const std::string &uri, const std::string &organization, const std::vector<Order> &orders) {
    ac_store *store = open(uri);
    const ac_key key = key_of(store, organization);
    Pending pending;
    for (const Order &order : orders) pending.creates.push_back(parsed(key, organization, order));
    const ac_source source = {&pending, take, done, nullptr};
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    ac_error err{};
    EXPECT_EQ(ac_store_write(store, &source, (now.tv_sec + 60) * 1'000'000'000LL, &err), AC_OK) << err.message;

    std::vector<Answer> answers;
    for (ac_create *create : pending.creates) {
        const ac_answer *answer = ac_create_answer(create);
        answers.push_back({answer->status, answer->code, (answer->flags & AC_ANSWER_REPLAYED) != 0,
                           std::string(answer->body.data, answer->body.len)});
        ac_create_free(create);
    }
    ac_store_close(store);
    return answers;
}

}  // namespace clitest
