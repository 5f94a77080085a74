// What comes before the body (docs/api.md, "Authentication", "Headers and query" and "X-Request-ID").
#include <regex>
#include <utility>

#include "harness/answers.h"
#include "harness/suite.h"
#include "support/contract.h"

namespace appcreate::test {
namespace {

class ContractHead : public InEveryMode<ContractHead> {
  protected:
    Request request_of(const HeadRow &row) {
        Request request = gateway().request(R"({"name":"Head"})");
        for (const auto &[name, lines] : row.headers) {
            drop_header(request.headers, name);
            for (const std::string &line : lines) {
                request.headers.emplace_back(name, replace_all(line, "{token}", gateway().key().token));
            }
        }
        if (!row.query.empty()) request.path += "?" + row.query;
        return request;
    }
};
INSTANTIATE_TEST_SUITE_P(Modes, ContractHead, kModes, mode_name);

// The whole table in one mode; in the others the first row of each rule, for what a protocol could get wrong by itself.
TEST_P(ContractHead, HasItsAnswer) {
    const bool is_whole = GetParam().protocol == Protocol::http1 && GetParam().workers == 1;
    const std::regex made("[0-9a-f]{32}");
    Client http = client();
    std::string last;
    for (const HeadRow &row : contract_heads()) {
        if (std::exchange(last, row.rule) == row.rule && !is_whole) continue;
        SCOPED_TRACE(row.text);
        const Response response = http.send(request_of(row));
        if (row.code == 0) {
            EXPECT_EQ(expect_created(response).has("/id"), !row.validates);
        } else if (row.code == 3000) {
            EXPECT_EQ(expect_malformed(response), row.message);
        } else {
            expect_error(response, row.status, row.code, row.message);
        }
        for (const auto &[name, value] : row.answer) {
            if (value == "{new}") {
                EXPECT_TRUE(std::regex_match(response.header(name), made)) << response.header(name);
            } else {
                EXPECT_EQ(response.header(name), value) << name;
            }
        }
    }
}

}  // namespace
}  // namespace appcreate::test
