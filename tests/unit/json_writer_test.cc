#include "json/writer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "json/numbers.h"
#include "json/reader.h"

namespace appcreate::test {
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
    EXPECT_FALSE(document.is_malformed()) << document.malformed;
    std::string out;
    append_compact(out, document.root.text);
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
TEST(AppendReal, OfWhatIsNoNumberIsNull) {
    EXPECT_EQ(real_of(std::numeric_limits<double>::quiet_NaN()), "null");
    EXPECT_EQ(real_of(-std::numeric_limits<double>::infinity()), "null");
}

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

TEST(AppendCompact, KeepsOrderTypesAndOddStrings) {
    for (const std::string &text :
         {R"({"z":1,"a":[true,false,null,{}],"m":{"x":[],"":""}})"s, R"({"a.b":1,"$c":2,"":3})"s,
          R"({"s":"\u0000","t":"\u001f\"\\"})"s, R"([1,1.0,1e+22,-0.0,5e-324,0.1])"s, "\"\xEF\xBF\xBF\xEF\xBF\xBE\""s,
          R"([9223372036854775807,-9223372036854775808])"s}) {
        EXPECT_EQ(rewritten(text), text);
    }
}

TEST(AppendCompact, LeavesOutWhiteSpaceAndNeedlessEscapes) {
    EXPECT_EQ(rewritten(" { \"a\" : [ 1 , 2 ] , \"\\u00e9\\/\" : \"\\ud83d\\ude00\" } "),
              "{\"a\":[1,2],\"\xC3\xA9/\":\"\xF0\x9F\x98\x80\"}");
}

TEST(AppendCompact, WritesStringsInOneWay) {
    EXPECT_EQ(rewritten(R"("\u000a\u0022\u005c\u002f\b\f\r\t\u001F")"), R"("\n\"\\/\b\f\r\t\u001f")");
    EXPECT_EQ(rewritten(R"({"\u0061 b":" c\u0020d "})"), R"({"a b":" c d "})");
    EXPECT_EQ(rewritten("\"\\u0041\\u00df\\uFFFF\\ud83D\\uDE00\""), "\"A\xC3\x9F\xEF\xBF\xBF\xF0\x9F\x98\x80\"");
    EXPECT_EQ(rewritten(R"(["12345678\n","1234567\n","123456789\n12345678"])"),
              R"(["12345678\n","1234567\n","123456789\n12345678"])");
}

TEST(AppendCompact, WritesNumbersInOneWay) {
    EXPECT_EQ(rewritten("[-0, 1E2 ,1.50,0.10e1,12345678901234567.5,1e15,0.00001,-0.0,0.0e9,1.0E+2]"),
              "[0,100.0,1.5,1.0,1.2345678901234568e+16,1000000000000000.0,1e-05,-0.0,0.0,100.0]");
    // What is kept as it is, and what write_real makes of it.
    for (const std::string &text : {"0.1"s, "-0.5"s, "123456.789"s, "12345678901234.5"s, "0.0001"s, "100.0"s, "0.0"s,
                                    "0.00012345678901"s, "99999999999999.9"s}) {
        EXPECT_TRUE(is_real_canonical(text)) << text;
        EXPECT_EQ(real_of(*read_real(text)), text);
    }
    for (const char *text : {"1.50", "0.10", "1e5", "0.00001", "1.00", "1234567890123456.5", "1.5e3"}) {
        EXPECT_FALSE(is_real_canonical(text)) << text;
    }
}

TEST(AppendCompact, TakesNoMoreRoomThanItNeeds) {
    for (const std::string &element : {"1"s, "1.5"s, "\"\""s, "[]"s, "{}"s, "\"\\u0000\""s, "\"\\u0041\""s}) {
        std::string text = "[";
        for (int i = 0; i < 1000; ++i) text += element + ",";
        text += element + "]";
        std::string out;
        append_compact(out, text);
        EXPECT_LE(out.capacity(), text.size()) << element;
    }
    // These become longer: 18 characters each, and 2 between them.
    std::string text = "[";
    for (int i = 0; i < 1000; ++i) text += R"("a\nb",1e15,)";
    text += "1e15]";
    std::string out = "kept";
    append_compact(out, text);
    EXPECT_EQ(out.size(), 4 + 2 + 1000 * (6 + 1 + 18 + 1) + 18U);
    EXPECT_EQ(out.capacity(), out.size());
}

TEST(StringSize, IsWhatAppendStringTakes) {
    for (const std::string &text : {""s, "plain"s, "\"\\\n\x01\0\x7f\xC3\xA9"s}) {
        EXPECT_EQ(string_size(text), string_of(text).size());
    }
}

}  // namespace
}  // namespace appcreate::test
