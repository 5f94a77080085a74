// Malformed JSON: one error, pointer "", line and column (docs/api.md, "Malformed JSON").
#include "harness/answers.h"
#include "harness/suite.h"

namespace appcreate::test {
namespace {

class ContractMalformed : public SharedGateway<ContractMalformed> {
  protected:
    Response create(const std::string &body) { return client_.send(gateway().request(body)); }

  private:
    Client client_ = gateway().client();
};

struct Malformed {
    const char *what;
    std::string body;
};

const std::vector<Malformed> &table() {
    static const std::vector<Malformed> all = {
        {"empty", ""},
        {"white space only", " \n\t "},
        {"byte order mark", "\xef\xbb\xbf{\"name\":\"x\"}"},
        {"UTF-16", std::string("{\0\"\0n\0", 6)},
        {"unclosed object", R"({"name":"x")"},
        {"unclosed string", R"({"name":"x)"},
        {"trailing comma", R"({"name":"x",})"},
        {"missing colon", R"({"name" "x"})"},
        {"single quotes", "{'name':'x'}"},
        {"comment", "{\"name\":\"x\"}//"},
        {"two documents", R"({"name":"x"}{"name":"y"})"},
        {"garbage after the document", R"({"name":"x"} x)"},
        {"NUL after the document", std::string("{\"name\":\"x\"}\0", 13)},
        {"leading zero", R"({"name":"x","v":01})"},
        {"plus sign", R"({"name":"x","v":+1})"},
        {"bare point", R"({"name":"x","v":.5})"},
        {"point without digits", R"({"name":"x","v":1.})"},
        {"exponent without digits", R"({"name":"x","v":1e})"},
        {"NaN", R"({"name":"x","v":NaN})"},
        {"Infinity", R"({"name":"x","v":-Infinity})"},
        {"hexadecimal", R"({"name":"x","v":0x10})"},
        {"wrong literal", R"({"name":"x","v":True})"},
        {"invalid escape", R"({"name":"\x41"})"},
        {"short escape", R"({"name":"\u12"})"},
        {"raw newline in a string", "{\"name\":\"a\nb\"}"},
        {"raw NUL in a string", std::string("{\"name\":\"a\0b\"}", 14)},
        {"invalid UTF-8", "{\"name\":\"\xff\"}"},
        {"cut UTF-8", "{\"name\":\"\xe2\x82\"}"},
        {"overlong UTF-8", "{\"name\":\"\xc0\xaf\"}"},
        {"surrogate in UTF-8", "{\"name\":\"\xed\xa0\x80\"}"},
        {"beyond U+10FFFF", "{\"name\":\"\xf4\x90\x80\x80\"}"},
        {"lone high surrogate", R"({"name":"\ud800"})"},
        {"lone low surrogate", R"({"name":"\udc00"})"},
        {"high surrogate and a letter", R"({"name":"\ud800a"})"},
        {"reversed surrogates", R"({"name":"\udc00\ud800"})"},
        {"invalid UTF-8 in an unknown property", "{\"name\":\"x\",\"u\":\"\xff\"}"},
        {"duplicate key", R"({"name":"x","name":"y"})"},
        {"duplicate key by an escape", R"({"name":"x","\u006eame":"y"})"},
        {"duplicate key inside metadata", R"({"name":"x","metadata":{"a":[{"b":1,"b":1}]}})"},
        {"duplicate empty key", R"({"name":"x","":1,"":2})"},
        {"U+0000 in a key", R"({"name":"x","metadata":{"a\u0000b":1}})"},
        {"too deep", std::string(40, '[') + std::string(40, ']')},
        {"very deep", std::string(100000, '[')},
        {"very deep objects",
         [] {
             std::string deep;
             for (int i = 0; i < 20000; ++i) {
                 deep += R"({"a":)";
             }
             return deep;
         }()},
    };
    return all;
}

TEST_F(ContractMalformed, EveryRowIsOneErrorWithLineAndColumn) {
    for (const Malformed &one : table()) {
        SCOPED_TRACE(one.what);
        const std::string message = expect_malformed(create(one.body));
        EXPECT_NE(message.find("line "), std::string::npos) << message;
        EXPECT_NE(message.find("column "), std::string::npos) << message;
    }
    EXPECT_EQ(gateway().store().count(gateway().organization()), 0);
}

struct Place {
    std::string body;
    const char *place;
};

TEST_F(ContractMalformed, LineAndColumnCountFromOneInBytes) {
    const std::vector<Place> places = {
        {"x", "line 1, column 1"},
        {R"({"name":"x",})", "line 1, column 13"},
        {"{\n  \"name\": ?}", "line 2, column 11"},
        {"{\n\n\"\u00e9\u00e9\": ?}", "line 3, column 9"},
    };
    for (const Place &one : places) {
        const std::string message = expect_malformed(create(one.body));
        EXPECT_NE(message.find(one.place), std::string::npos) << one.body << ": " << message;
    }
}

TEST_F(ContractMalformed, MessageQuotesNoByteOfTheBody) {
    for (const char *body : {R"({"name":"x"} secretword)", R"({"secretword":1,"secretword":2})",
                             R"({"name":secretword})", R"({"name":"\secretword"})"}) {
        const Response response = create(body);
        expect_malformed(response);
        EXPECT_EQ(response.body.find("secretword"), std::string::npos) << response.body;
        EXPECT_EQ(response.body.find("near"), std::string::npos) << response.body;
    }
    EXPECT_TRUE(lines_with(gateway().log_of_test(), "secretword").empty());
}

TEST_F(ContractMalformed, MessageNamesNoByteOfTheBodyByItsNumber) {
    for (const std::string &body : {std::string("{\"name\":\"x\"}\0", 13), std::string("{\0}", 3),
                                    std::string(R"({"a\u0000b":1})"), std::string("{\"a\":\"\x01\"}")}) {
        const std::string message = expect_malformed(create(body));
        EXPECT_EQ(message.find("U+"), std::string::npos) << message;
        EXPECT_EQ(message.find("00"), std::string::npos) << message;
    }
}

TEST_F(ContractMalformed, AnotherRequestOnTheConnectionIsServed) {
    Client client = gateway().client();
    expect_malformed(client.send(gateway().request("{")));
    const Response next = client.send(gateway().request(R"({"name":"Next","metadata":[]})"));
    expect_pointers(next, {"/metadata"});
    EXPECT_FALSE(next.new_connection);
}

}  // namespace
}  // namespace appcreate::test
