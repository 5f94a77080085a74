#include "json/violation.h"
#include "request/answers.h"

#include <gtest/gtest.h>

#include "support/json.h"

namespace appcreate::test {
namespace {

struct Row {
    int status;
    int code;
    unsigned retry_after;
    std::string_view message;
};

// docs/api.md, "Codes".
constexpr Row kTable[] = {
    {500, AC_CODE_INTERNAL, 0, "Internal error"},
    {400, AC_CODE_BAD_REQUEST, 0, "Bad request"},
    {405, AC_CODE_METHOD, 0, "Method not allowed"},
    {413, AC_CODE_TOO_LARGE, 0, "Payload too large"},
    {415, AC_CODE_MEDIA_TYPE, 0, "Unsupported media type"},
    {503, AC_CODE_BUSY, 1, "Server busy"},
    {425, AC_CODE_TOO_EARLY, 0, "Too early"},
    {429, AC_CODE_TOO_MANY, 1, "Too many requests"},
    {400, AC_CODE_VALIDATION, 0, "Validation Error"},
    {404, AC_CODE_NOT_FOUND, 0, "Entity not found"},
    {503, AC_CODE_DATABASE, 1, "Database Error"},
    {401, AC_CODE_UNAUTHORIZED, 0, "Unauthorized"},
    {401, AC_CODE_NO_TOKEN, 0, "No auth token"},
    {403, AC_CODE_FORBIDDEN, 0, "Forbidden"},
    {409, AC_CODE_CONFLICT, 1, "Conflict"},
    {422, AC_CODE_KEY_REUSED, 0, "Idempotency key reused"},
    {400, AC_CODE_LIMIT, 0, "Limit Exceeded"},
    {400, AC_CODE_PROVIDER, 0, "StorageProvider not found"},
};

std::string body_of(int code, std::string_view message) {
    return R"({"status":false,"error":{"code":)" + std::to_string(code) + R"(,"message":")" + std::string(message) +
           R"("}})";
}

TEST(CodeAnswer, IsTheContractsTable) {
    for (const Row &row : kTable) {
        const ac_answer &answer = code_answer(row.code);
        EXPECT_EQ(answer.status, row.status) << row.message;
        EXPECT_EQ(answer.code, row.code) << row.message;
        EXPECT_EQ(answer.retry_after, row.retry_after) << row.message;
        EXPECT_EQ(answer.flags, 0) << row.message;
        EXPECT_EQ(std::string(answer.body.data, answer.body.len), body_of(row.code, row.message));
    }
}

TEST(CodeAnswer, OfAnUnknownCodeIsInternal) {
    for (const int code : {0, -1, 1002, 9999}) EXPECT_EQ(code_answer(code).code, AC_CODE_INTERNAL) << code;
}

struct StatusBody {
    std::string body;
    int code = -1;
    unsigned retry_after = 99;
};

StatusBody status_body(int status, std::string_view reason) {
    StatusBody result;
    char buffer[256];
    const std::size_t n = write_status_body(status, reason, buffer, sizeof(buffer), &result.code, &result.retry_after);
    result.body.assign(buffer, n);
    return result;
}

TEST(StatusBody, HasTheContractsCodeForEachStatusItLists) {
    constexpr Row kStatuses[] = {
        {400, 1001, 0, "Bad request"},       {401, 4001, 0, "Unauthorized"},           {403, 4003, 0, "Forbidden"},
        {404, 3001, 0, "Entity not found"},  {405, 1003, 0, "Method not allowed"},     {409, 5001, 1, "Conflict"},
        {413, 1004, 0, "Payload too large"}, {415, 1005, 0, "Unsupported media type"}, {425, 1008, 0, "Too early"},
        {429, 1007, 1, "Too many requests"}, {500, 1000, 0, "Internal error"},         {503, 1006, 1, "Server busy"}};
    for (const Row &row : kStatuses) {
        const StatusBody result = status_body(row.status, "Something else");
        EXPECT_EQ(result.body, body_of(row.code, row.message));
        EXPECT_EQ(result.code, row.code);
        EXPECT_EQ(result.retry_after, row.retry_after);
    }
}

TEST(StatusBody, OfAnyOtherStatusHasTheReason) {
    EXPECT_EQ(status_body(418, "I'm a teapot").body, body_of(1000, "I'm a teapot"));
    EXPECT_EQ(status_body(502, "Bad Gateway").code, AC_CODE_INTERNAL);
    EXPECT_EQ(status_body(502, "Bad Gateway").retry_after, 0U);
    EXPECT_EQ(status_body(502, "").body, body_of(1000, "Error"));
}

TEST(StatusBody, LeavesOutWhatWouldBreakTheJson) {
    EXPECT_EQ(status_body(502, "a\"b\\c\nd\x7f\xC3\xA9z").body, body_of(1000, "abcdz"));
}

TEST(StatusBody, WritesNoMoreThanThereIsRoomFor) {
    const std::string whole = status_body(502, "Bad Gateway").body;
    std::string buffer(whole.size() + 1, '#');
    for (std::size_t cap = 0; cap <= whole.size(); ++cap) {
        std::fill(buffer.begin(), buffer.end(), '#');
        EXPECT_EQ(write_status_body(502, "Bad Gateway", buffer.data(), cap, nullptr, nullptr), whole.size());
        EXPECT_EQ(buffer.substr(0, cap), whole.substr(0, cap));
        EXPECT_EQ(buffer.substr(cap), std::string(buffer.size() - cap, '#'));
    }
    EXPECT_EQ(write_status_body(413, "", nullptr, 0, nullptr, nullptr), code_answer(AC_CODE_TOO_LARGE).body.len);
}

TEST(ValidationBody, HoldsEveryViolation) {
    std::string body = "kept";
    append_validation_body(body, {{"", "first"}, {"/a\"b", "second\n"}});
    EXPECT_EQ(body, R"(kept{"status":false,"error":{"code":3000,"message":"Validation Error","data":{"errors":[)"
                    R"({"pointer":"","message":"first"},{"pointer":"/a\"b","message":"second\n"}]}}})");
}

TEST(ValidationBody, IsCutAtThirtyTwo) {
    for (const std::size_t n : {31U, 32U, 33U, 100U}) {
        std::string body;
        append_validation_body(body, std::vector<Violation>(n, {"/x", "m"}));
        EXPECT_EQ(Json::parse(body).at("/error/data/errors").size(), std::min<std::size_t>(n, 32));
    }
}

}  // namespace
}  // namespace appcreate::test
