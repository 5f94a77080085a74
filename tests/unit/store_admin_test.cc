// Organizations, storage providers and applications, as appctl works with them.
#include "auth/token.h"
#include "store_support.h"

namespace appcreate::test {
namespace {

class StoreAdmin : public StoreTest {
  protected:
    std::string create_org(const OrganizationSpec &spec) {
        return row([&](const RowSink &sink) { store_->org_create(spec, sink); });
    }
    std::string show_org(const std::string &org) {
        return row([&](const RowSink &sink) { store_->org_show(org, sink); });
    }
    static OrganizationSpec spec_of(std::string_view slug) {
        OrganizationSpec spec;
        spec.name = "Name";
        spec.slug = slug;
        return spec;
    }
    static ProviderSpec provider_of(std::string_view org) {
        ProviderSpec spec;
        spec.org = org;
        spec.name = "Main";
        spec.provider = "s3";
        spec.region = "eu";
        return spec;
    }
    std::string create_provider(const ProviderSpec &spec) {
        return row([&](const RowSink &sink) { store_->provider_create(spec, sink); });
    }
};

bool ignore(std::string_view) { return true; }

TEST_P(StoreAdmin, InitIsSafeToRepeat) {
    const Org org = make_org(*store_);
    write_one(*store_, *named(org.key, "App"));
    store_->init();
    under_test_->open()->init();
    EXPECT_EQ(expect_sound(*store_, org.slug).size(), 1U);
}

TEST_P(StoreAdmin, WarmReachesTheStore) {
    EXPECT_EQ(status_of([&] { store_->warm(); }), AC_OK);
}

TEST_P(StoreAdmin, OrganizationAsItWasMade) {
    OrganizationSpec spec = spec_of("acme");
    spec.id = ObjectId::parse("507f1f77bcf86cd799439013");
    spec.limit.emplace(7);
    spec.build_retention_days = 30;
    spec.builds_per_publication = -1;
    const std::string made = create_org(spec);
    EXPECT_EQ(made, show_org("acme"));
    EXPECT_EQ(made, show_org("507f1f77bcf86cd799439013"));
    EXPECT_EQ(made.find(R"({"id":"507f1f77bcf86cd799439013","name":"Name","slug":"acme","enabled":true,"limit":7,)"
                        R"("maxBillingBuildRetentionDays":30,"buildsRetainedPerPublication":-1,)"
                        R"("defaultStorageProvider":null,"applications":0,"createdAt":")"),
              0U)
        << made;
}

TEST_P(StoreAdmin, OrganizationDefaults) {
    const std::string made = create_org(spec_of("acme"));
    EXPECT_NE(made.find(R"("enabled":true,"limit":null,"maxBillingBuildRetentionDays":0,)"
                        R"("buildsRetainedPerPublication":0,)"),
              std::string::npos)
        << made;
}

TEST_P(StoreAdmin, OrganizationIdAndSlugAreUnique) {
    OrganizationSpec spec = spec_of("acme");
    spec.id = ObjectId::make();
    create_org(spec);
    OrganizationSpec same_slug = spec_of("acme");
    OrganizationSpec same_id = spec_of("other");
    same_id.id = spec.id;
    EXPECT_EQ(status_of([&] { store_->org_create(same_slug, ignore); }), AC_EEXISTS);
    EXPECT_EQ(status_of([&] { store_->org_create(same_id, ignore); }), AC_EEXISTS);
    create_org(spec_of("third"));
    OrganizationSpec rename;
    rename.slug = "acme";
    EXPECT_EQ(status_of([&] { store_->org_set("third", rename, ignore); }), AC_EEXISTS);
    EXPECT_EQ(rows([&](const RowSink &sink) { store_->org_list(sink); }).size(), 2U);
}

TEST_P(StoreAdmin, UnknownOrganizationIsNamed) {
    for (const auto &function : std::vector<std::function<void()>>{
             [&] { store_->org_show("nobody", ignore); }, [&] { store_->org_set("nobody", {}, ignore); },
             [&] { store_->provider_list("nobody", ignore); },
             [&] { store_->provider_create(provider_of("nobody"), ignore); },
             [&] { store_->provider_delete("nobody", ObjectId::make()); },
             [&] { store_->app_list("nobody", std::nullopt, 0, ignore); },
             [&] { store_->app_show("nobody", "my-app", ignore); }, [&] { store_->app_count("nobody"); }}) {
        EXPECT_EQ(status_of(function), AC_ENOTFOUND);
        EXPECT_NE(message_of(function).find("\"nobody\""), std::string::npos);
        EXPECT_NE(message_of(function).find("appctl org list"), std::string::npos);
    }
}

TEST_P(StoreAdmin, SetChangesOnlyWhatItSays) {
    OrganizationSpec spec = spec_of("acme");
    spec.limit.emplace(7);
    spec.build_retention_days = 30;
    create_org(spec);
    OrganizationSpec change;
    change.name = "Renamed";
    store_->org_set("acme", change, ignore);
    std::string shown = show_org("acme");
    EXPECT_NE(shown.find(R"("name":"Renamed")"), std::string::npos);
    EXPECT_NE(shown.find(R"("limit":7,"maxBillingBuildRetentionDays":30)"), std::string::npos);
    change = {};
    change.enabled = false;
    change.limit.emplace(std::nullopt);
    const std::string answered = row([&](const RowSink &sink) { store_->org_set("acme", change, sink); });
    shown = show_org("acme");
    EXPECT_EQ(answered, shown);
    EXPECT_NE(shown.find(R"("enabled":false,"limit":null)"), std::string::npos);
    EXPECT_NE(shown.find(R"("name":"Renamed")"), std::string::npos);
}

TEST_P(StoreAdmin, ListsAllOrganizationsInOrder) {
    std::vector<std::string> expected;
    for (int i = 0; i < 300; ++i) {
        const std::string slug = "org-" + std::to_string(1000 + i);
        create_org(spec_of(slug));
        expected.push_back(slug);
    }
    std::vector<std::string> slugs;
    store_->org_list([&](std::string_view json) {
        slugs.push_back(Json::parse(json).string("/slug"));
        return true;
    });
    EXPECT_EQ(slugs, expected);
    std::size_t seen = 0;
    store_->org_list([&](std::string_view) { return ++seen < 3; });
    EXPECT_EQ(seen, 3U);
}

TEST_P(StoreAdmin, ShowsHowManyApplications) {
    const Org org = make_org(*store_);
    write_all(*store_, named(org.key, "App", 3));
    EXPECT_NE(show_org("acme").find(R"("applications":3)"), std::string::npos);
    EXPECT_EQ(store_->app_count(org.id), 3U);
}

TEST_P(StoreAdmin, ProviderIsListedAndDeleted) {
    create_org(spec_of("acme"));
    ProviderSpec spec = provider_of("acme");
    spec.id = ObjectId::parse("507f1f77bcf86cd799439011");
    spec.config = R"({"bucket":"b"})";
    spec.is_default = true;
    const std::string made = create_provider(spec);
    EXPECT_EQ(made.find(R"({"id":"507f1f77bcf86cd799439011","name":"Main","region":"eu","config":{"bucket":"b"},)"
                        R"("provider":"s3","organization":")"),
              0U)
        << made;
    EXPECT_NE(made.find(R"("default":true})"), std::string::npos);
    EXPECT_EQ(row([&](const RowSink &sink) { store_->provider_list("acme", sink); }), made);
    EXPECT_NE(show_org("acme").find(R"("defaultStorageProvider":"507f1f77bcf86cd799439011")"), std::string::npos);
    EXPECT_EQ(status_of([&] { store_->provider_create(spec, ignore); }), AC_EEXISTS);
    store_->provider_delete("acme", *spec.id);
    EXPECT_EQ(rows([&](const RowSink &sink) { store_->provider_list("acme", sink); }).size(), 0U);
    EXPECT_NE(show_org("acme").find(R"("defaultStorageProvider":null)"), std::string::npos);
    EXPECT_EQ(status_of([&] { store_->provider_delete("acme", *spec.id); }), AC_ENOTFOUND);
}

TEST_P(StoreAdmin, LastDefaultProviderWins) {
    create_org(spec_of("acme"));
    ProviderSpec spec = provider_of("acme");
    spec.is_default = true;
    create_provider(spec);
    const std::string second = create_provider(spec);
    spec.is_default = false;
    create_provider(spec);
    const auto listed = rows([&](const RowSink &sink) { store_->provider_list("acme", sink); });
    ASSERT_EQ(listed.size(), 3U);
    EXPECT_NE(listed[0].find(R"("default":false)"), std::string::npos);
    EXPECT_EQ(listed[1], second);
    EXPECT_NE(listed[1].find(R"("default":true)"), std::string::npos);
    EXPECT_NE(listed[2].find(R"("default":false)"), std::string::npos);
}

TEST_P(StoreAdmin, ProviderOfAnotherOrganizationIsNotDeleted) {
    create_org(spec_of("acme"));
    create_org(spec_of("other"));
    ProviderSpec spec = provider_of("other");
    spec.id = ObjectId::make();
    create_provider(spec);
    EXPECT_EQ(status_of([&] { store_->provider_delete("acme", *spec.id); }), AC_ENOTFOUND);
    EXPECT_EQ(rows([&](const RowSink &sink) { store_->provider_list("other", sink); }).size(), 1U);
}

TEST_P(StoreAdmin, ProviderChangesWhereItIsTold) {
    create_org(spec_of("acme"));
    ProviderSpec spec = provider_of("acme");
    spec.id = ObjectId::make();
    create_provider(spec);
    ProviderChange change;
    change.region = "";
    change.config = R"({"bucket":"b","n":1.5})";
    change.is_default = true;
    const std::string changed = row([&](const RowSink &sink) { store_->provider_set("acme", *spec.id, change, sink); });
    EXPECT_NE(changed.find(R"("name":"Main","region":"","config":{"bucket":"b","n":1.5},"provider":"s3",)"),
              std::string::npos)
        << changed;
    EXPECT_NE(changed.find(R"("default":true)"), std::string::npos);
    EXPECT_EQ(row([&](const RowSink &sink) { store_->provider_list("acme", sink); }), changed);
    // What a create gets from now on.
    KeySpec key;
    key.org = "acme";
    key.owner = ObjectId::make();
    key.permissions = {AC_PERMISSION_CREATE};
    key.token = make_token();
    store_->key_create(key, ignore);
    const auto create = named(find_key(*store_, key.token).key, "App");
    write_one(*store_, *create);
    EXPECT_NE(answer_body(*create).find(R"({"bucket":"b","n":1.5})"), std::string::npos) << answer_body(*create);
    change = {};
    change.is_default = false;
    store_->provider_set("acme", *spec.id, change, ignore);
    EXPECT_NE(show_org("acme").find(R"("defaultStorageProvider":null)"), std::string::npos);
    create_org(spec_of("other"));
    EXPECT_EQ(status_of([&] { store_->provider_set("other", *spec.id, change, ignore); }), AC_ENOTFOUND);
    EXPECT_EQ(status_of([&] { store_->provider_set("acme", ObjectId::make(), change, ignore); }), AC_ENOTFOUND);
}

// ---- keys

TEST_P(StoreAdmin, KeyHasTheNameItWasGiven) {
    create_org(spec_of("acme"));
    KeySpec spec;
    spec.org = "acme";
    spec.owner = ObjectId::make();
    spec.token = make_token();
    store_->key_create(spec, ignore);  // before any has a name
    spec.token = make_token();
    spec.name = "build server";
    const std::string made = row([&](const RowSink &sink) { store_->key_create(spec, sink); });
    EXPECT_NE(made.find(R"("name":"build server"})"), std::string::npos) << made;
    const ObjectId id = *ObjectId::parse(Json::parse(made).string("/id"));
    EXPECT_EQ(row([&](const RowSink &sink) { store_->key_show(id, sink); }), made);
    const std::string renamed = row([&](const RowSink &sink) { store_->key_rename(id, "other", sink); });
    EXPECT_NE(renamed.find(R"("name":"other"})"), std::string::npos) << renamed;
    const auto listed = rows([&](const RowSink &sink) { store_->key_list("acme", sink); });
    ASSERT_EQ(listed.size(), 2U);
    EXPECT_NE(listed[0].find(R"("name":null})"), std::string::npos) << listed[0];
    EXPECT_EQ(listed[1], renamed);
    store_->key_rename(id, "", ignore);
    EXPECT_NE(row([&](const RowSink &sink) { store_->key_show(id, sink); }).find(R"("name":null})"), std::string::npos);
    EXPECT_EQ(status_of([&] { store_->key_rename(ObjectId::make(), "x", ignore); }), AC_ENOTFOUND);
    EXPECT_EQ(status_of([&] { store_->key_show(ObjectId::make(), ignore); }), AC_ENOTFOUND);
}

TEST_P(StoreAdmin, RotatedKeyGoesOnForTheOverlap) {
    const Org org = make_org(*store_);
    const ObjectId id = *ObjectId::parse(std::string(org.key.id));
    KeyRotation rotation;
    rotation.token = make_token();
    rotation.overlap_ms = 60'000;
    const std::int64_t before = now_ms();
    const Json made = Json::parse(row([&](const RowSink &sink) { store_->key_rotate(id, rotation, sink); }));
    EXPECT_EQ(made.string("/replaces"), id.hex());
    const ac_key old = find_key(*store_, org.token).key;
    const ac_key next = find_key(*store_, rotation.token).key;
    EXPECT_GE(old.expires_at, before + 60'000);
    EXPECT_LE(old.expires_at, now_ms() + 60'000);
    EXPECT_EQ(ac_key_check(&old, before), AC_ACCESS_OK);
    EXPECT_EQ(ac_key_check(&old, old.expires_at + 1), AC_ACCESS_INVALID);
    EXPECT_EQ(std::string(next.organization), org.id);
    EXPECT_EQ(std::string(next.owner), std::string(org.key.owner));
    EXPECT_EQ(next.role, org.key.role);
    EXPECT_EQ(next.flags, org.key.flags);
    EXPECT_EQ(next.expires_at, 0);
    EXPECT_EQ(status_of([&] { store_->key_rotate(id, rotation, ignore); }), AC_EEXISTS) << "the token is taken";
    EXPECT_EQ(find_key(*store_, org.token).key.expires_at, old.expires_at);
    store_->key_revoke(id);
    rotation.token = make_token();
    EXPECT_EQ(status_of([&] { store_->key_rotate(id, rotation, ignore); }), AC_ENOTFOUND);
    EXPECT_EQ(find_key(*store_, rotation.token).found, 0);
}

// ---- what is deleted

TEST_P(StoreAdmin, DeletedApplicationIsGoneAndItsPlaceFree) {
    const Org org = make_org(*store_, "acme", 3);
    const auto kept = make_create(org.key, {.body = R"({"name":"Kept"})", .idempotency_key = "k"});
    write_one(*store_, *kept);
    write_all(*store_, named(org.key, "App", 2));
    auto refused = named(org.key, "Late");
    write_one(*store_, *refused);
    ASSERT_EQ(code_of(*refused), AC_CODE_LIMIT);
    const std::string record = row([&](const RowSink &sink) { store_->app_show("acme", id_of(*kept), sink); });
    EXPECT_EQ(row([&](const RowSink &sink) { store_->app_delete("acme", slug_of(*kept), sink); }), record);
    EXPECT_EQ(status_of([&] { store_->app_delete("acme", id_of(*kept), ignore); }), AC_ENOTFOUND);
    EXPECT_EQ(expect_sound(*store_, org.slug).size(), 2U);
    know_change();
    const auto again = make_create(org.key, {.body = R"({"name":"Kept"})", .idempotency_key = "k"});
    write_one(*store_, *again);
    EXPECT_EQ(code_of(*again), AC_CODE_OK);
    EXPECT_NE(id_of(*again), id_of(*kept));
    refused = named(org.key, "Late");
    write_one(*store_, *refused);
    EXPECT_EQ(code_of(*refused), AC_CODE_LIMIT);
    EXPECT_EQ(expect_sound(*store_, org.slug).size(), 3U);
}

TEST_P(StoreAdmin, OrganizationWithApplicationsIsDeletedOnlyWithThem) {
    const Org org = make_org(*store_);
    const Org other = make_org(*store_, "other");
    store_->provider_create(provider_of("acme"), ignore);
    write_all(*store_, named(org.key, "App", 700));
    write_all(*store_, named(other.key, "App", 3));
    EXPECT_EQ(status_of([&] { store_->org_delete("acme", false); }), AC_EEXISTS);
    EXPECT_EQ(find_key(*store_, org.token).key.flags, org.key.flags) << "as it was";
    EXPECT_EQ(store_->org_delete("acme", true), 700U);
    EXPECT_EQ(status_of([&] { store_->org_show("acme", ignore); }), AC_ENOTFOUND);
    EXPECT_EQ(find_key(*store_, org.token).found, 0);
    EXPECT_EQ(expect_sound(*store_, "other").size(), 3U);
    // A gateway that goes on with the key that it knows.
    know_change();
    const auto late = named(org.key, "Late");
    write_one(*store_, *late);
    EXPECT_EQ(code_of(*late), AC_CODE_NOT_FOUND);
    // Nothing of it is left for one of the same name.
    const Org again = make_org(*store_);
    const auto first = named(again.key, "App");
    write_one(*store_, *first);
    EXPECT_EQ(slug_of(*first), "app");
    EXPECT_EQ(expect_sound(*store_, "acme").size(), 1U);
    EXPECT_EQ(rows([&](const RowSink &sink) { store_->provider_list("acme", sink); }).size(), 0U);
}

TEST_P(StoreAdmin, EmptyOrganizationIsDeleted) {
    create_org(spec_of("acme"));
    EXPECT_EQ(store_->org_delete("acme", false), 0U);
    EXPECT_EQ(rows([&](const RowSink &sink) { store_->org_list(sink); }).size(), 0U);
    EXPECT_EQ(status_of([&] { store_->org_delete("acme", true); }), AC_ENOTFOUND);
}

// ---- applications

TEST_P(StoreAdmin, ListsInPages) {
    const Org org = make_org(*store_);
    const Org other = make_org(*store_, "other");
    for (int i = 0; i < 7; ++i) {
        write_all(*store_, named(org.key, "App", 100));
        write_all(*store_, named(other.key, "App", 10));
    }
    const std::vector<std::string> all = list_apps(*store_, org.slug);
    ASSERT_EQ(all.size(), 700U);
    std::vector<std::string> paged;
    std::optional<ObjectId> after;
    for (std::size_t n = 1; n != 0;) {
        n = 0;
        store_->app_list(org.id, after, 33, [&](std::string_view record) {
            paged.emplace_back(record);
            after = ObjectId::parse(Json::parse(record).string("/id"));
            ++n;
            return true;
        });
        ASSERT_LE(n, 33U);
    }
    EXPECT_EQ(paged, all);
    std::size_t seen = 0;
    store_->app_list(org.slug, std::nullopt, 0, [&](std::string_view) { return ++seen < 600; });
    EXPECT_EQ(seen, 600U);
    EXPECT_EQ(expect_sound(*store_, other.slug).size(), 70U);
}

TEST_P(StoreAdmin, ApplicationOfAnotherOrganizationIsNotShown) {
    const Org org = make_org(*store_);
    make_org(*store_, "other");
    const auto create = named(org.key, "App");
    write_one(*store_, *create);
    const std::string slug = slug_of(*create);
    EXPECT_EQ(status_of([&] { store_->app_show("other", slug, ignore); }), AC_ENOTFOUND);
    EXPECT_EQ(status_of([&] { store_->app_show("other", id_of(*create), ignore); }), AC_ENOTFOUND);
    EXPECT_EQ(status_of([&] { store_->app_show("acme", "no-such", ignore); }), AC_ENOTFOUND);
}

INSTANTIATE_STORES(StoreAdmin);

}  // namespace
}  // namespace appcreate::test
