// Slugs of new applications (contract, "Slug").
#include <regex>
#include <set>

#include "harness/answers.h"
#include "harness/suite.h"

namespace appcreate::harness {
namespace {

class ContractSlug : public SharedGateway<ContractSlug> {
  protected:
    Json create(const Organization &org, const std::string &name) {
        if (key_org_ != org.id) {
            key_ = gateway().store().key(org);
            key_org_ = org.id;
        }
        return expect_created(client_.send(Gateway::request(org, key_, R"({"name":)" + json_string(name) + "}")));
    }
    std::string slug(const Organization &org, const std::string &name) { return create(org, name).string("/slug"); }

  private:
    Client client_ = gateway().client();
    Key key_;
    std::string key_org_;
};

struct Name {
    const char *name;
    const char *slug;
};

TEST_F(ContractSlug, NamesBecomeSlugs) {
    static constexpr Name kNames[] = {
        {"Enterprise Mobile Banking App", "enterprise-mobile-banking-app"},
        {"UPPER", "upper"},
        {"a--b__c  d", "a-b-c-d"},
        {"--trimmed--", "trimmed"},
        {"Bob's", "bobs"},
        {"Say \"yes\"", "say-yes"},
        {"Bob\u2019s too", "bobs-too"},
        {"Stra\u00dfe", "strasse"},
        {"Cr\u00e8me br\u00fbl\u00e9e", "creme-brulee"},
        {"\u041c\u043e\u0441\u043a\u0432\u0430", "moskva"},
        {"\u5317\u4eac", "bei-jing"},
        {"\uff21\uff22\uff23", "abc"},
        {"C++ & C#", "c-c"},
        {"x", "app-x"},
        {"xy", "app-xy"},
        {"xyz", "xyz"},
        {"507f1f77bcf86cd799439011", "app-507f1f77bcf86cd799439011"},
        {"507f1f77bcf86cd79943901", "507f1f77bcf86cd79943901"},
    };
    for (const Name &one : kNames) {
        EXPECT_EQ(slug(gateway().organization(), one.name), one.slug) << one.name;
    }
}

TEST_F(ContractSlug, NothingLeftOfTheNameTakesTheEndOfTheId) {
    for (const char *name : {"\U0001F600", "!!!", "''", "\U0001F600 \U0001F4A9"}) {
        const Json data = create(gateway().organization(), name);
        EXPECT_EQ(data.string("/slug"), "app-" + data.string("/id").substr(16)) << name;
        EXPECT_EQ(data.string("/name"), name);
    }
}

TEST_F(ContractSlug, TakenOnesAreNumberedFromTwo) {
    const Organization org = gateway().store().organization();
    EXPECT_EQ(slug(org, "Same"), "same");
    for (int n = 2; n <= 12; ++n) {
        EXPECT_EQ(slug(org, "same!"), "same-" + std::to_string(n));
    }
}

TEST_F(ContractSlug, NumberThatIsItselfTakenIsSkipped) {
    const Organization org = gateway().store().organization();
    EXPECT_EQ(slug(org, "Skip 2"), "skip-2");
    EXPECT_EQ(slug(org, "Skip"), "skip");
    EXPECT_EQ(slug(org, "Skip"), "skip-3");
    EXPECT_EQ(slug(org, "Skip 3"), "skip-3-2");
}

TEST_F(ContractSlug, SameNameInTwoOrganizationsIsNoCollision) {
    EXPECT_EQ(slug(gateway().store().organization(), "Shared name"), "shared-name");
    EXPECT_EQ(slug(gateway().store().organization(), "Shared name"), "shared-name");
}

TEST_F(ContractSlug, LongestIs128AlsoWithANumber) {
    const Organization org = gateway().store().organization();
    EXPECT_EQ(slug(org, std::string(128, 'q')), std::string(128, 'q'));
    EXPECT_EQ(slug(org, std::string(128, 'q')), std::string(126, 'q') + "-2");
    // A name can grow while it is transliterated.
    std::string han;
    for (int i = 0; i < 128; ++i) {
        han += "\u7545";
    }
    const std::string cut = slug(org, han);
    EXPECT_LE(cut.size(), 128U);
    EXPECT_GE(cut.size(), 120U);
}

TEST_F(ContractSlug, CutDoesNotEndInAHyphen) {
    const Organization org = gateway().store().organization();
    const std::string name = std::string(125, 'q') + " bc";
    EXPECT_EQ(slug(org, name), std::string(125, 'q') + "-bc");
    EXPECT_EQ(slug(org, name), std::string(125, 'q') + "-2");
}

TEST_F(ContractSlug, EveryOneMatchesThePattern) {
    const std::regex pattern("^[a-z0-9][a-z0-9-]+[a-z0-9]$");
    const std::regex id("^[0-9a-f]{24}$");
    std::set<std::string> all;
    for (const char *name :
         {"\u0627\u0644\u0633\u0644\u0627\u0645", "\u05e9\u05dc\u05d5\u05dd", "\u0939\u093f\u0928\u094d\u0926\u0940",
          "\u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35", "\ud55c\uad6d\uc5b4", "\u3072\u3089\u304c\u306a",
          "\u10e5\u10d0\u10e0", "\u0540\u0561\u0575", "\u0395\u03bb\u03bb\u03ac\u03b4\u03b1", "e\u0301\u0300",
          "a\u0308", "1", "-", "\U00010330", "abcdefabcdefabcdefabcdef", "ABCDEFABCDEFABCDEFABCDEF"}) {
        const std::string made = slug(gateway().organization(), name);
        EXPECT_TRUE(std::regex_match(made, pattern)) << name << " became " << made;
        EXPECT_FALSE(std::regex_match(made, id)) << name << " became " << made;
        EXPECT_LE(made.size(), 128U);
        EXPECT_TRUE(all.insert(made).second) << made << " was given out twice";
    }
}

}  // namespace
}  // namespace appcreate::harness
