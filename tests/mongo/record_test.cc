// What is stored is what was sent: values, types, sizes.
#include <gtest/gtest.h>

#include "harness/store_test.h"
#include "request/record.h"

namespace appcreate::test {
namespace {

class Record : public MongoStoreTest {
  protected:
    void SetUp() override {
        MongoStoreTest::SetUp();
        if (!IsSkipped()) tenant_ = admin().make_tenant();
    }
    const Tenant &tenant() { return tenant_; }
    std::string shown(const Answer &answer) {
        std::string out;
        admin().store().app_show(tenant().organization, answer.id, [&](std::string_view row) {
            out = row;
            return true;
        });
        return out;
    }
    Bson document(const Answer &answer) {
        return std::move(direct().find("applications", bson(R"({"_id":{"$oid":")" + answer.id + "\"}}")).at(0));
    }

  private:
    Tenant tenant_;
};

std::string nested(int levels) {
    std::string out = "1";
    for (int i = 0; i < levels; ++i) out = i % 2 == 0 ? "[" + out + "]" : R"({"n":)" + out + "}";
    return out;
}

class Metadata : public Record, public ::testing::WithParamInterface<std::string> {};

TEST_P(Metadata, ComesBackExactly) {
    const std::string metadata = R"({"value":)" + GetParam() + "}";
    const Answer answer = admin().create(tenant(), {R"({"name":"Exact","metadata":)" + metadata + "}", "key-1"});
    EXPECT_CREATED(answer);
    EXPECT_NE(answer.body.find(R"("metadata":)" + metadata), std::string::npos) << answer.body;
    EXPECT_EQ(shown(answer), record_of(answer.body));
    CoreGateway other(server().uri({}, database()));
    EXPECT_EQ(other.create(tenant(), {R"({"name":"Exact","metadata":)" + metadata + "}", "key-1"}).body, answer.body);
}

INSTANTIATE_TEST_SUITE_P(Record, Metadata,
                         ::testing::Values("0", "-1", "2147483648", "9223372036854775807", "-9223372036854775808",
                                           "0.1", "1.0", "-2.5e-07", "1.7976931348623157e+308", "5e-324", "1e+16",
                                           "true", "false", "null", "\"\"", "\"a\\u0000b\"",
                                           "\"\xef\xbf\xbf\xf0\x9f\x98\x80\"", "[]", "{}", "[1,[2,[3.0,\"x\"]],{}]",
                                           R"({"":1,"a.b":2,"$set":3,".":4,"$":5,"a..b":6})", R"({"z":1,"a":2,"m":3})",
                                           R"({"$oid":"5f0000000000000000000001"})", R"({"$numberLong":"7"})",
                                           R"({"0":"a","1":"b"})", "\"back\\\\slash \\\" quote\"", nested(30)));

TEST_F(Record, IsStoredInTypesOfTheDatabase) {
    const Answer answer = admin().create(
        tenant(),
        {R"({"name":"Typed","metadata":{"n":5000000000,"r":1.5},"defaultScripts":{"audit":"#!/bin/sh\n"}})", "key-1"});
    ASSERT_EQ(answer.status, 200) << answer;
    const Bson stored = document(answer);
    const auto type = [&](const char *key) {
        bson_iter_t at;
        return bson_iter_init_find(&at, stored.get(), key) ? bson_iter_type(&at) : BSON_TYPE_EOD;
    };
    EXPECT_EQ(type("_id"), BSON_TYPE_OID);
    EXPECT_EQ(type("organization"), BSON_TYPE_OID);
    EXPECT_EQ(type("createdBy"), BSON_TYPE_OID);
    EXPECT_EQ(type("createdAt"), BSON_TYPE_DATE_TIME);
    EXPECT_EQ(type("updatedAt"), BSON_TYPE_DATE_TIME);
    EXPECT_EQ(text_at(stored.get(), "name"), "Typed");
    EXPECT_EQ(text_at(stored.get(), "slug"), answer.slug);
    EXPECT_EQ(integer_at(stored.get(), "metadata.n"), 5'000'000'000);
    EXPECT_NE(type("place"), BSON_TYPE_EOD);
    EXPECT_NE(type("request"), BSON_TYPE_EOD);
    EXPECT_EQ(json(stored.get()).find("key-1"), std::string::npos) << "the key itself is not stored";
}

// Guards: measuring before the batch: one record that is too large does not fail its neighbours.
TEST_F(Record, TooLargeIsAViolationAndItsNeighboursAreCreated) {
    const std::string large(16'777'216 - 300, 'x');
    const std::vector<Answer> answers = admin().create_all(
        tenant(), {order("Before"), {R"({"name":"Large","metadata":{"x":")" + large + R"("}})"}, order("After")});
    EXPECT_CREATED(answers.at(0));
    EXPECT_EQ(answers.at(1).status, 400);
    EXPECT_REFUSED(answers.at(1), AC_CODE_VALIDATION);
    EXPECT_NE(answers.at(1).body.find(R"("errors":[{"pointer":)"), std::string::npos);
    EXPECT_CREATED(answers.at(2));
    EXPECT_EQ(stored(tenant()), 2);
}

// Guards: that the kept answer counts too.
TEST_F(Record, TooLargeWithItsKeptAnswer) {
    const std::string half(9'000'000, 'x');
    const std::string body = R"({"name":"Half","metadata":{"x":")" + half + R"("}})";
    EXPECT_REFUSED(admin().create(tenant(), {body, "key-1"}), AC_CODE_VALIDATION);
    EXPECT_EQ(stored(tenant()), 0);
    EXPECT_CREATED(admin().create(tenant(), {body}));
}

TEST_F(Record, ManyLargeOnesFitTheirMessages) {
    const std::string large(6'000'000, 'x');
    std::vector<Order> batch;
    for (int i = 0; i < 9; ++i) {
        batch.push_back({R"({"name":"Large )" + std::to_string(i) + R"(","metadata":{"x":")" + large + R"("}})"});
    }
    for (const Answer &answer : admin().create_all(tenant(), batch)) EXPECT_CREATED(answer);
    EXPECT_EQ(stored(tenant()), 9);
}

TEST_F(Record, ANameOfNothingGetsASlugOfItsId) {
    const Answer answer = admin().create(tenant(), {"{\"name\":\"\xf0\x9f\x98\x80\"}"});
    EXPECT_CREATED(answer);
    EXPECT_EQ(answer.slug, "app-" + answer.id.substr(16));
}

}  // namespace
}  // namespace appcreate::test
