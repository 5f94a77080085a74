#include "json/fault.h"

#include <unicode/utf8.h>

#include <algorithm>
#include <cstdint>

#include "base/ascii.h"

namespace appcreate {
namespace {

struct Token {
    std::size_t begin;
    std::size_t end;
    bool open = false;  // a string without its closing quote
};

bool is_word(char c) noexcept { return ascii::is_alphanumeric(c) || ascii::is_any_of(c, "+-."); }
bool is_space(char c) noexcept { return ascii::is_any_of(c, " \t\n\r"); }
bool is_beyond_ascii(char c) noexcept { return static_cast<unsigned char>(c) >= 0x80; }

template <class Test>
std::size_t skip(std::string_view text, std::size_t at, Test test) noexcept {
    while (at < text.size() && test(text[at])) ++at;
    return at;
}

Token string_at(std::string_view text, std::size_t begin) noexcept {
    for (std::size_t at = begin + 1; at < text.size(); ++at) {
        if (text[at] == '"') return {begin, at + 1};
        if (text[at] == '\\') ++at;
    }
    return {begin, text.size(), true};
}

// Strings, words (numbers among them) and single bytes; empty at the end.
Token next_token(std::string_view text, std::size_t at) noexcept {
    const std::size_t begin = skip(text, at, is_space);
    if (begin == text.size()) return {begin, begin};
    if (text[begin] == '"') return string_at(text, begin);
    if (is_word(text[begin])) return {begin, skip(text, begin, is_word)};
    if (is_beyond_ascii(text[begin])) return {begin, skip(text, begin, is_beyond_ascii)};
    return {begin, begin + 1};
}

// The UTF-16 code unit of the escape at `at`, or -1 when there is none.
int unit_at(std::string_view text, std::size_t at) noexcept {
    if (text.substr(at, 2) != "\\u") return -1;
    const std::string_view digits = text.substr(at + 2, 4);
    if (digits.size() < 4) return -1;
    int unit = 0;
    for (const char c : digits) {
        if (ascii::hex_value(c) < 0) return -1;
        unit = unit * 16 + ascii::hex_value(c);
    }
    return unit;
}

constexpr std::string_view kNoFault;

// At the first byte of a character.
bool is_utf8_at(std::string_view text, std::size_t at) noexcept {
    UChar32 c = 0;
    const auto *bytes = reinterpret_cast<const std::uint8_t *>(text.data());
    U8_NEXT(bytes, at, text.size(), c);
    return c >= 0;
}

// What is wrong inside of the string at `token`; the reason is empty when nothing is.
JsonFault fault_in_string(std::string_view text, const Token &token) noexcept {
    std::size_t at = token.begin + 1;
    while (at < token.end) {
        if (static_cast<unsigned char>(text[at]) < 0x20) return {at, "control character in a string"};
        if (is_beyond_ascii(text[at])) {
            if (!is_utf8_at(text, at)) return {at, "invalid UTF-8"};
            while (++at < token.end && (text[at] & 0xC0) == 0x80) {
            }
            continue;
        }
        if (text[at] != '\\') {
            ++at;
            continue;
        }
        if (at + 1 == text.size()) break;
        if (text[at + 1] != 'u') {
            if (!ascii::is_any_of(text[at + 1], "\"\\/bfnrt")) {
                return {at, "invalid escape in a string"};
            }
            at += 2;
            continue;
        }
        const int unit = unit_at(text, at);
        if (unit < 0) return {at, "invalid escape in a string"};
        if (unit >= 0xdc00 && unit <= 0xdfff) return {at, "lone surrogate in a string"};
        if (unit >= 0xd800 && unit <= 0xdbff) {
            const int low = unit_at(text, at + 6);
            if (low < 0xdc00 || low > 0xdfff) return {at, "lone surrogate in a string"};
            at += 6;
        }
        at += 6;
    }
    return {token.begin, kNoFault};
}

std::string_view reason_of_word(std::string_view word) noexcept {
    if (word[0] == '-' || ascii::is_digit(word[0])) return "malformed or unexpected number";
    if (word == "true" || word == "false" || word == "null") return "unexpected value";
    return "unknown word";
}

// A number or word that ends before it is one: "-", "1.", "1e+", "tru".
bool is_cut(std::string_view word) noexcept {
    if (word[0] == '-' || ascii::is_digit(word[0])) return !ascii::is_digit(word.back());
    return word != "true" && word != "false" && word != "null";
}

JsonFault fault_at_end(std::string_view text, const Token &last) noexcept {
    if (last.begin == last.end) return {text.size(), "empty body"};
    if (!last.open) return {text.size(), "unexpected end"};
    const JsonFault inside = fault_in_string(text, last);
    return inside.reason.empty() ? JsonFault{text.size(), "unterminated string"} : inside;
}

JsonFault fault_at(std::string_view text, const Token &token) noexcept {
    const char c = text[token.begin];
    if (c == '"') {
        const JsonFault inside = fault_in_string(text, token);
        return inside.reason.empty() ? JsonFault{token.begin, "unexpected string"} : inside;
    }
    if (is_word(c)) return {token.begin, reason_of_word(text.substr(token.begin, token.end - token.begin))};
    if (is_beyond_ascii(c) && !is_utf8_at(text, token.begin)) return {token.begin, "invalid UTF-8"};
    return {token.begin, "unexpected character"};
}

}  // namespace

JsonFault find_fault(std::string_view text, const JsonStop &stop) noexcept {
    using Reason = JsonStop::Reason;
    Token before{0, 0};
    Token token = next_token(text, 0);
    while (token.end <= stop.offset && token.begin < token.end) {
        before = token;
        token = next_token(text, token.end);
    }
    switch (stop.reason) {
        case Reason::kDepth:
            return {stop.offset, "nested deeper than 32 levels"};
        case Reason::kDuplicateKey:
            return {token.begin, "duplicate key"};
        case Reason::kForbiddenKey:
            return {token.begin, "forbidden character in a key"};
        case Reason::kTrailing:
            return {token.begin, "unexpected text after the document"};
        default:
            break;
    }
    // The parser blames what follows a number that is cut short.
    if (before.end == stop.offset && before.begin < before.end && is_word(text[before.begin])) {
        const std::string_view word = text.substr(before.begin, before.end - before.begin);
        if (is_cut(word)) return {before.begin, reason_of_word(word)};
    }
    return token.begin == token.end ? fault_at_end(text, before) : fault_at(text, token);
}

std::string fault_message(std::string_view text, const JsonFault &fault) {
    const std::string_view before = text.substr(0, fault.offset);
    const auto line = 1 + std::count(before.begin(), before.end(), '\n');
    const std::size_t newline = before.rfind('\n');
    const std::size_t column = newline == std::string_view::npos ? fault.offset + 1 : fault.offset - newline;
    return "malformed JSON at line " + std::to_string(line) + ", column " + std::to_string(column) + ": " +
           std::string(fault.reason);
}

}  // namespace appcreate
