// Copies between SQLite and MongoDB, there and back: everything is the same, and creates go on.
#include <gtest/gtest.h>

#include "auth/token.h"
#include "harness/copies.h"

namespace appcreate::test {
namespace {

std::vector<Order> odd_orders() {
    std::vector<Order> out;
    int n = 0;
    for (const char *metadata :
         {R"({})", R"({"":1,"a.b":2,"$set":3,".":4,"$":5,"a..b":6})", R"({"nul":"a\u0000b","ä":"😀"})",
          R"({"n":[9223372036854775807,-9223372036854775808,0,2147483648,1.0,-2.5e-7,5e-324,1.7976931348623157e308]})",
          R"({"z":null,"a":true,"m":[[],{},[{"deep":[1,[2,[3.0]]]}],"","\\\"\n"]})",
          R"({"_id":"x","id":"y","place":7,"request":"z","answer":"","keptUntil":null,"fingerprint":{}})",
          R"({"createdAt":"2026-01-01T00:00:00.000Z","organization":"507f1f77bcf86cd799439011","$oid":"x"})"}) {
        out.push_back({std::string(R"({"name":"Odd","metadata":)") + metadata + "}"});
        out.push_back(
            {std::string(R"({"name":"Odd kept","metadata":)") + metadata + "}", "key-" + std::to_string(n++)});
    }
    out.push_back({R"({"name":"Größe 漢字","configuration":{"notificationLanguage":"de"},)"
                   R"("defaultScripts":{"audit":"#!/bin/sh\n\techo \"x\"\n","runner":""}})"});
    out.push_back({"{\"name\":\"\xf0\x9f\x98\x80\"}"});
    out.push_back({R"({"name":"2026-01-01T00:00:00.000Z"})"});
    return out;
}

std::vector<Order> same_names(std::size_t n) { return std::vector<Order>(n, order("Same name")); }

class MongoCopy : public MongoCopyTest {
  protected:
    // Tenants of every kind in the first store.
    void fill() {
        if (IsSkipped()) return;
        plain_ = first().make_tenant();
        limited_ = first().make_tenant(4);
        over_ = first().make_tenant(3);
        add_provider("First", R"({"a.b":[1,2.5,"\u0000"],"":{}})", false);
        expect_created(first().create_all(plain_, odd_orders()));
        add_provider("Second", "{}", true);
        expect_created(first().create_all(plain_, same_names(5)));
        expect_created(first().create_all(limited_, same_names(3)));
        expect_created(first().create_all(over_, same_names(3)));
        first().set_limit(over_, 2);
        add_keys();
        OrganizationSpec closed;
        closed.name = "Closed";
        closed.slug = "closed";
        closed.enabled = false;
        closed.build_retention_days = -1;
        closed.builds_per_publication = 30;
        first().store().org_create(closed, [](std::string_view) { return true; });
    }
    const Tenant &plain() { return plain_; }
    const Tenant &limited() { return limited_; }
    const Tenant &over() { return over_; }
    // Of a key of plain()'s.
    [[nodiscard]] const std::string &token() const { return token_; }

  private:
    void add_provider(const char *name, const char *config, bool is_default) {
        ProviderSpec spec;
        spec.org = plain_.organization;
        spec.name = name;
        spec.provider = "s3";
        spec.config = config;
        spec.is_default = is_default;
        first().store().provider_create(spec, [](std::string_view) { return true; });
    }
    void add_keys() {
        KeySpec spec;
        spec.org = plain_.organization;
        spec.owner = ObjectId::make();
        spec.role = 3;
        spec.expires_at = 1'000'000'000'001;
        spec.token = make_token();
        std::string id;
        first().store().key_create(spec, [&id](std::string_view row) {
            id = row.substr(7, 24);
            return true;
        });
        first().store().key_revoke(*ObjectId::parse(id));
        spec.permissions = {"a", AC_PERMISSION_CREATE};
        spec.expires_at = 0;
        spec.token = token_ = make_token();
        first().store().key_create(spec, [](std::string_view) { return true; });
    }

    Tenant plain_, limited_, over_;
    std::string token_;
};

TEST_F(MongoCopy, ThereAndBackEverythingIsTheSame) {
    fill();
    const Contents there = copy(first(), admin());
    EXPECT_EQ(there.organizations, 4U);
    EXPECT_EQ(there.providers, 2U);
    EXPECT_EQ(there.keys, 5U);
    EXPECT_EQ(there.applications, odd_orders().size() + 11);
    EXPECT_EQ(shown(admin()), shown(first()));
    expect_sound();
    const Contents back = copy(admin(), second());
    EXPECT_EQ(back.applications, there.applications);
    EXPECT_EQ(shown(second()), shown(first()));
    EXPECT_EQ(dump("second.db"), dump("first.db"));
    EXPECT_TRUE(second().store().check(false, [](std::string_view row) {
        ADD_FAILURE() << row;
        return true;
    }));
}

TEST_F(MongoCopy, RepeatedItChangesNothing) {
    fill();
    copy(first(), admin());
    const auto all = [this] {
        std::string out;
        for (const char *collection : {"organizations", "storageProviders", "apiKeys", "applications"}) {
            for (const Bson &one : direct().find(collection)) out += json(one.get()) + "\n";
        }
        return out;
    };
    const std::string before = all();
    EXPECT_EQ(copy(first(), admin()).applications, odd_orders().size() + 11);
    EXPECT_EQ(all(), before);
    // And the other direction, into the store that it came from.
    const std::string rows = dump("first.db");
    copy(admin(), first());
    EXPECT_EQ(dump("first.db"), rows);
}

std::string id_of(const Bson &document) {
    bson_iter_t at;
    char text[25] = "";
    if (bson_iter_init_find(&at, document.get(), "_id")) bson_oid_to_string(bson_iter_oid(&at), text);
    return text;
}

// The keys and types of a document, in order.
std::string shape(const bson_t *document) {
    std::string out = "{";
    bson_iter_t at;
    bson_iter_t child;
    if (!bson_iter_init(&at, document)) return out;
    while (bson_iter_next(&at)) {
        out += std::string(bson_iter_key(&at)) + ":" + std::to_string(bson_iter_type(&at));
        if (BSON_ITER_HOLDS_DOCUMENT(&at) && bson_iter_recurse(&at, &child)) {
            std::uint32_t n = 0;
            const std::uint8_t *data = nullptr;
            bson_t inner;
            bson_iter_document(&at, &n, &data);
            if (bson_init_static(&inner, data, n)) out += shape(&inner);
        }
        out += ",";
    }
    return out + "}";
}

// Guards: real ids and dates in documents that came as JSON.
TEST_F(MongoCopy, DocumentsAreLikeThoseThatGatewaysMake) {
    fill();
    const Order kept{R"({"name":"Alike","metadata":{"n":1,"r":1.5,"s":"x"}})", "alike"};
    const Answer copied = first().create(plain(), kept);
    copy(first(), admin());
    const Answer made = admin().create(plain(), {kept.body, "alike-2"});
    ASSERT_EQ(made.status, 200) << made;
    const std::string like = shape(document(made.id).get());
    EXPECT_NE(like.find("storageProvider:3{id:7"), std::string::npos) << like;
    std::string there = shape(document(copied.id).get());
    // What is kept of a request comes behind.
    EXPECT_EQ(there, like);
}

TEST_F(MongoCopy, CreatesGoOnThere) {
    fill();
    std::vector<Answer> before;
    for (const Order &one : odd_orders()) {
        if (!one.idempotency_key.empty()) before.push_back(first().create(plain(), one));
    }
    copy(first(), admin());
    std::size_t n = 0;
    for (const Order &one : odd_orders()) {
        if (one.idempotency_key.empty()) continue;
        const Answer again = admin().create(plain(), one);
        EXPECT_TRUE(again.is_replay) << again;
        EXPECT_EQ(again.body, before.at(n++).body);
    }
    EXPECT_REFUSED(admin().create(plain(), order("Other", "key-1")), AC_CODE_KEY_REUSED);
    // Series of names, where no counter was copied.
    EXPECT_EQ(admin().create(plain(), order("Same name")).slug, "same-name-6");
    EXPECT_EQ(admin().create(plain(), order("Same name")).slug, "same-name-7");
    // Keys.
    ac_lookup lookup{};
    const Digest digest = sha256(token());
    std::copy(digest.begin(), digest.end(), lookup.digest);
    admin().store().find_keys({&lookup, 1}, monotonic_ns() + CoreGateway::kTimeoutMs * 1'000'000);
    ASSERT_EQ(lookup.found, 1);
    EXPECT_STREQ(lookup.key.organization, plain().organization.c_str());
    EXPECT_EQ(lookup.key.flags, AC_KEY_MAY_CREATE | AC_KEY_ORG_ENABLED);
    // Limits.
    EXPECT_EQ(places(limited()), (std::vector<std::int64_t>{1, 2, 3}));
    EXPECT_EQ(integer_at(organization(limited()).get(), "nextPlace"), 3);
    EXPECT_CREATED(admin().create(limited()));
    EXPECT_REFUSED(admin().create(limited()), AC_CODE_LIMIT);
    EXPECT_EQ(places(limited()), (std::vector<std::int64_t>{1, 2, 3, 4}));
    EXPECT_REFUSED(admin().create(over()), AC_CODE_LIMIT);
    expect_sound();
}

// Guards: telling gateways that records stand outside of a limit, so that none takes a place that becomes free.
TEST_F(MongoCopy, MoreThanALimitAllows) {
    fill();
    copy(first(), admin());
    EXPECT_EQ(places(over()), (std::vector<std::int64_t>{1, 2}));
    const Bson entry = organization(over());
    EXPECT_LT(integer_at(entry.get(), "settledVersion"), integer_at(entry.get(), "limitVersion"));
    const Bson settled = organization(limited());
    EXPECT_EQ(integer_at(settled.get(), "settledVersion"), integer_at(settled.get(), "limitVersion"));
    // Another program removes one: the one outside moves in, and it stays full.
    for (const Bson &one : direct().find("applications", bson(R"({"organization":{"$oid":")" + over().organization +
                                                              R"("},"place":{"$numberLong":"1"}})"))) {
        remove(id_of(one));
    }
    EXPECT_EQ(stored(over()), 2);
    EXPECT_REFUSED(admin().create(over()), AC_CODE_LIMIT);
    EXPECT_EQ(places(over()), (std::vector<std::int64_t>{1, 2}));
    expect_sound();
}

TEST_F(MongoCopy, StoppedAnywhereItGoesOn) {
    const Tenant tenant = first().make_tenant(1300);
    for (int i = 0; i < 5; ++i) expect_created(first().create_all(tenant, same_names(250)));
    expect_created(first().create_all(tenant, odd_orders()));
    int calls = 0;
    std::optional<Contents> copied;
    while (!copied) {
        ++calls;
        CoreGateway target(server().uri({}, database()));
        int left = calls;
        copied =
            copy_store(first().store(), target.store(), [&left](std::uint64_t, std::uint64_t) { return --left > 0; });
        ASSERT_LT(calls, 100);
    }
    EXPECT_GT(calls, 4);
    EXPECT_EQ(copied->applications, 1250 + odd_orders().size());
    EXPECT_EQ(shown(admin()), shown(first()));
    ASSERT_EQ(places(tenant).size(), 1250 + odd_orders().size());
    EXPECT_EQ(places(tenant).back(), static_cast<std::int64_t>(1250 + odd_orders().size()));
    expect_sound();
    copy(admin(), second());
    EXPECT_EQ(dump("second.db"), dump("first.db"));
}

}  // namespace
}  // namespace appcreate::test
