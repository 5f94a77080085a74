#include "support/contract.h"

#include <stdexcept>

#include "support/files.h"
#include "support/json.h"

namespace appcreate::test {
namespace {

std::vector<Json> rows_of(const std::string &name) {
    std::vector<Json> rows = Json::parse(read_file(APP_CREATE_CONTRACT "/" + name)).items();
    if (rows.empty()) throw std::runtime_error(name + " has no rows");
    return rows;
}

// nullopt where it is absent, or null.
std::optional<std::string> optional_string(const Json &row, const char *pointer) {
    return row.has(pointer) && !row.is_null(pointer) ? std::optional(row.string(pointer)) : std::nullopt;
}

}  // namespace

std::vector<SlugRow> contract_slugs() {
    std::vector<SlugRow> out;
    for (const Json &row : rows_of("slugs.json")) {
        out.push_back({row.string("/rule"), row.string("/name"), optional_string(row, "/slug")});
    }
    return out;
}

std::vector<BodyRow> contract_bodies() {
    std::vector<BodyRow> out;
    for (const Json &row : rows_of("bodies.json")) {
        BodyRow one{row.string("/rule"), row.string("/body"), {}, optional_string(row, "/name")};
        if (row.has("/violations")) {
            for (const Json &violation : row.at("/violations").items()) {
                one.violations.emplace_back(violation.string("/0"), violation.string("/1"));
            }
        }
        out.push_back(std::move(one));
    }
    return out;
}

std::vector<HeadRow> contract_heads() {
    std::vector<HeadRow> out;
    for (const Json &row : rows_of("heads.json")) {
        HeadRow one{.rule = row.string("/rule"), .text = row.text()};
        if (row.has("/headers")) {
            for (const std::string &name : row.at("/headers").keys()) {
                one.headers[name] = row.strings("/headers/" + name);
            }
        }
        if (row.has("/query")) one.query = row.string("/query");
        if (row.has("/code")) {
            one.status = static_cast<int>(row.integer("/status"));
            one.code = static_cast<int>(row.integer("/code"));
            one.message = row.string("/message");
        }
        one.validates = row.has("/validates") && row.boolean("/validates");
        if (row.has("/answer")) {
            for (const std::string &name : row.at("/answer").keys()) one.answer[name] = row.string("/answer/" + name);
        }
        out.push_back(std::move(one));
    }
    return out;
}

}  // namespace appcreate::test
