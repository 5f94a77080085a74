// White space around field values is spaces and tabs (RFC 9110, 5.6.3); nginx takes the spaces away.
#include "harness/answers.h"
#include "harness/suite.h"

namespace appcreate::test {
namespace {

class ContractWhiteSpace : public SharedGateway<ContractWhiteSpace> {
  protected:
    // A create, with the value of one field between `before` and `after`.
    Response between(const std::string &before, const std::string &name, const std::string &value,
                     const std::string &after) {
        Request request = gateway().request(R"({"name":"W"})");
        set_header(request.headers, name, "@value@");
        RawConnection connection(gateway().port(Protocol::http1));
        std::string bytes = replace_all(http1_bytes(request), " @value@", before + value + after);
        EXPECT_TRUE(connection.send(bytes));
        return connection.receive().value_or(Response{});
    }
    Response around(const std::string &name, const std::string &value) { return between("\t ", name, value, " \t"); }
};

TEST_F(ContractWhiteSpace, IsNoPartOfAnyFieldThatIsRead) {
    expect_created(around("Authorization", "Bearer " + gateway().key().token));
    expect_created(around("Content-Type", "application/json"));
    expect_created(around("Content-Type", "application/json; charset=utf-8"));
    expect_created(around("Content-Encoding", "identity"));
    expect_created(around("Idempotency-Key", "a-key"));
    EXPECT_EQ(around("X-Request-ID", "an-id").header("X-Request-ID"), "an-id");
}

TEST_F(ContractWhiteSpace, OfEitherKindGivesTheSameIdempotencyKey) {
    const Json first = expect_created(between(" ", "Idempotency-Key", "same", ""));
    for (const auto &[before, after] : {std::pair("", "\t"), std::pair("\t", ""), std::pair(" \t ", " \t \t")}) {
        const Response again = between(before, "Idempotency-Key", "same", after);
        EXPECT_EQ(again.header("Idempotency-Replayed"), "true");
        EXPECT_EQ(expect_created(again).string("/id"), first.string("/id"));
    }
}

TEST_F(ContractWhiteSpace, InsideOfAKeyOrAloneIsRefused) {
    expect_malformed(between(" ", "Idempotency-Key", "a\tkey", ""));
    expect_malformed(between(" ", "Idempotency-Key", "\t", ""));
    EXPECT_NE(between(" ", "X-Request-ID", "an\tid", "").header("X-Request-ID"), "an\tid");
    EXPECT_NE(between(" ", "X-Request-ID", "\t", "").header("X-Request-ID"), "");
}

}  // namespace
}  // namespace appcreate::test
