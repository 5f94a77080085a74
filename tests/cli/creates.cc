#include "creates.h"

#include <gtest/gtest.h>

#include <cstring>
#include <ctime>

#include "app_create.h"
#include "harness.h"

namespace appcreate::test {
namespace {

int keep_row(void *ctx, ac_str json) {
    static_cast<std::string *>(ctx)->assign(json.data, json.len);
    return 0;
}

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
    const std::string organization = Json::parse(row).string("/id");
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
    const Head head(key, slug, order);
    ac_create *create = nullptr;
    EXPECT_EQ(ac_create_begin(&head.get(), &create), AC_OK);
    EXPECT_EQ(ac_create_body(create, str(order.body), 0), AC_OK) << order.body;
    return create;
}

}  // namespace

std::vector<Answer> create(const std::string &uri, const std::string &organization, const std::vector<Order> &orders) {
    ac_store *store = open(uri);
    const ac_key key = key_of(store, organization);
    HostQueue queue;
    std::vector<ac_create *> creates;
    for (const Order &order : orders) {
        creates.push_back(parsed(key, organization, order));
        queue.add(creates.back());
    }
    const ac_source source = queue.source();
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    ac_error err{};
    EXPECT_EQ(ac_store_write(store, &source, (now.tv_sec + 60) * 1'000'000'000LL, &err), AC_OK) << err.message;

    std::vector<Answer> answers;
    for (ac_create *create : creates) {
        answers.push_back(answer_of(create));
        ac_create_free(create);
    }
    ac_store_close(store);
    return answers;
}

}  // namespace appcreate::test
