// configuration.storageProvider, configuration.notificationLanguage and the plan's retention (docs/api.md, "Fields").
#include "harness/answers.h"
#include "harness/suite.h"

namespace appcreate::test {
namespace {

class ContractConfiguration : public SharedGateway<ContractConfiguration> {
  protected:
    Response create(const Organization &org, const Key &key, const std::string &configuration) {
        return client_.send(Gateway::request(org, key, R"({"name":"C","configuration":)" + configuration + "}"));
    }
    static std::string named(const std::string &provider) { return R"({"storageProvider":")" + provider + "\"}"; }

  private:
    Client client_ = gateway().client();
};

TEST_F(ContractConfiguration, ProviderNamedIsResolved) {
    const Organization org = gateway().store().organization();
    const Key key = gateway().store().key(org);
    const std::string id = gateway().store().provider(org, {"--config", R"({"bucket":"b","n":[1,2]})"});
    const Response response = create(org, key, named(id));
    expect_created(response);
    const std::string expected = R"("configuration":{"storageProvider":{"id":")" + id +
                                 R"(","name":"Bucket","region":"eu-west-1","config":{"bucket":"b","n":[1,2]},)"
                                 R"("provider":"aws-s3"},"notificationLanguage":"en")";
    EXPECT_NE(response.body.find(expected), std::string::npos) << response.body;
}

// As on the published page.
TEST_F(ContractConfiguration, ProvidersConfigCanBeAString) {
    const Organization org = gateway().store().organization();
    const Key key = gateway().store().key(org);
    const std::string id = gateway().store().provider(org, {"--config", R"("production-app-storage")"});
    const Response response = create(org, key, named(id));
    expect_created(response);
    EXPECT_NE(response.body.find(R"("config":"production-app-storage","provider":"aws-s3"})"), std::string::npos)
        << response.body;
}

TEST_F(ContractConfiguration, ProviderIsMatchedInAnyCase) {
    const Organization org = gateway().store().organization();
    const Key key = gateway().store().key(org);
    const std::string id = gateway().store().provider(org, {"--id", "abcdefabcdefabcdefabcd01"});
    const Json data = expect_created(create(org, key, named("ABCDEFabcdefABCDEFabcd01")));
    EXPECT_EQ(data.string("/configuration/storageProvider/id"), id);
}

TEST_F(ContractConfiguration, ProviderEmptyOrDefaultOrAbsentIsTheOrganizationsDefault) {
    const Organization org = gateway().store().organization();
    const Key key = gateway().store().key(org);
    gateway().store().provider(org);
    const std::string id = gateway().store().provider(org, {"--default"});
    for (const std::string &configuration : {named(""), named("__DEFAULT__"), std::string("{}")}) {
        const Json data = expect_created(create(org, key, configuration));
        EXPECT_EQ(data.string("/configuration/storageProvider/id"), id) << configuration;
    }
}

TEST_F(ContractConfiguration, ProviderIsAbsentWhenTheOrganizationHasNoDefault) {
    const Organization org = gateway().store().organization();
    const Key key = gateway().store().key(org);
    gateway().store().provider(org);
    EXPECT_FALSE(expect_created(create(org, key, named("__DEFAULT__"))).has("/configuration/storageProvider"));
}

TEST_F(ContractConfiguration, ProviderUnknownOrForeignOrDeletedIs5060) {
    const Organization org = gateway().store().organization();
    const Key key = gateway().store().key(org);
    const std::string foreign = gateway().store().provider(gateway().store().organization());
    const std::string deleted = gateway().store().provider(org);
    gateway().store().tell({"provider", "delete", "--org", org.id, deleted});
    for (const std::string &id : {std::string("507f1f77bcf86cd799439012"), foreign, deleted}) {
        expect_error(create(org, key, named(id)), 400, 5060, "StorageProvider not found");
    }
    EXPECT_EQ(gateway().store().count(org), 0);
}

TEST_F(ContractConfiguration, ProviderOfAnyOtherFormIsAViolation) {
    for (const char *value :
         {R"("x")", R"("507f1f77bcf86cd79943901")", R"("507f1f77bcf86cd7994390122")", R"("507f1f77bcf86cd79943901g")",
          R"("__default__")", R"(" ")", "null", "1", "[]", "{}", "false"}) {
        expect_pointers(
            create(gateway().organization(), gateway().key(), std::string(R"({"storageProvider":)") + value + "}"),
            {"/configuration/storageProvider"});
    }
}

TEST_F(ContractConfiguration, EveryLanguageOfTheContractIsTaken) {
    for (const char *language : {"es", "en", "fr", "de", "it", "zh", "pt", "ru"}) {
        const Json data = expect_created(create(gateway().organization(), gateway().key(),
                                                std::string(R"({"notificationLanguage":")") + language + "\"}"));
        EXPECT_EQ(data.string("/configuration/notificationLanguage"), language);
    }
}

TEST_F(ContractConfiguration, AnyOtherLanguageIsAViolation) {
    for (const char *value : {R"("EN")", R"("en-US")", R"("")", R"("ja")", R"(" en")", "null", "1", "[]", "true"}) {
        expect_pointers(
            create(gateway().organization(), gateway().key(), std::string(R"({"notificationLanguage":)") + value + "}"),
            {"/configuration/notificationLanguage"});
    }
}

TEST_F(ContractConfiguration, RetentionComesFromThePlanAndFollowsIt) {
    const Organization org = gateway().store().organization({.limit = {}, .more = {"--build-retention-days", "-1"}});
    const Key key = gateway().store().key(org);
    EXPECT_EQ(expect_created(create(org, key, "{}")).at("/retentionApplied").text(),
              R"({"maxBillingBuildRetentionDays":-1,"buildsRetainedPerPublication":0})");
    gateway().store().tell({"org", "set", org.id, "--builds-per-publication", "12"});
    EXPECT_TRUE(eventually([&] {
        return expect_created(create(org, key, "{}")).integer("/retentionApplied/buildsRetainedPerPublication") == 12;
    }));
}

}  // namespace
}  // namespace appcreate::test
