#include "answers.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace appcreate::test {

namespace {

bool is_request_id(std::string_view text) {
    return !text.empty() && text.size() <= 128 &&
           std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

void expect_frame(const Response &response) {
    EXPECT_EQ(response.header("Content-Type"), "application/json; charset=utf-8");
    EXPECT_EQ(response.count("Content-Type"), 1U);
    EXPECT_EQ(response.header("Cache-Control"), "no-store");
    EXPECT_EQ(response.count("X-Request-ID"), 1U);
    EXPECT_TRUE(is_request_id(response.header("X-Request-ID"))) << response.header("X-Request-ID");
    EXPECT_EQ(response.header("Content-Length"), std::to_string(response.body.size()));
    EXPECT_FALSE(response.has("Transfer-Encoding"));
}

}  // namespace

std::string error_body(int code, std::string_view message) {
    return R"({"status":false,"error":{"code":)" + std::to_string(code) + R"(,"message":)" + json_string(message) +
           "}}";
}

void expect_error(const Response &response, int status, int code, std::string_view message) {
    EXPECT_EQ(response.status, status) << response.body;
    EXPECT_EQ(response.body, error_body(code, message));
    expect_frame(response);
    if (status != 409) {
        EXPECT_EQ(response.has("Retry-After"), status == 503 || status == 429) << "Retry-After";
    }
    EXPECT_EQ(response.has("WWW-Authenticate"), status == 401) << "WWW-Authenticate";
    EXPECT_EQ(response.has("Allow"), status == 405) << "Allow";
    EXPECT_FALSE(response.has("Idempotency-Replayed"));
}

std::vector<std::pair<std::string, std::string>> expect_violations(const Response &response) {
    EXPECT_EQ(response.status, 400) << response.body;
    expect_frame(response);
    std::vector<std::pair<std::string, std::string>> violations;
    const Json body = Json::parse(response.body);
    EXPECT_EQ(body.at("/status").text(), "false");
    EXPECT_EQ(body.keys(), (std::vector<std::string>{"status", "error"}));
    EXPECT_EQ(body.at("/error").keys(), (std::vector<std::string>{"code", "message", "data"}));
    EXPECT_EQ(body.at("/error/code").text(), "3000");
    EXPECT_EQ(body.string("/error/message"), "Validation Error");
    EXPECT_EQ(body.at("/error/data").keys(), std::vector<std::string>{"errors"});
    for (const Json &one : body.at("/error/data/errors").items()) {
        EXPECT_EQ(one.keys(), (std::vector<std::string>{"pointer", "message"}));
        EXPECT_FALSE(one.string("/message").empty());
        violations.emplace_back(one.string("/pointer"), one.string("/message"));
    }
    return violations;
}

void expect_pointers(const Response &response, const std::vector<std::string> &pointers) {
    std::vector<std::string> found;
    for (const auto &[pointer, message] : expect_violations(response)) {
        found.push_back(pointer);
    }
    EXPECT_EQ(found, pointers) << response.body;
}

std::string expect_malformed(const Response &response) {
    const auto violations = expect_violations(response);
    EXPECT_EQ(violations.size(), 1U) << response.body;
    if (violations.empty()) {
        return {};
    }
    EXPECT_EQ(violations[0].first, "");
    return violations[0].second;
}

Json expect_created(const Response &response) {
    EXPECT_EQ(response.status, 200) << response.body;
    expect_frame(response);
    const Json body = Json::parse(response.body);
    EXPECT_EQ(body.keys(), (std::vector<std::string>{"status", "data"}));
    EXPECT_EQ(body.at("/status").text(), "true");
    return body.at("/data");
}

void expect_no_token(const Response &response) {
    expect_error(response, 401, 4002, kNoToken);
    EXPECT_EQ(response.header("WWW-Authenticate"), R"(Bearer realm="applications")");
}

void expect_unauthorized(const Response &response) {
    expect_error(response, 401, 4001, kUnauthorized);
    EXPECT_EQ(response.header("WWW-Authenticate"), R"(Bearer realm="applications", error="invalid_token")");
}

void expect_not_found(const Response &response) { expect_error(response, 404, 3001, kNotFound); }

void expect_database_error(const Response &response) {
    expect_error(response, 503, 3002, "Database Error");
    EXPECT_EQ(response.header("Retry-After"), "1");
}

void expect_busy(const Response &response) { expect_error(response, 503, 1006, "Server busy"); }

void expect_too_large(const Response &response) { expect_error(response, 413, 1004, "Payload too large"); }

void set_header(Headers &headers, const std::string &name, const std::string &value) {
    drop_header(headers, name);
    headers.emplace_back(name, value);
}

void drop_header(Headers &headers, std::string_view name) {
    std::erase_if(headers, [&](const auto &h) { return equal_ignoring_case(h.first, name); });
}

}  // namespace appcreate::test
