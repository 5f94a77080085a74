// What every answer of a location has to look like (docs/api.md, "Response" and "Errors").
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http.h"
#include "support/json.h"

namespace appcreate::test {

// The body of an error that has no data.
std::string error_body(int code, std::string_view message);

// Checks what every response carries, and the error's exact body.
void expect_error(const Response &response, int status, int code, std::string_view message);

// 400/3000; returns the violations as (pointer, message).
std::vector<std::pair<std::string, std::string>> expect_violations(const Response &response);
// 400/3000 with these pointers, in this order.
void expect_pointers(const Response &response, const std::vector<std::string> &pointers);
// 400/3000 with the one pointer "".
std::string expect_malformed(const Response &response);

// Checks a 200 and returns its data.
Json expect_created(const Response &response);

// Messages of the table.
inline constexpr std::string_view kUnauthorized = "Unauthorized";
inline constexpr std::string_view kNoToken = "No auth token";
inline constexpr std::string_view kNotFound = "Entity not found";
void expect_no_token(const Response &response);
void expect_unauthorized(const Response &response);
void expect_not_found(const Response &response);
void expect_database_error(const Response &response);
void expect_busy(const Response &response);
void expect_too_large(const Response &response);

// Changes one header of a request: replaces, adds, or (empty optional) removes it.
void set_header(Headers &headers, const std::string &name, const std::string &value);
void drop_header(Headers &headers, std::string_view name);

}  // namespace appcreate::test
