// What docs/api.md promises, as data: the tables of tests/contract, which unit tests run against the functions of the
// core and integration tests over HTTP.
#pragma once

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

}  // namespace appcreate::test
