#include "request/query.h"

#include <algorithm>

#include "base/ascii.h"

namespace appcreate {
namespace {

// Takes the next character from the front of `text`, which has one.
char take_decoded(std::string_view &text) noexcept {
    char c = text[0];
    std::size_t length = 1;
    if (c == '%' && text.size() > 2) {
        const int high = ascii::hex_value(text[1]);
        const int low = ascii::hex_value(text[2]);
        if (high >= 0 && low >= 0) {
            c = static_cast<char>(high * 16 + low);
            length = 3;
        }
    }
    text.remove_prefix(length);
    return c;
}

}  // namespace

QueryParameter take_parameter(std::string_view &query) noexcept {
    const std::string_view parameter = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), parameter.size() + 1));
    const std::size_t equals = parameter.find('=');
    return {parameter.substr(0, equals), equals == std::string_view::npos ? "" : parameter.substr(equals + 1)};
}

bool equals_decoded(std::string_view text, std::string_view plain) noexcept {
    for (const char expected : plain) {
        if (text.empty() || take_decoded(text) != expected) return false;
    }
    return text.empty();
}

std::string decoded(std::string_view text) {
    std::string out;
    while (!text.empty()) out += take_decoded(text);
    return out;
}

}  // namespace appcreate
