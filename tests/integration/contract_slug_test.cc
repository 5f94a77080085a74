// Slugs of new applications (docs/api.md, "Slugs").
#include <map>
#include <regex>

#include "harness/answers.h"
#include "harness/suite.h"
#include "support/contract.h"

namespace appcreate::test {
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

// All of the table in one organization: a slug that is there already gets the next number.
TEST_F(ContractSlug, NamesBecomeSlugs) {
    const Organization org = gateway().store().organization();
    const std::regex pattern("^[a-z0-9][a-z0-9-]+[a-z0-9]$");
    const std::regex id("^[0-9a-f]{24}$");
    std::map<std::string, int> seen;
    for (const SlugRow &row : contract_slugs()) {
        const Json data = create(org, row.name);
        const std::string base = row.slug.value_or("app-" + data.string("/id").substr(16));
        const int number = ++seen[base];
        const std::string made = data.string("/slug");
        EXPECT_EQ(made, number == 1 ? base : base + "-" + std::to_string(number)) << row.name << ": " << row.rule;
        EXPECT_EQ(data.string("/name"), row.name);
        EXPECT_TRUE(std::regex_match(made, pattern)) << row.name << " became " << made;
        EXPECT_FALSE(std::regex_match(made, id)) << row.name << " became " << made;
        EXPECT_LE(made.size(), 128U);
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
        han += "畅";
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

}  // namespace
}  // namespace appcreate::test
