// {organizationId} (docs/api.md, "Organization").
#include <algorithm>
#include <cctype>

#include "harness/answers.h"
#include "harness/suite.h"

namespace appcreate::test {
namespace {

class ContractOrganization : public InEveryMode<ContractOrganization> {
  public:
    static GatewayOptions options() {
        GatewayOptions options;
        options.server = "location = /by_argument { app_create $arg_organization; }";
        return options;
    }

  protected:
    Response at(const std::string &organization, const Key &key) {
        Request request = gateway().request(R"({"name":"O"})");
        set_header(request.headers, "Authorization", "Bearer " + key.token);
        request.path = "/v1/organizations/" + organization + "/apps";
        return client().send(request);
    }
    Response at(const std::string &organization) { return at(organization, gateway().key()); }
    static std::string upper(std::string text) {
        std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::toupper(c); });
        return text;
    }
};
INSTANTIATE_TEST_SUITE_P(Modes, ContractOrganization, kModes, mode_name);

TEST_P(ContractOrganization, IdInAnyCase) {
    const Json lower = expect_created(at(gateway().organization().id));
    const Json capital = expect_created(at(upper(gateway().organization().id)));
    EXPECT_EQ(lower.string("/organization"), gateway().organization().id);
    EXPECT_EQ(capital.string("/organization"), gateway().organization().id);
}

TEST_P(ContractOrganization, SlugInAnyCase) {
    for (const std::string &slug : {gateway().organization().slug, upper(gateway().organization().slug)}) {
        EXPECT_EQ(expect_created(at(slug)).string("/organization"), gateway().organization().id);
    }
}

TEST_P(ContractOrganization, PercentEncodedIsDecoded) {
    std::string slug = gateway().organization().slug;
    EXPECT_EQ(expect_created(at("%6F" + slug.substr(1))).string("/organization"), gateway().organization().id);
}

TEST_P(ContractOrganization, ForeignUnknownDisabledAndMisfitAnswerTheSame) {
    const Organization foreign = gateway().store().organization();
    const Organization disabled = gateway().store().organization();
    const Key disabled_key = gateway().store().key(disabled);
    gateway().store().tell({"org", "disable", disabled.id});
    const Response first = at(foreign.id);
    expect_not_found(first);
    for (const std::string &organization :
         {foreign.slug, std::string("507f1f77bcf86cd799439011"), std::string("no-such-organization"), std::string("ab"),
          std::string("a_b_c"), std::string("org%20one"), std::string("org%5Cone"), std::string("caf%C3%A9"),
          gateway().organization().id + "0", gateway().organization().slug + "%01", std::string("...")}) {
        SCOPED_TRACE(organization);
        EXPECT_EQ(at(organization).comparable(), first.comparable());
    }
    EXPECT_EQ(at(disabled.id, disabled_key).comparable(), first.comparable());
    EXPECT_EQ(at(disabled.slug, disabled_key).comparable(), first.comparable());
    EXPECT_EQ(gateway().store().count(foreign), 0);
    EXPECT_EQ(gateway().store().count(disabled), 0);
}

TEST_P(ContractOrganization, EmptyIsNotFound) {
    Request request = gateway().request(R"({"name":"O"})");
    request.path = "/by_argument?organization=" + gateway().organization().slug;
    expect_created(client().send(request));
    for (const char *path : {"/by_argument?organization=", "/by_argument"}) {
        request.path = path;
        expect_not_found(client().send(request));
    }
}

TEST_P(ContractOrganization, EnabledAgainIsServed) {
    const Organization org = gateway().store().organization();
    const Key key = gateway().store().key(org);
    gateway().store().tell({"org", "disable", org.id});
    expect_not_found(at(org.id, key));
    gateway().store().tell({"org", "enable", org.id});
    EXPECT_TRUE(eventually([&] { return at(org.id, key).status == 200; }));
}

TEST_P(ContractOrganization, SlugChangedIsFollowed) {
    const Organization org = gateway().store().organization();
    const Key key = gateway().store().key(org);
    expect_created(at(org.slug, key));
    const std::string renamed = "renamed-" + org.slug;
    gateway().store().tell({"org", "set", org.id, "--slug", renamed});
    EXPECT_TRUE(eventually([&] { return at(renamed, key).status == 200; }));
    expect_not_found(at(org.slug, key));
}

}  // namespace
}  // namespace appcreate::test
