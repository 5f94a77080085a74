#include "json_writer.h"

#include <array>
#include <charconv>
#include <cmath>

namespace appcreate {
namespace {

// What stands after the backslash: 'u' for \u00XX; 0 for a byte that stands for itself.
constexpr std::array<char, 256> escapes() {
    std::array<char, 256> table{};
    for (std::size_t c = 0; c < 0x20; ++c) table[c] = 'u';
    table['\b'] = 'b';
    table['\t'] = 't';
    table['\n'] = 'n';
    table['\f'] = 'f';
    table['\r'] = 'r';
    table['"'] = '"';
    table['\\'] = '\\';
    return table;
}
constexpr std::array<char, 256> kEscapes = escapes();

// Decimal exponents of the reals that are written without one: from 0.0001 to below 1e16.
constexpr int kFirstPlain = -4;
constexpr int kLastPlain = 15;

void append_escape(std::string &out, unsigned char c) {
    constexpr std::string_view kHex = "0123456789abcdef";
    out += '\\';
    out += kEscapes[c];
    if (kEscapes[c] == 'u') {
        out += "00";
        out += kHex[c >> 4];
        out += kHex[c & 15];
    }
}

void append_object(std::string &out, const JsonNode &object) {
    char before = '{';
    for (const JsonNode &member : object.children()) {
        out += before;
        append_string(out, member.key);
        out += ':';
        append_value(out, member);
        before = ',';
    }
    if (before == '{') out += '{';
    out += '}';
}

void append_array(std::string &out, const JsonNode &array) {
    char before = '[';
    for (const JsonNode &element : array.children()) {
        out += before;
        append_value(out, element);
        before = ',';
    }
    if (before == '[') out += '[';
    out += ']';
}

}  // namespace

void append_string(std::string &out, std::string_view text) {
    out += '"';
    const char *run = text.data();
    const char *const end = run + text.size();
    for (const char *p = run; p != end; ++p) {
        const auto c = static_cast<unsigned char>(*p);
        if (kEscapes[c] == 0) continue;
        out.append(run, p);
        append_escape(out, c);
        run = p + 1;
    }
    out.append(run, end);
    out += '"';
}

void append_integer(std::string &out, std::int64_t value) {
    std::array<char, 20> text;
    const auto result = std::to_chars(text.data(), text.data() + text.size(), value);
    out.append(text.data(), result.ptr);
}

void append_real(std::string &out, double value) {
    // The fewest digits there are: the plain form of a large number would have more.
    std::array<char, 32> text;
    const auto result =
        std::to_chars(text.data(), text.data() + text.size(), std::abs(value), std::chars_format::scientific);
    const std::string_view shortest(text.data(), static_cast<std::size_t>(result.ptr - text.data()));
    const std::size_t e = shortest.find('e');
    if (std::signbit(value)) out += '-';

    int exponent = 0;
    const std::size_t sign = shortest[e + 1] == '+' ? 1 : 0;
    std::from_chars(shortest.data() + e + 1 + sign, result.ptr, exponent);
    if (exponent < kFirstPlain || exponent > kLastPlain) {
        out += shortest;
        return;
    }

    // d.ddd becomes ddd, with the point where the exponent says.
    text[1] = text[0];
    const std::string_view digits = e == 1 ? shortest.substr(0, 1) : shortest.substr(1, e - 1);
    if (exponent < 0) {
        out += "0.";
        out.append(static_cast<std::size_t>(-exponent) - 1, '0');
        out += digits;
        return;
    }
    const std::size_t whole = static_cast<std::size_t>(exponent) + 1;
    out += digits.substr(0, whole);
    if (digits.size() <= whole) {
        out.append(whole - digits.size(), '0');
        out += ".0";
    } else {
        out += '.';
        out += digits.substr(whole);
    }
}

void append_value(std::string &out, const JsonNode &value) {
    switch (value.kind) {
        case JsonNode::Kind::kObject:
            append_object(out, value);
            break;
        case JsonNode::Kind::kArray:
            append_array(out, value);
            break;
        case JsonNode::Kind::kString:
            append_string(out, value.text);
            break;
        case JsonNode::Kind::kInteger:
            append_integer(out, value.integer);
            break;
        case JsonNode::Kind::kReal:
            append_real(out, value.real);
            break;
        case JsonNode::Kind::kBoolean:
            out += value.integer != 0 ? "true" : "false";
            break;
        case JsonNode::Kind::kNull:
            out += "null";
            break;
    }
}

}  // namespace appcreate
