#include "json/numbers.h"
#include "json/reader.h"

#include <gtest/gtest.h>

#include <cmath>

namespace appcreate::test {
namespace {

using std::string_literals::operator""s;

std::string malformed(std::string_view text) {
    const Document document = read_json(text);

    constexpr std::string_view kStart = "malformed JSON at line ";
    EXPECT_TRUE(document.malformed.empty() || document.malformed.starts_with(kStart));
    return document.malformed.empty() ? "" : document.malformed.substr(kStart.size());
}

std::vector<std::string> numbers(std::string_view text) {
    const Document document = read_json(text);
    EXPECT_FALSE(document.is_malformed()) << document.malformed;
    std::vector<std::string> pointers;
    for (const Violation &violation : document.numbers) pointers.push_back(violation.pointer);
    return pointers;
}

using Pointers = std::vector<std::string>;

TEST(MalformedJson, OfNothing) {
    EXPECT_EQ(malformed(""), "1, column 1: empty body");
    EXPECT_EQ(malformed("  "), "1, column 3: empty body");
    EXPECT_EQ(malformed(" \r\n\t"), "2, column 2: empty body");
    EXPECT_EQ(malformed(std::string_view()), "1, column 1: empty body");
}

TEST(MalformedJson, OfAByteOrderMark) {
    EXPECT_EQ(malformed("\xEF\xBB\xBF{}"), "1, column 1: byte order mark");
    EXPECT_EQ(malformed("\xEF\xBB\xBF"), "1, column 1: byte order mark");
    EXPECT_EQ(malformed(" \xEF\xBB\xBF{}"), "1, column 2: unexpected character");
}

TEST(MalformedJson, OfAnEarlyEnd) {
    EXPECT_EQ(malformed("{"), "1, column 2: unexpected end");
    EXPECT_EQ(malformed("{\n\"a\""), "2, column 4: unexpected end");
    EXPECT_EQ(malformed("{\"a\":"), "1, column 6: unexpected end");
    EXPECT_EQ(malformed("[1,"), "1, column 4: unexpected end");
    EXPECT_EQ(malformed("[1"), "1, column 3: unexpected end");
    EXPECT_EQ(malformed("[\"x\\\\\""), "1, column 7: unexpected end");
    EXPECT_EQ(malformed("{\"a"), "1, column 4: unterminated string");
    EXPECT_EQ(malformed("\""), "1, column 2: unterminated string");
    EXPECT_EQ(malformed("[\"x\\\""), "1, column 6: unterminated string");
    EXPECT_EQ(malformed("[\"x\\"), "1, column 5: unterminated string");
    EXPECT_EQ(malformed("[\"x\\u12"), "1, column 4: invalid escape in a string");
}

TEST(MalformedJson, OfSomethingAfterTheDocument) {
    EXPECT_EQ(malformed("{} x"), "1, column 4: unexpected text after the document");
    EXPECT_EQ(malformed("{}\n{}"), "2, column 1: unexpected text after the document");
    EXPECT_EQ(malformed("{},"), "1, column 3: unexpected text after the document");
    EXPECT_EQ(malformed("{} \"long string\""), "1, column 4: unexpected text after the document");
    EXPECT_EQ(malformed("{} 123"), "1, column 4: unexpected text after the document");
    EXPECT_EQ(malformed("{} \n "), "");
}

TEST(MalformedJson, OfMisplacedTokens) {
    EXPECT_EQ(malformed("{\"a\":1,}"), "1, column 8: unexpected character");
    EXPECT_EQ(malformed("[1,]"), "1, column 4: unexpected character");
    EXPECT_EQ(malformed("[,1]"), "1, column 2: unexpected character");
    EXPECT_EQ(malformed("{\"a\" \"bcd\"}"), "1, column 6: unexpected string");
    EXPECT_EQ(malformed("[\"a\" \"bcd\"]"), "1, column 6: unexpected string");
    EXPECT_EQ(malformed("{\"a\":1 \"b\":2}"), "1, column 8: unexpected string");
    EXPECT_EQ(malformed("{a:1}"), "1, column 2: unknown word");
    EXPECT_EQ(malformed("{\"a\":tru}"), "1, column 6: unknown word");
    EXPECT_EQ(malformed("{true:1}"), "1, column 2: unexpected value");
    EXPECT_EQ(malformed("{1:1}"), "1, column 2: malformed or unexpected number");
    EXPECT_EQ(malformed("{'a':1}"), "1, column 2: unexpected character");
    EXPECT_EQ(malformed("{\"a\":1]"), "1, column 7: unexpected character");
    EXPECT_EQ(malformed("]"), "1, column 1: unexpected character");
    EXPECT_EQ(malformed("{/* */}"), "1, column 2: unexpected character");
    EXPECT_EQ(malformed("{\"a\":\xC3\xA9}"), "1, column 6: unexpected character");
    EXPECT_EQ(malformed("{\"a\":\f1}"), "1, column 6: unexpected character");
}

TEST(MalformedJson, OfNumbers) {
    for (const char *number : {"01", "-", "1.", ".5", "1e", "1e+", "-01", "0x10", "1.e5", "--1", "00", "1.5.5",
                               "99999999999999999999.", "99999999999999999999e", "NaN", "+1", "Infinity"}) {
        EXPECT_TRUE(malformed("{\"a\":"s + number + "}").starts_with("1, column 6: ")) << number;
    }
}

TEST(MalformedJson, OfBadStrings) {
    EXPECT_EQ(malformed("{\"a\":\"x\\y\"}"), "1, column 8: invalid escape in a string");
    EXPECT_EQ(malformed("{\"a\":\"x\\u12g4\"}"), "1, column 8: invalid escape in a string");
    EXPECT_EQ(malformed("{\"a\":\"x\\u12\"}"), "1, column 8: invalid escape in a string");
    EXPECT_EQ(malformed("{\"x\\y\":1}"), "1, column 4: invalid escape in a string");
    EXPECT_EQ(malformed("{\"a\":\"x\ty\"}"), "1, column 8: control character in a string");
    EXPECT_EQ(malformed("{\"a\":\"x\ny\"}"), "1, column 8: control character in a string");
    EXPECT_EQ(malformed("{\"a\":\"x\0y\"}"s), "1, column 8: control character in a string");
    EXPECT_EQ(malformed("{\"a\":\"x\x1f\"}"), "1, column 8: control character in a string");
    EXPECT_EQ(malformed("{\"a\":\"x\x7f\"}"), "");
}

TEST(MalformedJson, OfLoneSurrogates) {
    for (const char *text :
         {"{\"a\":\"x\\ud800\"}", "{\"a\":\"x\\udc00\"}", "{\"a\":\"x\\uDBFFx\"}", "{\"a\":\"x\\ud800\\n\"}",
          "{\"a\":\"x\\ud800\\ud800\"}", "{\"a\":\"x\\ud800\\u0041\"}", "{\"a\":\"x\\udfff\\udbff\"}"}) {
        EXPECT_EQ(malformed(text), "1, column 8: lone surrogate in a string") << text;
    }
    EXPECT_EQ(malformed("{\"a\\udc00\":1}"), "1, column 4: lone surrogate in a string");
    EXPECT_EQ(malformed("{\"a\":\"\\ud83d\\ude00\\ud83d\"}"), "1, column 19: lone surrogate in a string");
    EXPECT_EQ(malformed("{\"a\":\"\\ud83d\\ude00\"}"), "");
}

TEST(MalformedJson, OfInvalidUtf8) {
    for (const std::string &bytes : {"\x80"s,
                                     "\xBF"s,
                                     "\xC0\x80"s,
                                     "\xC1\xBF"s,
                                     "\xC3"s,
                                     "\xC3("s,
                                     "\xE0\x80\x80"s,
                                     "\xE0\x9F\xBF"s,
                                     "\xE2\x82"s,
                                     "\xED\xA0\x80"s,
                                     "\xED\xBF\xBF"s,
                                     "\xF0\x80\x80\x80"s,
                                     "\xF0\x8F\xBF\xBF"s,
                                     "\xF4\x90\x80\x80"s,
                                     "\xF5\x80\x80\x80"s,
                                     "\xF8\x88\x80\x80\x80"s,
                                     "\xFE"s,
                                     "\xFF"s,
                                     "\xC3\0"s,
                                     "\xEF\xBB"s}) {
        EXPECT_EQ(malformed("{\"a\":\"x" + bytes + "\"}"), "1, column 8: invalid UTF-8");
        EXPECT_EQ(malformed("{\"a\":1" + bytes + "}"), "1, column 7: invalid UTF-8");
        EXPECT_EQ(malformed("{\"x" + bytes), "1, column 4: invalid UTF-8");
    }
    for (const std::string &bytes : {"\xC2\x80"s, "\xDF\xBF"s, "\xE0\xA0\x80"s, "\xED\x9F\xBF"s, "\xEE\x80\x80"s,
                                     "\xEF\xBF\xBE"s, "\xF0\x90\x80\x80"s, "\xF4\x8F\xBF\xBF"s}) {
        EXPECT_EQ(malformed("{\"a\":\"x" + bytes + "\"}"), "");
    }
}

TEST(MalformedJson, OfDuplicateKeys) {
    EXPECT_EQ(malformed("{\"a\":1,\"b\":2,\"a\":3}"), "1, column 14: duplicate key");
    EXPECT_EQ(malformed("{\"a\":{\"bc\":1,\n \"b\\u0063\":2}}"), "2, column 2: duplicate key");
    EXPECT_EQ(malformed("{\"\":1,\"\":2}"), "1, column 7: duplicate key");
    EXPECT_EQ(malformed("{\"a\":{\"a\":1},\"A\":2}"), "");
}

TEST(MalformedJson, OfDuplicateKeysAmongMany) {
    const auto object = [](int n_keys, int twice) {
        std::string text = "{";
        for (int i = 0; i < n_keys; ++i)
            text += "\"" + std::to_string(i) + "\":{\"" + std::to_string(twice) + "\":0},\n";
        return text + "\"" + std::to_string(twice) + "\":1}";
    };
    for (const int n_keys : {1, 15, 16, 17, 18, 40, 2000}) {
        EXPECT_EQ(malformed(object(n_keys, n_keys)), "") << n_keys;
        for (const int twice : {0, n_keys / 2, n_keys - 1}) {
            EXPECT_EQ(malformed(object(n_keys, twice)), std::to_string(n_keys + 1) + ", column 1: duplicate key")
                << n_keys;
        }
    }
}

// Whatever object it stands in, and whatever comes after it.
TEST(MalformedJson, OfTheFirstDuplicateKey) {
    EXPECT_EQ(malformed(R"({"a":1,"a":{"b":1,"b":2}})"), "1, column 8: duplicate key");
    EXPECT_EQ(malformed(R"({"a":1,"b":{"c":1,"c":2},"a":2})"), "1, column 19: duplicate key");
    EXPECT_EQ(malformed(R"({"a":1,"b":2,"b":3,"a":4})"), "1, column 14: duplicate key");
    EXPECT_EQ(malformed(R"({"a":1,"a":2,"a":3})"), "1, column 8: duplicate key");
    EXPECT_EQ(malformed(R"({"a":1,"a":2,"b\u0000":3})"), "1, column 8: duplicate key");
    EXPECT_EQ(malformed(R"({"b\u0000":3,"a":1,"a":2})"), "1, column 2: forbidden character in a key");
    EXPECT_EQ(malformed(R"({"a":1,"a":2,x})"), "1, column 8: duplicate key");
    EXPECT_EQ(malformed(R"({"a":[{"a":1,"\u0061":2}],"b":tru})"), "1, column 14: duplicate key");
    EXPECT_EQ(malformed(R"({"a\\u0061":1,"a\u005cu0061":2})"), "1, column 15: duplicate key");
    EXPECT_EQ(malformed(R"({"a\\u0000":1,"a":2})"), "");
}

TEST(MalformedJson, OfNulInAKey) {
    EXPECT_EQ(malformed("{\"b\":1,\"a\\u0000\":1}"), "1, column 8: forbidden character in a key");
    EXPECT_EQ(malformed("{\"a\":{\"\\u0000\":1}}"), "1, column 7: forbidden character in a key");
    EXPECT_EQ(malformed("{\"a\":\"\\u0000\"}"), "");
}

TEST(MalformedJson, OfAByteZeroAnywhere) {
    EXPECT_EQ(malformed("\0"s), "1, column 1: unexpected character");
    EXPECT_EQ(malformed("{}\0"s), "1, column 3: unexpected text after the document");
    EXPECT_EQ(malformed("{\"a\":1\0}"s), "1, column 7: unexpected character");
    EXPECT_EQ(malformed("{\"a\":true\0}"s), "1, column 10: unexpected character");
    EXPECT_EQ(malformed("{\"a\":1\0002}"s), "1, column 7: unexpected character");
    EXPECT_EQ(malformed("{x\0}"s), "1, column 2: unknown word");
}

TEST(MalformedJson, CountsColumnsInBytes) {
    EXPECT_EQ(malformed("{\"\xF0\x9F\x98\x80\xC3\xA9\":x}"), "1, column 11: unknown word");
    EXPECT_EQ(malformed("{\n\n  \"\xC3\xA9\":x}"), "3, column 8: unknown word");
    EXPECT_EQ(malformed("{\r\"a\":x}"), "1, column 7: unknown word");
}

TEST(MalformedJson, QuotesNoByteOfTheBody) {
    EXPECT_EQ(malformed("{\"secret\":hunter2}").find("hunter"), std::string::npos);
    EXPECT_EQ(malformed("{\"secret\":1,\"secret\":1}").find("secret"), std::string::npos);
}

std::string nested(int arrays) {
    return "{\"a\":" + std::string(static_cast<std::size_t>(arrays), '[') +
           std::string(static_cast<std::size_t>(arrays), ']') + "}";
}

TEST(Depth, IsThirtyTwoAtMost) {
    EXPECT_EQ(malformed(nested(31)), "");
    EXPECT_EQ(malformed(nested(32)), "1, column 37: nested deeper than 32 levels");
    EXPECT_EQ(malformed(nested(500000)), "1, column 37: nested deeper than 32 levels");
    EXPECT_EQ(malformed(std::string(1000000, '[')), "1, column 33: nested deeper than 32 levels");
    std::string objects;
    for (int i = 0; i < 40; ++i) objects += "{\"a\":";
    EXPECT_EQ(malformed(objects), "1, column 161: nested deeper than 32 levels");
}

TEST(Depth, DoesNotCountBracketsThatCloseOrStandInStrings) {
    std::string wide = "[";
    for (int i = 0; i < 100; ++i) wide += "[{}],";
    EXPECT_EQ(malformed(wide + "1]"), "");
    EXPECT_EQ(malformed("[\"" + std::string(100, '[') + "\\\"[[" + "\"]"), "");
}

TEST(Depth, YieldsToAnEarlierSyntaxError) {
    EXPECT_EQ(malformed("{\"a\":x" + std::string(100, '[')), "1, column 6: unknown word");
    EXPECT_EQ(malformed(std::string(32, '[') + "\xFF" + "["), "1, column 33: invalid UTF-8");
    EXPECT_EQ(malformed("{\"a\":1,\"a\":" + std::string(100, '[')), "1, column 8: duplicate key");
}

TEST(Depth, IsBoundedBehindUnbalancedBrackets) {
    EXPECT_EQ(malformed(std::string(100, ']') + std::string(100000, '[')), "1, column 1: unexpected character");
}

TEST(Numbers, OfSixtyFourBitsAreRead) {
    const std::string text =
        "[9223372036854775807,-9223372036854775808,0,-0,1,-1,999999999999999999,1000000000000000000]";
    EXPECT_EQ(numbers(text), Pointers{});
    JsonScanner in(text);
    std::vector<std::int64_t> integers;
    for (JsonToken token = in.next(); token.kind != JsonToken::Kind::kEnd; token = in.next()) {
        if (token.kind == JsonToken::Kind::kInteger) integers.push_back(read_integer(token.text).value());
    }
    EXPECT_EQ(integers,
              (std::vector<std::int64_t>{INT64_MAX, INT64_MIN, 0, 0, 1, -1, 999999999999999999, 1000000000000000000}));
}

TEST(Numbers, OfDoublesAreRead) {
    for (const std::string &number :
         {"1.7976931348623157e308"s, "-1.7976931348623157E+308"s, "5e-324"s, "2.4703282292062328e-324"s, "0.0"s,
          "-0.0"s, "0e999999999"s, "0e99999999999999"s, "-0.0e-99999999999999"s, "0.000e-999999999"s, "1e30"s,
          "0." + std::string(400, '0'), "0." + std::string(320, '0') + "1", std::string(308, '9') + ".5",
          "1" + std::string(300, '0') + "e-300", "0." + std::string(400, '0') + "1e400", "2.2250738585072011e-308"s}) {
        EXPECT_EQ(numbers("[" + number + "]"), Pointers{}) << number;
    }
}

TEST(Numbers, BeyondTheirRangeAreFound) {
    for (const std::string &number :
         {"9223372036854775808"s, "-9223372036854775809"s, "18446744073709551616"s, "1" + std::string(400, '0'),
          "1e309"s, "-1e309"s, "1.7976931348623159e308"s, "1e99999999999999999999"s, "1e-99999999999999999999"s,
          "2.4703282292062327e-324"s, "1e-400"s, "-1e-400"s, "0." + std::string(400, '0') + "1",
          "1" + std::string(400, '0') + ".0", "0." + std::string(200, '0') + "1e-200"}) {
        EXPECT_EQ(numbers("[" + number + "]"), Pointers{"/0"}) << number;
        EXPECT_EQ(numbers("[1," + number + " ,2.5]"), Pointers{"/1"}) << number;
        EXPECT_EQ(numbers(number), Pointers{""}) << number;
    }
}

TEST(Numbers, HavePointersInDocumentOrder) {
    EXPECT_EQ(numbers(R"({"a":1e999,"b":[1,{"c":1e999},-1e999],"d":{"e":{"":1e999}},"f":"1e999","1e999":2})"),
              (Pointers{"/a", "/b/1/c", "/b/2", "/d/e/"}));
}

TEST(Numbers, HaveEscapedPointers) {
    EXPECT_EQ(numbers(R"({"a/b":1e999,"m~n":1e999,"\u00e9\n\"":1e999,"~1":1e999})"),
              (Pointers{"/a~1b", "/m~0n", "/\xC3\xA9\n\"", "/~01"}));
}

TEST(Numbers, LeaveTheRestAsItIs) {
    constexpr std::string_view kStrings =
        R"(["1e99999999999","\"\\",1e99999999999,"\"1e99999999999",-0e99999999999999])";
    const Document document = read_json(kStrings);
    ASSERT_FALSE(document.is_malformed()) << document.malformed;
    EXPECT_EQ(document.root.text, kStrings);
    ASSERT_EQ(document.numbers.size(), 1U);
    EXPECT_EQ(document.numbers[0].pointer, "/2");
    EXPECT_TRUE(std::signbit(read_real("-0e99999999999999").value()));
}

TEST(Numbers, AreCutAtThirtyTwo) {
    std::string text = "[";
    for (int i = 0; i < 40; ++i) text += "1e999,";
    EXPECT_EQ(numbers(text + "1]").size(), kMaxViolations);
}

// Keys are the client's: their bytes are not multiplied by the number of violations.
TEST(Numbers, GiveFewerPointersWhenTheseAreHuge) {
    std::string text = "{\"" + std::string(100000, 'k') + "\":[";
    for (int i = 0; i < 40; ++i) text += "1e999,";
    EXPECT_EQ(numbers(text + "1]}").size(), 1U);
}

TEST(Numbers, DoNotHideASyntaxError) {
    EXPECT_EQ(malformed("[1e999,x]"), "1, column 8: unknown word");
    EXPECT_EQ(malformed("[1e999 2]"), "1, column 8: malformed or unexpected number");
    EXPECT_EQ(malformed("[123456789012345678901234567890x]"), "1, column 2: malformed or unexpected number");
    EXPECT_EQ(malformed("[1e999"), "1, column 7: unexpected end");
    EXPECT_EQ(malformed("{\"a\":1e999,\"a\":1}"), "1, column 12: duplicate key");
}

TEST(JsonReader, ReadsAnyRoot) {
    for (const char *text : {"{}", "[]", "1", "\"x\"", "true", "null", " {} "}) {
        const Document document = read_json(text);
        EXPECT_FALSE(document.is_malformed()) << text;
        EXPECT_EQ(document.root.text, std::string_view(text).substr(text[0] == ' ' ? 1 : 0, document.root.text.size()));
    }
    EXPECT_TRUE(read_json(" {} ").root.is_object());
    EXPECT_EQ(read_json(" {} ").root.text, "{}");
    EXPECT_TRUE(read_json("\"x\"").root.is_string());
}

TEST(JsonReader, ReadsStringsWithU0000) {
    const Document document = read_json("\"a\\u0000b\"");
    ASSERT_FALSE(document.is_malformed());
    std::string buffer;
    EXPECT_EQ(document.root.first.meaning(buffer), "a\0b"s);
}

TEST(JsonReader, GivesMembersInTheirOrder) {
    const std::string text = R"( { "a" : [1,{"b":"]"},"}"] , "\u0063\n" : "d:\"" , "" : { } , "e":-1.5e3,"f":null } )";
    std::vector<std::string> members;
    each_member(read_json(text).root, [&](std::string_view key, const JsonValue &value) {
        members.push_back(std::string(key) + "=" + std::string(value.text));
    });
    EXPECT_EQ(members,
              (std::vector<std::string>{R"(a=[1,{"b":"]"},"}"])", "c\n=\"d:\\\"\"", "={ }", "e=-1.5e3", "f=null"}));
}

TEST(IsSameJson, LooksAtWhatIsSaid) {
    EXPECT_TRUE(is_same_json(R"({"a":[1e5,1e22,"x"]})", R"({"a":[100000.0,1e+22,"\u0078"]})"));
    EXPECT_TRUE(is_same_json("{", "{"));
    EXPECT_FALSE(is_same_json(R"({"a":1})", R"({"a":1.0})"));
    EXPECT_FALSE(is_same_json(R"({"a":1,"b":2})", R"({"b":2,"a":1})"));
    EXPECT_FALSE(is_same_json(R"({"a":1})", R"({"a":1)"));
    EXPECT_FALSE(is_same_json("[\"\\", "[\"\\\\"));
    EXPECT_FALSE(is_same_json("[1e999]", "[0.0]"));
    EXPECT_FALSE(is_same_json("[1e-999]", "[0.0]"));
    EXPECT_FALSE(is_same_json("[9223372036854775808]", "[0]"));
}

}  // namespace
}  // namespace appcreate::test
