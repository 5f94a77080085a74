#include "limits.h"

#include <gtest/gtest.h>

#include <regex>

#include "answers.h"

namespace appcreate::test {

void expect_limited(const Response &response) {
    expect_error(response, 429, 1007, "Too many requests");
    const std::string seconds = response.header("Retry-After");
    ASSERT_TRUE(std::regex_match(seconds, std::regex("[1-9][0-9]?"))) << seconds;
    EXPECT_LE(std::stoi(seconds), 60);
    // A window that ends later than Retry-After would contradict it.
    EXPECT_NE(response.header("RateLimit").find(";r=0;t=" + seconds), std::string::npos)
        << response.header("RateLimit");
}

void expect_unlimited(const Response &response) {
    EXPECT_FALSE(response.has("RateLimit")) << response.header("RateLimit");
    EXPECT_FALSE(response.has("RateLimit-Policy"));
}

int room(const Response &response, const std::string &policy) {
    const std::string fields = response.header("RateLimit");
    std::smatch found;
    if (!std::regex_search(fields, found, std::regex("\"" + policy + "\";r=([0-9]+);t=[1-9][0-9]*"))) {
        ADD_FAILURE() << "no " << policy << " in: " << fields;
        return -1;
    }
    return std::stoi(found[1]);
}

}  // namespace appcreate::test
