// Answers that app_create_limit has had a say in (docs/api.md, "Limits of requests").
#pragma once

#include <string>

#include "http.h"

namespace appcreate::test {

// 429, code 1007, with a Retry-After that a limit of one a minute can have.
void expect_limited(const Response &response);

// Neither RateLimit nor RateLimit-Policy.
void expect_unlimited(const Response &response);

// "r" of a policy in RateLimit; -1 where it is not there.
int room(const Response &response, const std::string &policy);

}  // namespace appcreate::test
