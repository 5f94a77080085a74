// Content-Type, Content-Encoding, query parameters (docs/api.md, "Headers and query").
#include "harness/answers.h"
#include "harness/suite.h"

namespace appcreate::test {
namespace {

class ContractMedia : public InEveryMode<ContractMedia> {
  protected:
    Response typed(const std::vector<std::string> &types) {
        Request request = gateway().request(R"({"name":"T"})");
        drop_header(request.headers, "Content-Type");
        for (const std::string &type : types) {
            request.headers.emplace_back("Content-Type", type);
        }
        return client().send(request);
    }
    Response encoded(const std::vector<std::string> &encodings) {
        Request request = gateway().request(R"({"name":"E"})");
        for (const std::string &encoding : encodings) {
            request.headers.emplace_back("Content-Encoding", encoding);
        }
        return client().send(request);
    }
    Response queried(const std::string &query) {
        Request request = gateway().request(R"({"name":"Q"})");
        request.path += query;
        return client().send(request);
    }
    static void expect_unsupported(const Response &response) {
        expect_error(response, 415, 1005, "Unsupported media type");
    }
};
INSTANTIATE_TEST_SUITE_P(Modes, ContractMedia, kModes, mode_name);

TEST_P(ContractMedia, ApplicationJsonIsTaken) {
    for (const char *type :
         {"application/json", "Application/JSON", "application/json; charset=utf-8", "application/json;charset=UTF-8",
          R"(application/json; charset="utf-8")", "application/json; charset=utf8",
          R"(application/json; charset="UTF8")", "application/json ; charset=Utf-8", "application/json; version=1",
          R"(application/json; profile="a;charset=latin1")"}) {
        SCOPED_TRACE(type);
        expect_created(typed({type}));
    }
}

TEST_P(ContractMedia, AnyOtherTypeIs415) {
    for (const char *type : {"text/plain", "application/jsonx", "application/json5", "application/vnd.api+json", "json",
                             "application/", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
                             "application/json, text/plain", "text/json", "*/*"}) {
        SCOPED_TRACE(type);
        const Response response = typed({type});
        expect_unsupported(response);
        EXPECT_FALSE(response.has("Accept-Encoding"));
    }
}

TEST_P(ContractMedia, NoTypeIs415) { expect_unsupported(typed({})); }
TEST_P(ContractMedia, EmptyTypeIs415) { expect_unsupported(typed({""})); }

TEST_P(ContractMedia, RepeatedTypeIs415) {
    expect_unsupported(typed({"application/json", "application/json"}));
    expect_unsupported(typed({"application/json", "text/plain"}));
}

TEST_P(ContractMedia, AnotherCharsetIs415) {
    for (const char *type : {"application/json; charset=iso-8859-1", "application/json; charset=utf-16",
                             "application/json; version=1; charset=latin1", "application/json; CHARSET=us-ascii"}) {
        SCOPED_TRACE(type);
        expect_unsupported(typed({type}));
    }
}

TEST_P(ContractMedia, EncodingIdentityIsTaken) {
    expect_created(encoded({"identity"}));
    expect_created(encoded({"Identity"}));
}

TEST_P(ContractMedia, AnyOtherEncodingIs415WithAcceptEncoding) {
    for (const std::vector<std::string> &encodings :
         {std::vector<std::string>{"gzip"}, {"br"}, {"x"}, {"identity, gzip"}, {"identity", "gzip"}}) {
        const Response response = encoded(encodings);
        expect_unsupported(response);
        EXPECT_EQ(response.header("Accept-Encoding"), "identity");
    }
}

TEST_P(ContractMedia, OtherQueryParametersAreIgnored) {
    for (const char *query :
         {"?", "?a=b", "?validateonly=true", "?xvalidateOnly=maybe", "?a&b&&=c", "?validateOnlyx=1"}) {
        SCOPED_TRACE(query);
        EXPECT_TRUE(expect_created(queried(query)).has("/id"));
    }
}

TEST_P(ContractMedia, ValidateOnlyOfAnyOtherValueOrTwiceIs3000) {
    for (const char *query : {"?validateOnly", "?validateOnly=", "?validateOnly=1", "?validateOnly=TRUE",
                              "?validateOnly=true%20", "?validateOnly=true&validateOnly=true", "?validateOnly=yes",
                              "?a=b&validateOnly=false&validateOnly=true", "?validateOnly=true=true"}) {
        SCOPED_TRACE(query);
        const std::string message = expect_malformed(queried(query));
        EXPECT_NE(message.find("validateOnly"), std::string::npos) << message;
    }
}

TEST_P(ContractMedia, ValidateOnlyFalseCreates) {
    EXPECT_TRUE(expect_created(queried("?validateOnly=false")).has("/id"));
}

}  // namespace
}  // namespace appcreate::test
