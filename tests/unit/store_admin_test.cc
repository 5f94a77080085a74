// Organizations, storage providers and applications, as appctl works with them.
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
        slugs.push_back(text_at(parse(json).get(), {"slug"}));
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
            after = ObjectId::parse(text_at(parse(record).get(), {"id"}));
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
