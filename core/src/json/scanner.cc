#include "json/scanner.h"

#include <bit>
#include <cstring>

#include "base/ascii.h"

namespace appcreate {
namespace {

using Kind = JsonToken::Kind;

constexpr ascii::Set kBetween([](char c) { return ascii::is_any_of(c, " \t\n\r,:"); });
constexpr ascii::Set kSpace([](char c) { return ascii::is_any_of(c, " \t\n\r"); });
constexpr ascii::Set kInNumber([](char c) { return ascii::is_digit(c) || ascii::is_any_of(c, "+-.eE"); });

// The high bit of each byte that is 0; exact up to the first such byte.
constexpr std::uint64_t zero_bytes(std::uint64_t word) noexcept {
    return (word - 0x0101010101010101U) & ~word & 0x8080808080808080U;
}

std::uint32_t unit_at(const char *digits) noexcept {
    std::uint32_t unit = 0;
    for (int i = 0; i < 4; ++i) unit = unit << 4 | static_cast<std::uint32_t>(ascii::hex_value(digits[i]));
    return unit;
}

}  // namespace

const char *find_quote_or_backslash(const char *at, const char *end) noexcept {
    if constexpr (std::endian::native == std::endian::little) {
        constexpr std::uint64_t kEach = 0x0101010101010101U;
        for (; end - at >= 8; at += 8) {
            std::uint64_t word = 0;
            std::memcpy(&word, at, sizeof(word));
            const std::uint64_t found = zero_bytes(word ^ kEach * '"') | zero_bytes(word ^ kEach * '\\');
            if (found != 0) return at + std::countr_zero(found) / 8;
        }
    }
    while (at != end && *at != '"' && *at != '\\') ++at;
    return at;
}

std::uint32_t read_escape(const char *&at) noexcept {
    const char c = at[1];
    if (c != 'u') {
        at += 2;
        switch (c) {
            case 'b':
                return '\b';
            case 'f':
                return '\f';
            case 'n':
                return '\n';
            case 'r':
                return '\r';
            case 't':
                return '\t';
            default:
                return static_cast<unsigned char>(c);
        }
    }
    const std::uint32_t unit = unit_at(at + 2);
    at += 6;
    if (unit < 0xd800 || unit > 0xdbff) return unit;
    const std::uint32_t low = unit_at(at + 2);
    at += 6;
    return 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
}

void append_utf8(std::string &out, std::uint32_t c) {
    const auto continued = [](std::uint32_t bits) { return static_cast<char>(0x80 | (bits & 0x3f)); };
    if (c < 0x80) {
        out += static_cast<char>(c);
    } else if (c < 0x800) {
        out += static_cast<char>(0xc0 | c >> 6);
        out += continued(c);
    } else if (c < 0x10000) {
        out += static_cast<char>(0xe0 | c >> 12);
        out += continued(c >> 6);
        out += continued(c);
    } else {
        out += static_cast<char>(0xf0 | c >> 18);
        out += continued(c >> 12);
        out += continued(c >> 6);
        out += continued(c);
    }
}

std::string_view JsonToken::meaning(std::string &buffer) const {
    if (!escaped) return text;
    buffer.clear();
    buffer.reserve(text.size());
    const char *const end = text.data() + text.size();
    for (const char *at = text.data(); at != end;) {
        const auto *const backslash =
            static_cast<const char *>(std::memchr(at, '\\', static_cast<std::size_t>(end - at)));
        if (backslash == nullptr) {
            buffer.append(at, end);
            break;
        }
        buffer.append(at, backslash);
        at = backslash;
        append_utf8(buffer, read_escape(at));
    }
    return buffer;
}

JsonToken JsonScanner::next() noexcept {
    while (at_ != end_ && kBetween(*at_)) ++at_;
    if (at_ == end_) return {};
    switch (*at_) {
        case '{':
            return fixed(Kind::kObjectBegin, 1);
        case '}':
            return fixed(Kind::kObjectEnd, 1);
        case '[':
            return fixed(Kind::kArrayBegin, 1);
        case ']':
            return fixed(Kind::kArrayEnd, 1);
        case '"':
            return string();
        case 't':
            return fixed(Kind::kTrue, 4);
        case 'f':
            return fixed(Kind::kFalse, 5);
        case 'n':
            return fixed(Kind::kNull, 4);
        default:
            return number();
    }
}

JsonToken JsonScanner::fixed(Kind kind, std::size_t size) noexcept {
    if (static_cast<std::size_t>(end_ - at_) < size) {
        at_ = end_;
        return {};
    }
    const std::string_view text(at_, size);
    at_ += size;
    return {kind, false, text};
}

JsonToken JsonScanner::string() noexcept {
    const char *const begin = at_ + 1;
    bool escaped = false;
    at_ = find_quote_or_backslash(begin, end_);
    while (at_ != end_ && *at_ == '\\') {
        escaped = true;
        if (end_ - at_ < 2) {
            at_ = end_;
            break;
        }
        at_ = find_quote_or_backslash(at_ + 2, end_);
    }
    if (at_ == end_) return {};
    const std::string_view text(begin, static_cast<std::size_t>(at_ - begin));
    ++at_;
    const char *after = at_;
    while (after != end_ && kSpace(*after)) ++after;
    return {after != end_ && *after == ':' ? Kind::kKey : Kind::kString, escaped, text};
}

JsonToken JsonScanner::number() noexcept {
    const char *const begin = at_;
    Kind kind = Kind::kInteger;
    for (; at_ != end_ && kInNumber(*at_); ++at_) {
        if (*at_ == '.' || *at_ == 'e' || *at_ == 'E') kind = Kind::kReal;
    }
    if (at_ == begin) {  // no JSON
        at_ = end_;
        return {};
    }
    return {kind, false, {begin, static_cast<std::size_t>(at_ - begin)}};
}

JsonValue JsonScanner::value() noexcept {
    JsonValue out;
    out.first = next();
    if (out.first.kind == Kind::kEnd) return out;
    // A string's token is what is between its quotes.
    const char *const begin = out.first.kind == Kind::kString ? out.first.text.data() - 1 : out.first.text.data();
    const auto opens = [](Kind kind) { return kind == Kind::kObjectBegin || kind == Kind::kArrayBegin; };
    const auto closes = [](Kind kind) { return kind == Kind::kObjectEnd || kind == Kind::kArrayEnd; };
    for (int depth = opens(out.first.kind) ? 1 : 0; depth > 0;) {
        const Kind kind = next().kind;
        if (kind == Kind::kEnd) break;
        if (opens(kind)) ++depth;
        if (closes(kind)) --depth;
    }
    out.text = {begin, static_cast<std::size_t>(at_ - begin)};
    return out;
}

}  // namespace appcreate
