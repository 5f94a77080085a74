#include "json_writer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "json_reader.h"

namespace appcreate {
namespace {

using std::string_literals::operator""s;

std::string string_of(std::string_view text) {
    std::string out;
    append_string(out, text);
    return out;
}

std::string real_of(double value) {
    std::string out;
    append_real(out, value);
    return out;
}

std::string integer_of(std::int64_t value) {
    std::string out;
    append_integer(out, value);
    return out;
}

std::string rewritten(std::string_view text) {
    const Document document = read_json(text);
    EXPECT_NE(document.root(), nullptr) << document.malformed;
    std::string out;
    append_value(out, *document.root());
    return out;
}

TEST(AppendString, EscapesQuotesBackslashesAndControls) {
    EXPECT_EQ(string_of(""), "\"\"");
    EXPECT_EQ(string_of("plain"), "\"plain\"");
    EXPECT_EQ(string_of("\"a\\b/"), "\"\\\"a\\\\b/\"");
    EXPECT_EQ(string_of("\b\t\n\f\r"), "\"\\b\\t\\n\\f\\r\"");
    EXPECT_EQ(string_of("\0\x01\x1f\x7f"s), "\"\\u0000\\u0001\\u001f\x7f\"");
    EXPECT_EQ(string_of("a\n"), "\"a\\n\"");
    EXPECT_EQ(string_of("\na"), "\"\\na\"");
}

TEST(AppendString, KeepsUtf8) {
    EXPECT_EQ(string_of("\xC3\xA9\xF0\x9F\x98\x80\xEF\xBF\xBF\xE2\x80\xA8"),
              "\"\xC3\xA9\xF0\x9F\x98\x80\xEF\xBF\xBF\xE2\x80\xA8\"");
}

TEST(AppendInteger, HasSixtyFourBits) {
    EXPECT_EQ(integer_of(0), "0");
    EXPECT_EQ(integer_of(INT64_MAX), "9223372036854775807");
    EXPECT_EQ(integer_of(INT64_MIN), "-9223372036854775808");
}

TEST(AppendReal, IsShortAndStaysAReal) {
    EXPECT_EQ(real_of(0.1), "0.1");
    EXPECT_EQ(real_of(1e22), "1e22");
    EXPECT_EQ(real_of(-0.0), "-0.0");
    EXPECT_EQ(real_of(0.0), "0.0");
    EXPECT_EQ(real_of(5e-324), "5e-324");
    EXPECT_EQ(real_of(100), "100.0");
    EXPECT_EQ(real_of(1e5), "1e5");
    EXPECT_EQ(real_of(1e-7), "1e-7");
    EXPECT_EQ(real_of(-1.5e-10), "-1.5e-10");
    EXPECT_EQ(real_of(1.7976931348623157e308), "1.7976931348623157e308");
    EXPECT_EQ(real_of(123456.789), "123456.789");
    EXPECT_EQ(real_of(1.0 / 3), "0.3333333333333333");
    EXPECT_EQ(real_of(1e100), "1e100");
    EXPECT_EQ(real_of(9007199254740993.0), "9007199254740992.0");
}

TEST(AppendValue, KeepsOrderTypesAndOddStrings) {
    for (const std::string &text :
         {R"({"z":1,"a":[true,false,null,{}],"m":{"x":[],"":""}})"s, R"({"a.b":1,"$c":2,"":3})"s,
          R"({"s":"\u0000","t":"\u001f\"\\"})"s, R"([1,1.0,1e22,-0.0,5e-324,0.1])"s, "\"\xEF\xBF\xBF\xEF\xBF\xBE\""s,
          R"([9223372036854775807,-9223372036854775808])"s}) {
        EXPECT_EQ(rewritten(text), text);
    }
}

TEST(AppendValue, LeavesOutWhiteSpaceAndNeedlessEscapes) {
    EXPECT_EQ(rewritten(" { \"a\" : [ 1 , 2 ] , \"\\u00e9\\/\" : \"\\ud83d\\ude00\" } "),
              "{\"a\":[1,2],\"\xC3\xA9/\":\"\xF0\x9F\x98\x80\"}");
}

}  // namespace
}  // namespace appcreate
