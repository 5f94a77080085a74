#include "json/parser.h"

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
#include <cstdint>

#include "base/ascii.h"

namespace appcreate {
namespace {

namespace bj = boost::json;
using Reason = JsonStop::Reason;

// Takes note of nothing. Its functions are named by the parser.
struct Nothing {
    // NOLINTBEGIN(readability-identifier-naming)
    static constexpr std::size_t max_object_size = SIZE_MAX;
    static constexpr std::size_t max_array_size = SIZE_MAX;
    static constexpr std::size_t max_key_size = SIZE_MAX;
    static constexpr std::size_t max_string_size = SIZE_MAX;
    // NOLINTEND(readability-identifier-naming)

    static bool on_document_begin(bj::error_code & /*error*/) { return true; }
    static bool on_document_end(bj::error_code & /*error*/) { return true; }
    static bool on_object_begin(bj::error_code & /*error*/) { return true; }
    static bool on_object_end(std::size_t /*n*/, bj::error_code & /*error*/) { return true; }
    static bool on_array_begin(bj::error_code & /*error*/) { return true; }
    static bool on_array_end(std::size_t /*n*/, bj::error_code & /*error*/) { return true; }
    static bool on_key_part(bj::string_view /*part*/, std::size_t /*total*/, bj::error_code & /*error*/) {
        return true;
    }
    static bool on_key(bj::string_view /*last*/, std::size_t /*total*/, bj::error_code & /*error*/) { return true; }
    static bool on_string_part(bj::string_view /*part*/, std::size_t /*total*/, bj::error_code & /*error*/) {
        return true;
    }
    static bool on_string(bj::string_view /*last*/, std::size_t /*total*/, bj::error_code & /*error*/) { return true; }
    static bool on_number_part(bj::string_view /*part*/, bj::error_code & /*error*/) { return true; }
    static bool on_int64(std::int64_t /*value*/, bj::string_view /*text*/, bj::error_code & /*error*/) { return true; }
    static bool on_uint64(std::uint64_t /*value*/, bj::string_view /*text*/, bj::error_code & /*error*/) {
        return true;
    }
    static bool on_double(double /*value*/, bj::string_view /*text*/, bj::error_code & /*error*/) { return true; }
    static bool on_bool(bool /*value*/, bj::error_code & /*error*/) { return true; }
    static bool on_null(bj::error_code & /*error*/) { return true; }
    static bool on_comment_part(bj::string_view /*part*/, bj::error_code & /*error*/) { return true; }
    static bool on_comment(bj::string_view /*last*/, bj::error_code & /*error*/) { return true; }
};

}  // namespace

JsonStop parse_json(std::string_view text, std::size_t max_depth) {
    bj::parse_options options;
    options.max_depth = max_depth;
    bj::basic_parser<Nothing> parser(options);
    bj::error_code error;
    const std::size_t end = parser.write_some(false, text.empty() ? "" : text.data(), text.size(), error);
    if (!error) return {end == text.size() ? Reason::kNone : Reason::kTrailing, end};
    if (error == bj::error::too_deep) return {Reason::kDepth, end};
    if (error == bj::error::exponent_overflow) return {Reason::kExponent, end};
    return {Reason::kSyntax, end};
}

void shorten_exponents(std::string &text) noexcept {
    constexpr std::ptrdiff_t kDigits = 9;
    const auto end = text.end();
    bool in_string = false;
    for (auto p = text.begin(); p != end; ++p) {
        if (in_string && *p == '\\') {
            if (++p == end) return;
        } else if (*p == '"') {
            in_string = !in_string;
        } else if (!in_string && ascii::lower(*p) == 'e') {
            const auto sign = p + 1;
            const auto digits = sign != end && (*sign == '+' || *sign == '-') ? sign + 1 : sign;
            const auto digits_end = std::find_if_not(digits, end, ascii::is_digit);
            const auto first = std::find_if(digits, digits_end, [](char c) { return c != '0'; });
            if (digits_end - first > kDigits) {
                std::fill(digits, digits_end - kDigits, '0');
                std::fill(digits_end - kDigits, digits_end, '9');
            }
        }
    }
}

}  // namespace appcreate
