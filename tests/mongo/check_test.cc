// What "appctl check" says of places that contradict the promises, however they came about.
#include <gtest/gtest.h>

#include "harness/store_test.h"

namespace appcreate::test {
namespace {

class CheckTest : public MongoStoreTest {
  protected:
    // A create that was judged when there was no limit, and arrives now.
    void arrive_late(const Tenant &tenant) {
        const std::string id = R"({"$oid":")" + ObjectId::make().hex() + R"("})";
        std::vector<Bson> documents;
        documents.push_back(bson(R"({"_id":)" + id + R"(,"organization":{"$oid":")" + tenant.organization +
                                 R"("},"slug":")" + unique_name("late") + R"(","place":)" + id +
                                 R"(,"limitVersion":{"$numberLong":"1"},"request":)" + id + "}"));
        ASSERT_TRUE(direct().insert("applications", documents).ok);
    }
    // What is found, and whether all is well afterwards.
    std::string found(bool repair, bool expected) {
        std::string problems;
        EXPECT_EQ(admin().store().check(repair,
                                        [&problems](std::string_view row) {
                                            problems.append(row).append("\n");
                                            return true;
                                        }),
                  expected)
            << problems;
        return problems;
    }
    Tenant limited_later(std::int64_t limit) {
        const Tenant tenant = admin().make_tenant();
        admin().set_limit(tenant, limit);
        return tenant;
    }
};

TEST_F(CheckTest, ALateRecordThatMakesMoreThanTheLimitIsReported) {
    const Tenant tenant = limited_later(2);
    EXPECT_CREATED(admin().create(tenant));
    EXPECT_CREATED(admin().create(tenant));
    found(false, true);
    arrive_late(tenant);
    const std::string problems = found(false, false);
    EXPECT_NE(problems.find("3 applications, its limit is 2"), std::string::npos) << problems;
    EXPECT_NE(problems.find(tenant.organization), std::string::npos) << problems;
    found(true, false);
    EXPECT_EQ(stored(tenant), 3) << "nothing is deleted";
}

TEST_F(CheckTest, MoreThanALimitThatWasLoweredAllowsIsWell) {
    const Tenant tenant = admin().make_tenant(3);
    for (int i = 0; i < 3; ++i) EXPECT_CREATED(admin().create(tenant));
    admin().set_limit(tenant, 2);
    found(false, true);
}

// No time makes a gateway sure that none will come.
TEST_F(CheckTest, ALateRecordIsMovedInsideByGatewaysAndByRepair) {
    const Tenant tenant = limited_later(4);
    EXPECT_CREATED(admin().create(tenant));
    arrive_late(tenant);
    EXPECT_NE(found(false, false).find("records stand outside of its limit"), std::string::npos);
    found(true, true);
    arrive_late(tenant);
    EXPECT_CREATED(admin().create(tenant));
    found(false, true);
    EXPECT_REFUSED(admin().create(tenant), AC_CODE_LIMIT);
    EXPECT_EQ(stored(tenant), 4);
}

// Without its unique index two records got one place. The one that lost it stands outside of the limit, and is counted
// under every later one.
TEST_F(CheckTest, WhatRepairPutsOutsideIsCountedUnderARaisedLimit) {
    const Tenant tenant = admin().make_tenant(2);
    EXPECT_CREATED(admin().create(tenant));
    EXPECT_CREATED(admin().create(tenant));
    ASSERT_TRUE(direct().command(bson(R"({"dropIndexes":"applications","index":"organization_place"})")).ok);
    std::vector<Bson> documents;
    const std::string id = R"({"$oid":")" + ObjectId::make().hex() + R"("})";
    documents.push_back(bson(R"({"_id":)" + id + R"(,"organization":{"$oid":")" + tenant.organization +
                             R"("},"slug":")" + unique_name("twin") +
                             R"(","place":{"$numberLong":"1"},"limitVersion":{"$numberLong":"1"},"request":)" + id +
                             "}"));
    ASSERT_TRUE(direct().insert("applications", documents).ok);
    const std::string problems = found(true, false);
    EXPECT_NE(problems.find("its place is that of"), std::string::npos) << problems;
    EXPECT_NE(problems.find("3 applications, its limit is 2"), std::string::npos) << problems;
    admin().set_limit(tenant, 3);
    EXPECT_REFUSED(CoreGateway(server().uri({}, database())).create(tenant), AC_CODE_LIMIT);
    EXPECT_EQ(stored(tenant), 3);
    found(false, true);
    admin().set_limit(tenant, 4);
    CoreGateway gateway(server().uri({}, database()));
    EXPECT_CREATED(gateway.create(tenant));
    EXPECT_REFUSED(gateway.create(tenant), AC_CODE_LIMIT);
    EXPECT_EQ(stored(tenant), 4);
    found(false, true);
}

TEST_F(CheckTest, APlaceThatIsSaidToBeTakenAndIsFreeIsReported) {
    const Tenant tenant = admin().make_tenant(3);
    std::vector<Answer> answers;
    for (int i = 0; i < 3; ++i) answers.push_back(admin().create(tenant));
    EXPECT_REFUSED(admin().create(tenant), AC_CODE_LIMIT);
    found(false, true);
    ASSERT_TRUE(direct()
                    .command(bson(R"({"delete":"applications","deletes":[{"q":{"_id":{"$oid":")" + answers.at(1).id +
                                  R"("}},"limit":1}]})"))
                    .ok);
    EXPECT_NE(found(false, false).find("a place that is said to be taken for good is free"), std::string::npos);
    found(true, true);
    found(false, true);
    EXPECT_CREATED(admin().create(tenant));
    EXPECT_REFUSED(admin().create(tenant), AC_CODE_LIMIT);
}

}  // namespace
}  // namespace appcreate::test
