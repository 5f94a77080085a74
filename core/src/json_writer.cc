#include "json_writer.h"

#include <algorithm>
#include <array>
#include <charconv>

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
    std::array<char, 32> text;
    const auto result = std::to_chars(text.data(), text.data() + text.size(), value);
    const std::string_view digits(text.data(), static_cast<std::size_t>(result.ptr - text.data()));
    const std::size_t e = digits.find('e');
    out += digits.substr(0, e);
    if (e == std::string_view::npos) {
        if (digits.find('.') == std::string_view::npos) out += ".0";
        return;
    }
    // "e+22" becomes "e22", "e-07" becomes "e-7".
    std::string_view exponent = digits.substr(e + 1);
    out += 'e';
    if (exponent[0] == '-') out += '-';
    exponent.remove_prefix(1);
    exponent.remove_prefix(std::min(exponent.find_first_not_of('0'), exponent.size() - 1));
    out += exponent;
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
