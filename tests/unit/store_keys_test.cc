// API keys: what a look-up says of each.

#include "auth/token.h"
#include "base/day.h"
#include "store_support.h"
#include "support/wait.h"

namespace appcreate::test {
namespace {

class StoreKeys : public StoreTest {
  protected:
    void prepare() override { org_ = make_org(*store_); }
    std::string add_key(KeySpec spec) {
        spec.org = org_.slug;
        spec.token = make_token();
        id_ = Json::parse(row([&](const RowSink &sink) { store_->key_create(spec, sink); })).string("/id");
        return spec.token;
    }

    void add_some_key() {
        KeySpec spec;
        spec.owner = ObjectId::make();
        add_key(spec);
    }

    Org org_;
    std::string id_;
};

TEST_P(StoreKeys, KnownKey) {
    KeySpec spec;
    spec.owner = ObjectId::make();
    spec.role = 4;
    spec.permissions = {"mad.other", AC_PERMISSION_CREATE};
    spec.expires_at = 4'000'000'000'123;
    const ac_lookup found = find_key(*store_, add_key(spec));
    ASSERT_EQ(found.found, 1);
    EXPECT_EQ(std::string(found.key.id), id_);
    EXPECT_EQ(std::string(found.key.organization), org_.id);
    EXPECT_EQ(std::string(found.key.organization_slug), "acme");
    EXPECT_EQ(std::string(found.key.owner), spec.owner.hex());
    EXPECT_EQ(found.key.role, 4);
    EXPECT_EQ(found.key.flags, AC_KEY_MAY_CREATE | AC_KEY_ORG_ENABLED);
    EXPECT_EQ(found.key.expires_at, 4'000'000'000'123);
}

TEST_P(StoreKeys, UnknownKey) {
    ac_lookup lookup = find_key(*store_, "no-such-token-in-this-store-at-all");
    EXPECT_EQ(lookup.found, 0);
    EXPECT_EQ(lookup.key.id[0], '\0');
}

TEST_P(StoreKeys, ManyAtOnce) {
    std::vector<ac_lookup> lookups(50);
    for (std::size_t i = 0; i < lookups.size(); ++i) {
        const Digest digest = sha256(i % 2 == 0 ? org_.token : "unknown" + std::to_string(i));
        std::copy(digest.begin(), digest.end(), lookups[i].digest);
    }
    store_->find_keys(lookups, in_ms(20'000));
    for (std::size_t i = 0; i < lookups.size(); ++i) EXPECT_EQ(lookups[i].found, i % 2 == 0 ? 1 : 0);
}

TEST_P(StoreKeys, WithoutPermission) {
    KeySpec spec;
    spec.owner = ObjectId::make();
    EXPECT_EQ(find_key(*store_, add_key(spec)).key.flags, AC_KEY_ORG_ENABLED);
    spec.permissions = {"mad.application.management.createx", "xmad.application.management.create"};
    EXPECT_EQ(find_key(*store_, add_key(spec)).key.flags, AC_KEY_ORG_ENABLED);
}

TEST_P(StoreKeys, RevokedKeyIsFoundAsSuch) {
    KeySpec spec;
    spec.owner = ObjectId::make();
    spec.permissions = {AC_PERMISSION_CREATE};
    const std::string token = add_key(spec);
    store_->key_revoke(*ObjectId::parse(id_));
    const ac_lookup found = find_key(*under_test_->open(), token);
    EXPECT_EQ(found.found, 1);
    EXPECT_EQ(found.key.flags, AC_KEY_MAY_CREATE | AC_KEY_ORG_ENABLED | AC_KEY_REVOKED);
    // Revoking again changes nothing.
    store_->key_revoke(*ObjectId::parse(id_));
    EXPECT_EQ(status_of([&] { store_->key_revoke(ObjectId::make()); }), AC_ENOTFOUND);
}

TEST_P(StoreKeys, ExpiredKeyIsFoundWithItsTime) {
    KeySpec spec;
    spec.owner = ObjectId::make();
    spec.expires_at = 1000;
    const ac_lookup found = find_key(*store_, add_key(spec));
    EXPECT_EQ(found.found, 1);
    EXPECT_EQ(found.key.expires_at, 1000);
}

TEST_P(StoreKeys, DisabledAndRenamedOrganization) {
    OrganizationSpec spec;
    spec.enabled = false;
    spec.slug = "renamed";
    const auto other = under_test_->open();
    other->org_set(org_.slug, spec, [](std::string_view) { return true; });
    ac_lookup found = find_key(*store_, org_.token);
    EXPECT_EQ(found.key.flags, AC_KEY_MAY_CREATE);
    EXPECT_EQ(std::string(found.key.organization_slug), "renamed");
    spec = {};
    spec.enabled = true;
    other->org_set(org_.id, spec, [](std::string_view) { return true; });
    EXPECT_EQ(find_key(*store_, org_.token).key.flags, AC_KEY_MAY_CREATE | AC_KEY_ORG_ENABLED);
}

TEST_P(StoreKeys, TokenBelongsToOneKey) {
    KeySpec spec;
    spec.org = org_.slug;
    spec.owner = ObjectId::make();
    spec.token = org_.token;
    const std::string message = message_of([&] { store_->key_create(spec, [](std::string_view) { return true; }); });
    EXPECT_NE(message, "");
    EXPECT_EQ(message.find(org_.token), std::string::npos);
    EXPECT_EQ(status_of([&] { store_->key_create(spec, [](std::string_view) { return true; }); }), AC_EEXISTS);
}

TEST_P(StoreKeys, ListShowsEachWithoutItsToken) {
    KeySpec spec;
    spec.owner = ObjectId::make();
    spec.permissions = {"mad.one", "mad.two"};
    const std::string token = add_key(spec);
    const auto listed = rows([&](const RowSink &sink) { store_->key_list(org_.slug, sink); });
    ASSERT_EQ(listed.size(), 2U);
    EXPECT_NE(listed[1].find(R"("permissions":["mad.one","mad.two"])"), std::string::npos);
    EXPECT_NE(listed[1].find(id_), std::string::npos);
    for (const std::string &line : listed) EXPECT_EQ(line.find(token), std::string::npos);
    EXPECT_EQ(status_of([&] { store_->key_list("nobody", [](std::string_view) { return true; }); }), AC_ENOTFOUND);
}

TEST_P(StoreKeys, ChangesAreTold) {
    const auto ignore = [](std::string_view) { return true; };
    const auto other = under_test_->open();
    const std::string token = org_.token;
    const auto changes = [&] { return find_key(*store_, token).changes; };
    add_some_key();
    const ObjectId key = *ObjectId::parse(id_);
    std::uint32_t before = changes();
    EXPECT_NE(before, 0U);
    // Of these no key that was looked up before is another one.
    add_some_key();
    other->key_rename(key, "build server", ignore);
    set_limit(*other, org_.id, 7);
    EXPECT_EQ(changes(), before);

    OrganizationSpec disabled;
    disabled.enabled = false;
    OrganizationSpec renamed;
    renamed.slug = "renamed";
    KeyRotation rotation;
    rotation.token = make_token();
    const std::vector<std::function<void()>> all = {
        [&] { other->key_revoke(*ObjectId::parse(id_)); }, [&] { other->key_rotate(key, rotation, ignore); },
        [&] { other->org_set(org_.id, renamed, ignore); }, [&] { other->org_set(org_.id, disabled, ignore); },
        [&] { other->org_delete(org_.id, true); }};
    for (const auto &change : all) {
        change();
        EXPECT_TRUE(eventually([&] { return changes() != before; }));
        before = changes();
        EXPECT_EQ(store_->key_changes(), before);
    }
}

// A worker whose cache knows every key asks for none.
TEST_P(StoreKeys, ChangesAreSeenWithoutLookUps) {
    const auto serving = under_test_->serve();
    EXPECT_EQ(serving->key_changes(), 0U);
    find_key(*serving, org_.token);
    const std::uint32_t before = serving->key_changes();
    EXPECT_NE(before, 0U);
    add_some_key();
    store_->key_revoke(*ObjectId::parse(id_));
    EXPECT_TRUE(eventually([&] { return serving->key_changes() != before; }));
}

TEST_P(StoreKeys, DayOfTheLastApplicationIsShown) {
    const auto last_used = [&] {
        return Json::parse(rows([&](const RowSink &sink) { store_->key_list(org_.slug, sink); }).front())
            .at("/lastUsed");
    };
    // A validation is no application that it made.
    Order validation;
    validation.validate_only = true;
    write_one(*store_, *make_create(org_.key, validation));
    EXPECT_EQ(last_used().text(), "null");
    const std::string today = date(day_of(now_ms()));
    const auto serving = under_test_->serve();
    for (int i = 0; i < 3; ++i) write_one(*serving, *named(org_.key, "App"));
    EXPECT_TRUE(eventually([&] { return last_used().text() != "null"; }));
    EXPECT_GE(last_used().string(), today);
}

INSTANTIATE_STORES(StoreKeys);

}  // namespace
}  // namespace appcreate::test
