#include "request/create.h"

#include <gtest/gtest.h>

#include <cstring>

#include "request/answers.h"
#include "request/record.h"

namespace appcreate::test {
namespace {

constexpr const char *kOrganization = "507f1f77bcf86cd799439013";
constexpr const char *kKey = "507f1f77bcf86cd799439099";
constexpr std::string_view kBody = R"({"name":"My App"})";

ac_str str(std::string_view text) { return {text.data(), text.size()}; }

// A head that is right in everything, to be spoilt by a test.
struct Request {
    ac_key key{};
    ac_str type = str("application/json");
    ac_str encoding = str("identity");
    ac_str idempotency_key{};
    ac_head head{};

    Request() {
        std::strcpy(key.id, kKey);
        std::strcpy(key.organization, kOrganization);
        std::strcpy(key.organization_slug, "acme");
        key.flags = AC_KEY_MAY_CREATE | AC_KEY_ORG_ENABLED;
        head.key = &key;
        head.organization = str("acme");
        head.content_type = &type;
        head.n_content_type = 1;
        head.content_encoding = &encoding;
        head.n_content_encoding = 1;
    }
    Request(const Request &) = delete;
    Request &operator=(const Request &) = delete;

    Request &with_idempotency_key(std::string_view value) {
        idempotency_key = str(value);
        head.idempotency_key = &idempotency_key;
        head.n_idempotency_key = 1;
        return *this;
    }
};

std::string body_of(const Create &create) { return {create.answer().body.data, create.answer().body.len}; }

TEST(Create, IsReadyForTheStoreAfterAGoodBody) {
    const Request request;
    Create create(request.head);
    EXPECT_FALSE(create.answered());
    EXPECT_EQ(create.body(kBody, AC_BODY_NO_BLOCK), AC_OK);
    EXPECT_FALSE(create.answered());
    EXPECT_EQ(create.application().name, "My App");
    EXPECT_EQ(create.application().slug, "my-app");
    EXPECT_EQ(std::string(create.key().id), kKey);
    EXPECT_FALSE(create.validate_only());
    EXPECT_FALSE(create.request());
}

TEST(Create, AnswersAnUnknownOrganizationFirst) {
    Request request;
    request.head.organization = str("other");
    request.head.n_content_type = 0;
    Create create(request.head);
    ASSERT_TRUE(create.answered());
    EXPECT_EQ(create.answer().status, 404);
    EXPECT_EQ(create.answer().code, AC_CODE_NOT_FOUND);
    EXPECT_EQ(create.body("not even read", 0), AC_DONE);
    EXPECT_EQ(create.answer().code, AC_CODE_NOT_FOUND);
}

TEST(Create, AnswersAMediaType) {
    Request request;
    request.type = str("text/plain");
    Create create(request.head);
    EXPECT_EQ(create.answer().status, 415);
    EXPECT_EQ(create.answer().flags, 0);
}

TEST(Create, AnswersAContentEncodingWithWhatItAccepts) {
    Request request;
    request.encoding = str("gzip");
    Create create(request.head);
    EXPECT_EQ(create.answer().status, 415);
    EXPECT_EQ(create.answer().flags, AC_ANSWER_ACCEPT_IDENTITY);
    EXPECT_EQ(code_answer(AC_CODE_MEDIA_TYPE).flags, 0) << "the table itself must not change";
}

TEST(Create, AnswersABadQuery) {
    Request request;
    request.head.query = str("validateOnly=maybe");
    Create create(request.head);
    EXPECT_EQ(create.answer().status, 400);
    EXPECT_EQ(create.answer().code, AC_CODE_VALIDATION);
    EXPECT_EQ(body_of(create), R"({"status":false,"error":{"code":3000,"message":"Validation Error","data":{"errors":[)"
                               R"({"pointer":"","message":"query parameter validateOnly must be true or false"}]}}})");
}

TEST(Create, AnswersViolations) {
    const Request request;
    Create create(request.head);
    EXPECT_EQ(create.body("{}", AC_BODY_NO_BLOCK), AC_DONE);
    EXPECT_EQ(create.answer().code, AC_CODE_VALIDATION);
    EXPECT_EQ(body_of(create), R"({"status":false,"error":{"code":3000,"message":"Validation Error","data":{"errors":[)"
                               R"({"pointer":"/name","message":"is required"}]}}})");
    EXPECT_EQ(create.body(kBody, 0), AC_DONE);
}

TEST(Create, TakesAnEmptyBodyFromNowhere) {
    const Request request;
    Create create(request.head);
    EXPECT_EQ(create.body({}, AC_BODY_NO_BLOCK), AC_DONE);
    EXPECT_NE(body_of(create).find("line 1, column 1: empty body"), std::string::npos);
}

std::string body_of_size(std::size_t size) {
    std::string body = R"({"name":"My App","x":")";
    body.append(size - body.size() - 2, 'x');
    return body + "\"}";
}

TEST(Create, LeavesALargeBodyToAThread) {
    const Request request;
    Create small(request.head);
    EXPECT_EQ(small.body(body_of_size(4 << 10), AC_BODY_NO_BLOCK), AC_OK);
    Create large(request.head);
    EXPECT_EQ(large.body(body_of_size((4 << 10) + 1), AC_BODY_NO_BLOCK), AC_AGAIN);
    EXPECT_FALSE(large.answered());
    EXPECT_EQ(large.body(body_of_size((4 << 10) + 1), 0), AC_OK);
    EXPECT_EQ(large.application().slug, "my-app");
}

TEST(Create, LeavesANameThatNeedsIcuToAThread) {
    const Request request;
    Create create(request.head);
    const std::string body = "{\"name\":\"Caf\xC3\xA9\"}";
    EXPECT_EQ(create.body(body, AC_BODY_NO_BLOCK), AC_AGAIN);
    EXPECT_EQ(create.body(body, AC_BODY_NO_BLOCK), AC_AGAIN);
    EXPECT_EQ(create.body(body, 0), AC_OK);
    EXPECT_EQ(create.application().slug, "cafe");
    EXPECT_EQ(create.body(body, AC_BODY_NO_BLOCK), AC_OK);
}

TEST(Create, DoesNotParseTwiceForASlug) {
    const Request request;
    Create create(request.head);
    EXPECT_EQ(create.body("{\"name\":\"Caf\xC3\xA9\"}", AC_BODY_NO_BLOCK), AC_AGAIN);
    EXPECT_EQ(create.body("no longer looked at", 0), AC_OK);
    EXPECT_EQ(create.application().name, "Caf\xC3\xA9");
}

TEST(Create, AnswersViolationsOfAnyNameAtOnce) {
    const Request request;
    Create create(request.head);
    EXPECT_EQ(create.body("{\"name\":\"Caf\xC3\xA9\",\"metadata\":1}", AC_BODY_NO_BLOCK), AC_DONE);
}

TEST(Create, KnowsItsRequestByKeyAndIdempotencyKey) {
    Request request;
    Create create(request.with_idempotency_key("k-1").head);
    ASSERT_EQ(create.body(kBody, 0), AC_OK);
    ASSERT_TRUE(create.request());
    EXPECT_EQ(*create.request(), sha256(kKey + std::string(1, '\0') + "k-1"));
    EXPECT_EQ(create.fingerprint(), sha256(kOrganization + std::string(kBody)));

    Create other(request.with_idempotency_key("k-2").head);
    EXPECT_NE(*other.request(), *create.request());
}

TEST(Create, FingerprintIsOneForBothNamesOfAnOrganization) {
    Request by_slug;
    Create first(by_slug.with_idempotency_key("k").head);
    Request by_id;
    by_id.head.organization = str("507F1F77BCF86CD799439013");
    Create second(by_id.with_idempotency_key("k").head);
    ASSERT_EQ(first.body(kBody, 0), AC_OK);
    ASSERT_EQ(second.body(kBody, 0), AC_OK);
    EXPECT_EQ(first.fingerprint(), second.fingerprint());
    Create third(by_id.head);
    ASSERT_EQ(third.body(R"({"name": "My App"})", 0), AC_OK);
    EXPECT_NE(first.fingerprint(), third.fingerprint()) << "other bytes, though the same JSON";
}

TEST(Create, IgnoresTheIdempotencyKeyWithValidateOnly) {
    Request request;
    request.head.query = str("validateOnly=true");
    Create create(request.with_idempotency_key("k").head);
    EXPECT_TRUE(create.validate_only());
    EXPECT_FALSE(create.request());
}

TEST(Create, CopiesItsHead) {
    auto request = std::make_unique<Request>();
    std::string key = "k";
    Create create(request->with_idempotency_key(key).head);
    key = "x";
    request.reset();
    EXPECT_EQ(std::string(create.key().id), kKey);
    EXPECT_EQ(*create.request(), sha256(kKey + std::string(1, '\0') + "k"));
}

TEST(Create, AnswersWithWhatTheStoreRendered) {
    const Request request;
    Create create(request.head);
    ASSERT_EQ(create.body(kBody, 0), AC_OK);
    const ObjectId id = ObjectId::make();
    const std::string hex = id.hex();
    RecordFacts facts;
    facts.id = hex;
    facts.slug = "my-app-2";
    render_answer(create.answer_buffer(), create.application(), facts);
    create.created(id, "my-app-2");
    create.set_batch(7, 1234);
    EXPECT_EQ(create.answer().status, 200);
    EXPECT_EQ(create.answer().code, AC_CODE_OK);
    EXPECT_EQ(create.answer().flags, 0);
    EXPECT_EQ(record_of(body_of(create)).substr(7, 24), hex);
    const ac_create_facts found = create.facts();
    EXPECT_EQ(std::string(found.id.data, found.id.len), hex);
    EXPECT_EQ(std::string(found.slug.data, found.slug.len), "my-app-2");
    EXPECT_EQ(found.batch, 7U);
    EXPECT_EQ(found.store_us, 1234U);
}

TEST(Create, WouldCreateWithoutAnId) {
    const Request request;
    Create create(request.head);
    create.answer_buffer() = "{}";
    create.would_create("my-app");
    EXPECT_EQ(create.answer().status, 200);
    EXPECT_EQ(create.facts().id.len, 0U);
    EXPECT_EQ(create.facts().slug.len, 6U);
}

TEST(Create, ReplaysTheSameBytes) {
    const Request request;
    Create create(request.head);
    create.replayed("{\"status\":true}");
    EXPECT_EQ(create.answer().status, 200);
    EXPECT_EQ(create.answer().flags, AC_ANSWER_REPLAYED);
    EXPECT_EQ(body_of(create), "{\"status\":true}");
}

TEST(Create, MayBeRefused) {
    const Request request;
    Create create(request.head);
    create.answer_buffer() = "half a record";
    create.refuse(AC_CODE_BUSY);
    EXPECT_TRUE(create.answered());
    EXPECT_EQ(create.answer().status, 503);
    EXPECT_EQ(create.answer().retry_after, 1);
    EXPECT_EQ(body_of(create), R"({"status":false,"error":{"code":1006,"message":"Server busy"}})");
}

TEST(Create, CountsTheBytesThatItKeeps) {
    const Request request;
    Create create(request.head);
    const std::size_t before = create.size();
    EXPECT_GE(before, sizeof(Create));
    ASSERT_EQ(create.body(R"({"name":"My App","metadata":{"x":")" + std::string(5000, 'x') + "\"}}", 0), AC_OK);
    EXPECT_GE(create.size(), before + 5000);
    EXPECT_LE(create.size(), before + 20000);
}

}  // namespace
}  // namespace appcreate::test
