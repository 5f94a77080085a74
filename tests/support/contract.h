// What docs/api.md promises, as data: the tables of tests/contract, which unit tests run against the functions of the
// core and integration tests over HTTP.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace appcreate::test {

// A name, and the slug of an application that has it. nullopt: nothing is left of the name, so that the slug is the end
// of the id.
struct SlugRow {
    std::string rule, name;
    std::optional<std::string> slug;
};
std::vector<SlugRow> contract_slugs();

// A body, and its violations in order, as pointer and message; none: the body is right.
struct BodyRow {
    std::string rule, body;
    std::vector<std::pair<std::string, std::string>> violations;
    std::optional<std::string> name;  // the application's; nullopt: not of interest
};
std::vector<BodyRow> contract_bodies();

// What is different from a well-formed request before its body, and the answer.
struct HeadRow {
    std::string rule = {}, text = {};  // text: the row itself
    // Lines by name; none: the header is not sent. "{token}" stands for the key's.
    std::map<std::string, std::vector<std::string>> headers = {};
    std::string query = {};
    int status = 200;
    int code = 0;              // 0: it creates, or validates
    std::string message = {};  // of 3000: its one violation's
    bool validates = false;
    // Headers; an empty one is not there, "{new}" is 32 hexadecimal digits.
    std::map<std::string, std::string> answer = {};
};
std::vector<HeadRow> contract_heads();

}  // namespace appcreate::test
