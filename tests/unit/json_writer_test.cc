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
    EXPECT_EQ(real_of(1e22), "1e+22");
    EXPECT_EQ(real_of(-0.0), "-0.0");
    EXPECT_EQ(real_of(0.0), "0.0");
    EXPECT_EQ(real_of(5e-324), "5e-324");
    EXPECT_EQ(real_of(100), "100.0");
    EXPECT_EQ(real_of(1e5), "100000.0");
    EXPECT_EQ(real_of(1e-7), "1e-07");
    EXPECT_EQ(real_of(-1.5e-10), "-1.5e-10");
    EXPECT_EQ(real_of(1.7976931348623157e308), "1.7976931348623157e+308");
    EXPECT_EQ(real_of(123456.789), "123456.789");
    EXPECT_EQ(real_of(1.0 / 3), "0.3333333333333333");
    EXPECT_EQ(real_of(1e100), "1e+100");
    EXPECT_EQ(real_of(9007199254740993.0), "9007199254740992.0");
}

// What Python's repr writes, and its json.dumps.
TEST(AppendReal, HasTheFewestSignificantDigitsAndAnExponentFrom1e16On) {
    EXPECT_EQ(real_of(1e15), "1000000000000000.0");
    EXPECT_EQ(real_of(9999999999999998.0), "9999999999999998.0");
    EXPECT_EQ(real_of(1e16), "1e+16");
    EXPECT_EQ(real_of(12345678901234567.0), "1.2345678901234568e+16");
    EXPECT_EQ(real_of(123456789012345680000.0), "1.2345678901234568e+20");
    EXPECT_EQ(real_of(-1.8014398509481984e16), "-1.8014398509481984e+16");
    EXPECT_EQ(real_of(5e15), "5000000000000000.0");
    EXPECT_EQ(real_of(1234567890.5), "1234567890.5");
    EXPECT_EQ(real_of(0.0001), "0.0001");
    EXPECT_EQ(real_of(0.00012345678901234567), "0.00012345678901234567");
    EXPECT_EQ(real_of(0.00009999), "9.999e-05");
    EXPECT_EQ(real_of(-1e-5), "-1e-05");
    EXPECT_EQ(real_of(2.2250738585072014e-308), "2.2250738585072014e-308");
    EXPECT_EQ(real_of(12), "12.0");
    EXPECT_EQ(real_of(-0.5), "-0.5");
}

TEST(AppendValue, KeepsOrderTypesAndOddStrings) {
    for (const std::string &text :
         {R"({"z":1,"a":[true,false,null,{}],"m":{"x":[],"":""}})"s, R"({"a.b":1,"$c":2,"":3})"s,
          R"({"s":"\u0000","t":"\u001f\"\\"})"s, R"([1,1.0,1e+22,-0.0,5e-324,0.1])"s, "\"\xEF\xBF\xBF\xEF\xBF\xBE\""s,
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
