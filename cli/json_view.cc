#include "json_view.h"

#include <charconv>
#include <cstdint>

namespace appctl {
namespace {

// Where the string that starts at `at` ends: behind its closing quote.
std::size_t end_of_string(std::string_view json, std::size_t at) noexcept {
    for (std::size_t i = at + 1; i < json.size(); ++i) {
        if (json[i] == '\\') {
            ++i;
        } else if (json[i] == '"') {
            return i + 1;
        }
    }
    return json.size();
}

// Where the value that starts at `at` ends.
std::size_t end_of_value(std::string_view json, std::size_t at) noexcept {
    int depth = 0;
    for (std::size_t i = at; i < json.size();) {
        const char c = json[i];
        if (c == '"') {
            i = end_of_string(json, i);
            continue;
        }
        if (depth == 0 && (c == ',' || c == '}' || c == ']')) return i;
        if (c == '{' || c == '[') ++depth;
        if (c == '}' || c == ']') --depth;
        ++i;
    }
    return json.size();
}

void append_utf8(std::string &out, std::uint32_t c) {
    const auto tail = [&out, c](int shift) { out += static_cast<char>(0x80 | ((c >> shift) & 0x3f)); };
    if (c < 0x80) {
        out += static_cast<char>(c);
    } else if (c < 0x800) {
        out += static_cast<char>(0xc0 | (c >> 6));
        tail(0);
    } else if (c < 0x10000) {
        out += static_cast<char>(0xe0 | (c >> 12));
        tail(6);
        tail(0);
    } else {
        out += static_cast<char>(0xf0 | (c >> 18));
        tail(12);
        tail(6);
        tail(0);
    }
}

std::uint32_t hex4(std::string_view json, std::size_t at) noexcept {
    std::uint32_t value = 0;
    if (at + 4 <= json.size()) std::from_chars(json.data() + at, json.data() + at + 4, value, 16);
    return value;
}

std::string unescaped(std::string_view string) {
    std::string out;
    for (std::size_t i = 1; i + 1 < string.size(); ++i) {
        if (string[i] != '\\') {
            out += string[i];
            continue;
        }
        const char c = string[++i];
        switch (c) {
            case 'b':
                out += '\b';
                break;
            case 'f':
                out += '\f';
                break;
            case 'n':
                out += '\n';
                break;
            case 'r':
                out += '\r';
                break;
            case 't':
                out += '\t';
                break;
            case 'u': {
                std::uint32_t point = hex4(string, i + 1);
                i += 4;
                if (point >= 0xd800 && point < 0xdc00 && string.substr(i + 1, 2) == "\\u") {
                    point = 0x10000 + ((point - 0xd800) << 10) + (hex4(string, i + 3) - 0xdc00);
                    i += 6;
                }
                append_utf8(out, point);
                break;
            }
            default:
                out += c;
        }
    }
    return out;
}

// C0 and C1 controls, the latter as UTF-8's C2 80 to C2 9F.
std::string harmless(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        const bool is_c1 = byte == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0;
        if (byte < 0x20 || byte == 0x7f || is_c1) {
            out += '?';
            if (is_c1) ++i;
        } else {
            out += text[i];
        }
    }
    return out;
}

}  // namespace

std::vector<std::pair<std::string, std::string_view>> members(std::string_view object) {
    std::vector<std::pair<std::string, std::string_view>> out;
    for (std::size_t at = 1; at < object.size() && object[at] == '"';) {
        const std::size_t colon = end_of_string(object, at);
        const std::size_t end = end_of_value(object, colon + 1);
        out.emplace_back(unescaped(object.substr(at, colon - at)), object.substr(colon + 1, end - colon - 1));
        at = end + 1;
    }
    return out;
}

std::string_view member(std::string_view object, std::string_view key) {
    for (const auto &[name, value] : members(object)) {
        if (name == key) return value;
    }
    return {};
}

std::string readable(std::string_view value) {
    if (value.empty() || value == "null" || value == "[]") return "-";
    if (value.front() == '"') return harmless(unescaped(value));
    if (value.front() != '[') return harmless(value);
    std::string out;
    for (std::size_t at = 1; at < value.size() && value[at] != ']';) {
        const std::size_t end = end_of_value(value, at);
        if (!out.empty()) out += ", ";
        out += readable(value.substr(at, end - at));
        at = end + 1;
    }
    return out;
}

std::string indented(std::string_view json) {
    std::string out;
    std::size_t depth = 0;
    const auto line = [&out, &depth] { out.append(1, '\n').append(2 * depth, ' '); };
    for (std::size_t i = 0; i < json.size();) {
        const char c = json[i];
        if (c == '"') {
            const std::size_t end = end_of_string(json, i);
            out += harmless(json.substr(i, end - i));
            i = end;
            continue;
        }
        ++i;
        if (c == '{' || c == '[') {
            out += c;
            if (i < json.size() && (json[i] == '}' || json[i] == ']')) {
                out += json[i++];
                continue;
            }
            ++depth;
            line();
        } else if (c == '}' || c == ']') {
            --depth;
            line();
            out += c;
        } else {
            out += c;
            if (c == ',') line();
            if (c == ':') out += ' ';
        }
    }
    return out;
}

}  // namespace appctl
