// Creating: the record, its durability, providers, plans, validateOnly, and that one request fails alone.
#include <thread>

#include "request/record.h"
#include "store_support.h"

namespace appcreate::test {
namespace {

class StoreCreate : public StoreTest {
  protected:
    void prepare() override { org_ = make_org(*store_); }
    std::string add_provider(const std::string &org, std::string_view name, bool is_default,
                             std::string config = R"({"bucket":"b"})") {
        ProviderSpec spec;
        spec.org = org;
        spec.name = name;
        spec.provider = "s3";
        spec.region = "eu-west-1";
        spec.config = std::move(config);
        spec.is_default = is_default;
        return Json::parse(row([&](const RowSink &sink) { store_->provider_create(spec, sink); })).string("/id");
    }

    Org org_;
};

TEST_P(StoreCreate, AnswersWithTheRecordThatIsStored) {
    const auto create = make_create(org_.key, {R"({"name":"My App","metadata":{"a":[1,2.50]}})", "", false});
    write_one(*store_, *create);
    ASSERT_EQ(code_of(*create), AC_CODE_OK) << answer_body(*create);
    EXPECT_EQ(slug_of(*create), "my-app");
    const auto other = under_test_->open();
    const std::string record = row([&](const RowSink &sink) { other->app_show(org_.slug, "my-app", sink); });
    EXPECT_EQ(appcreate::answer_of(record), answer_body(*create));
    EXPECT_EQ(row([&](const RowSink &sink) { other->app_show(org_.id, id_of(*create), sink); }), record);
    const Json json = Json::parse(record);
    EXPECT_EQ(json.string("/organization"), org_.id);
    EXPECT_EQ(json.string("/createdBy"), org_.key.owner);
    EXPECT_EQ(json.string("/security/role"), "org.admin");
    EXPECT_EQ(expect_sound(*other, org_.slug).size(), 1U);
}

TEST_P(StoreCreate, TellsBatchAndTime) {
    const auto creates = named(org_.key, "App", 5);
    write_all(*store_, creates, 3);
    if (GetParam().is_combined) {
        EXPECT_GE(creates[0]->facts().batch, 1U);
        EXPECT_LE(creates[0]->facts().batch, creates.size());
    } else {
        EXPECT_EQ(creates[0]->facts().batch, 3U);
        EXPECT_EQ(creates[4]->facts().batch, 2U);
    }
    EXPECT_GT(creates[0]->facts().store_us, 0U);
}

TEST_P(StoreCreate, TakesUntilNothingIsPending) {
    const auto first = named(org_.key, "First", 3);
    const auto second = named(org_.key, "Second", 4);
    Pending pending;
    pending.add(first);
    pending.on_done = [&](std::span<ac_create *const>) {
        if (pending.done_count() == first.size()) pending.add(second);
    };
    store_->write(pending.source(), in_ms(20'000));
    EXPECT_EQ(pending.done_count(), first.size() + second.size());
    if (!GetParam().is_combined) {
        EXPECT_EQ(pending.batches(), 2U);
    }
}

TEST_P(StoreCreate, DoesNothingWhenNothingIsPending) {
    Pending pending;
    store_->write(pending.source(), in_ms(20'000));
    EXPECT_EQ(pending.batches(), 0U);
}

TEST_P(StoreCreate, KeepsThePlanInTheRecord) {
    OrganizationSpec plan;
    plan.build_retention_days = 30;
    plan.builds_per_publication = -1;
    store_->org_set(org_.slug, plan, [](std::string_view) { return true; });
    const auto create = named(org_.key, "App");
    write_one(*store_, *create);
    const Json json = Json::parse(answer_body(*create));
    EXPECT_EQ(json.integer("/data/retentionApplied/maxBillingBuildRetentionDays"), 30);
    EXPECT_EQ(json.integer("/data/retentionApplied/buildsRetainedPerPublication"), -1);
}

TEST_P(StoreCreate, OrganizationDisabledMeanwhile) {
    OrganizationSpec off;
    off.enabled = false;
    store_->org_set(org_.slug, off, [](std::string_view) { return true; });
    const auto create = named(org_.key, "App");
    write_one(*store_, *create);
    EXPECT_EQ(code_of(*create), AC_CODE_NOT_FOUND);
    EXPECT_EQ(store_->app_count(org_.slug), 0U);
}

TEST_P(StoreCreate, OrganizationOfAnotherStore) {
    Org stranger = org_;
    ObjectId::make().write_hex(stranger.key.organization);
    const auto create = named(stranger.key, "App");
    write_one(*store_, *create);
    EXPECT_EQ(code_of(*create), AC_CODE_NOT_FOUND);
}

TEST_P(StoreCreate, HandleInUseFollowsChangesInTime) {
    const auto made_by_it = [&] {
        auto create = named(org_.key, "App");
        write_one(*store_, *create);
        return create;
    };
    EXPECT_EQ(answer_body(*made_by_it()).find("storageProvider"), std::string::npos);
    const auto other = under_test_->open();
    OrganizationSpec plan;
    plan.build_retention_days = 30;
    plan.limit.emplace(2);
    other->org_set(org_.slug, plan, [](std::string_view) { return true; });
    const std::string provider = add_provider(org_.slug, "Main", true);
    std::this_thread::sleep_for(GetParam().plan_age);
    const Json json = Json::parse(answer_body(*made_by_it()));
    EXPECT_EQ(json.integer("/data/retentionApplied/maxBillingBuildRetentionDays"), 30);
    EXPECT_EQ(json.string("/data/configuration/storageProvider/id"), provider);
    EXPECT_EQ(code_of(*made_by_it()), AC_CODE_LIMIT);
    OrganizationSpec off;
    off.enabled = false;
    other->org_set(org_.slug, off, [](std::string_view) { return true; });
    std::this_thread::sleep_for(GetParam().plan_age);
    EXPECT_EQ(code_of(*made_by_it()), AC_CODE_NOT_FOUND);
}

// ---- storage providers

TEST_P(StoreCreate, WithoutAnyProviderTheFieldIsAbsent) {
    const auto create = named(org_.key, "App");
    write_one(*store_, *create);
    const Json json = Json::parse(answer_body(*create));
    ASSERT_TRUE(json.has("/data/configuration"));
    EXPECT_FALSE(json.has("/data/configuration/storageProvider"));
}

TEST_P(StoreCreate, FirstProviderIsNotTheDefaultByItself) {
    add_provider(org_.slug, "First", false);
    const auto create = named(org_.key, "App");
    write_one(*store_, *create);
    EXPECT_EQ(answer_body(*create).find("storageProvider"), std::string::npos);
}

TEST_P(StoreCreate, DefaultProviderIsEmbedded) {
    const std::string id = add_provider(org_.slug, "Main", true);
    for (const char *body : {R"({"name":"A"})", R"({"name":"B","configuration":{"storageProvider":""}})",
                             R"({"name":"C","configuration":{"storageProvider":"__DEFAULT__"}})"}) {
        const auto create = make_create(org_.key, {body, "", false});
        write_one(*store_, *create);
        const Json provider = Json::parse(answer_body(*create)).at("/data/configuration/storageProvider");
        EXPECT_EQ(provider.string("/id"), id) << body;
        EXPECT_EQ(provider.string("/name"), "Main");
        EXPECT_EQ(provider.string("/region"), "eu-west-1");
        EXPECT_EQ(provider.string("/config/bucket"), "b");
        EXPECT_EQ(provider.string("/provider"), "s3");
    }
}

// In a record it stands three levels deeper than a body may be nested.
TEST_P(StoreCreate, ProvidersConfigMayBeAsDeepAsABody) {
    std::string config;
    for (int i = 0; i < 31; ++i) config += R"({"a":)";
    config += "{}" + std::string(31, '}');
    add_provider(org_.slug, "Deep", true, config);
    const auto create = named(org_.key, "App");
    write_one(*store_, *create);
    ASSERT_EQ(code_of(*create), AC_CODE_OK) << answer_body(*create);
    EXPECT_NE(answer_body(*create).find("\"config\":" + config + ","), std::string::npos) << answer_body(*create);
    expect_sound(*store_, org_.slug);
}

TEST_P(StoreCreate, NamedProviderOfTheOrganization) {
    add_provider(org_.slug, "Main", true);
    const std::string other = add_provider(org_.slug, "Other", false);
    const auto create =
        make_create(org_.key, {R"({"name":"A","configuration":{"storageProvider":")" + other + "\"}}", "", false});
    write_one(*store_, *create);
    const Json json = Json::parse(answer_body(*create));
    EXPECT_EQ(json.string("/data/configuration/storageProvider/id"), other);
}

TEST_P(StoreCreate, ProviderOfAnotherOrganizationIsNotFound) {
    const Org neighbour = make_org(*store_, "neighbour");
    const std::string foreign = add_provider(neighbour.slug, "Theirs", true);
    const auto create =
        make_create(org_.key, {R"({"name":"A","configuration":{"storageProvider":")" + foreign + "\"}}", "", false});
    write_one(*store_, *create);
    EXPECT_EQ(code_of(*create), AC_CODE_PROVIDER);
    EXPECT_EQ(store_->app_count(org_.slug), 0U);
}

TEST_P(StoreCreate, ProviderIsCheckedBeforeTheLimit) {
    set_limit(*store_, org_.slug, 0);
    const auto create = make_create(
        org_.key, {R"({"name":"A","configuration":{"storageProvider":"507f1f77bcf86cd799439011"}})", "", false});
    write_one(*store_, *create);
    EXPECT_EQ(code_of(*create), AC_CODE_PROVIDER);
}

TEST_P(StoreCreate, DeletedDefaultProviderLeavesNone) {
    const std::string id = add_provider(org_.slug, "Main", true);
    store_->provider_delete(org_.slug, *ObjectId::parse(id));
    const auto create = named(org_.key, "App");
    write_one(*store_, *create);
    EXPECT_EQ(code_of(*create), AC_CODE_OK);
    EXPECT_EQ(answer_body(*create).find("storageProvider"), std::string::npos);
}

// ---- validateOnly

TEST_P(StoreCreate, ValidateOnlyWritesNothing) {
    write_one(*store_, *named(org_.key, "My App"));
    const auto create = make_create(org_.key, {R"({"name":"My App"})", "", true});
    write_one(*store_, *create);
    ASSERT_EQ(code_of(*create), AC_CODE_OK);
    const Json json = Json::parse(answer_body(*create));
    EXPECT_EQ(json.string("/data/slug"), "my-app-2");
    EXPECT_FALSE(json.has("/data/id"));
    EXPECT_EQ(id_of(*create), "");
    EXPECT_EQ(expect_sound(*store_, org_.slug).size(), 1U);
}

TEST_P(StoreCreate, ValidateOnlyRunsEveryCheck) {
    set_limit(*store_, org_.slug, 1);
    const auto at_limit = make_create(org_.key, {R"({"name":"A"})", "", true});
    const auto bad_provider = make_create(
        org_.key, {R"({"name":"A","configuration":{"storageProvider":"507f1f77bcf86cd799439011"}})", "", true});
    write_one(*store_, *at_limit);
    EXPECT_EQ(code_of(*at_limit), AC_CODE_OK);
    write_one(*store_, *named(org_.key, "App"));
    const auto above_limit = make_create(org_.key, {R"({"name":"A"})", "", true});
    write_one(*store_, *above_limit);
    write_one(*store_, *bad_provider);
    EXPECT_EQ(code_of(*above_limit), AC_CODE_LIMIT);
    EXPECT_EQ(code_of(*bad_provider), AC_CODE_PROVIDER);
}

// ---- one fails alone

TEST_P(StoreCreate, OneOfABatchFailsAlone) {
    set_limit(*store_, org_.slug, 3);
    const Org off = make_org(*store_, "off");
    OrganizationSpec disable;
    disable.enabled = false;
    store_->org_set(off.slug, disable, [](std::string_view) { return true; });
    std::vector<std::unique_ptr<Create>> creates;
    creates.push_back(named(org_.key, "App"));
    creates.push_back(make_create(
        org_.key, {R"({"name":"A","configuration":{"storageProvider":"507f1f77bcf86cd799439011"}})", "", false}));
    creates.push_back(named(off.key, "App"));
    creates.push_back(named(org_.key, "App"));
    creates.push_back(make_create(org_.key, {R"({"name":"App"})", "", true}));
    creates.push_back(named(org_.key, "Other"));
    creates.push_back(named(org_.key, "App"));
    write_all(*store_, creates);
    std::vector<int> codes;
    for (const auto &create : creates) codes.push_back(code_of(*create));
    // The fifth only asks; the sixth takes the last place.
    const int asked = GetParam().validates_last ? AC_CODE_LIMIT : AC_CODE_OK;
    EXPECT_EQ(codes, (std::vector<int>{AC_CODE_OK, AC_CODE_PROVIDER, AC_CODE_NOT_FOUND, AC_CODE_OK, asked, AC_CODE_OK,
                                       AC_CODE_LIMIT}));
    EXPECT_EQ(expect_sound(*store_, org_.slug),
              (std::vector<std::string>{id_of(*creates[0]), id_of(*creates[3]), id_of(*creates[5])}));
}

TEST_P(StoreCreate, WhatNobodyWaitsForIsNotBegun) {
    std::vector<std::unique_ptr<Create>> creates = named(org_.key, "App", 3);
    creates[0]->deadline = in_ms(-1);
    creates[1]->abandon();
    creates[2]->deadline = in_ms(60'000);
    write_all(*store_, creates);
    EXPECT_EQ(code_of(*creates[0]), AC_CODE_DATABASE);
    EXPECT_EQ(code_of(*creates[1]), AC_CODE_DATABASE);
    EXPECT_EQ(code_of(*creates[2]), AC_CODE_OK);
    EXPECT_EQ(expect_sound(*store_, org_.slug), std::vector{id_of(*creates[2])});
}

INSTANTIATE_STORES(StoreCreate);

}  // namespace
}  // namespace appcreate::test
