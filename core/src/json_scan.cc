#include "json_scan.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>

#include "ascii.h"

namespace appcreate {
namespace {

enum Class : std::uint8_t { kOther, kNumber, kQuote, kOpen, kClose, kNul };

constexpr std::array<std::uint8_t, 256> classes() {
    std::array<std::uint8_t, 256> table{};
    for (std::size_t c = '0'; c <= '9'; ++c) table[c] = kNumber;
    table['-'] = kNumber;
    table['"'] = kQuote;
    table['{'] = table['['] = kOpen;
    table['}'] = table[']'] = kClose;
    table[0] = kNul;
    return table;
}
constexpr std::array<std::uint8_t, 256> kClasses = classes();

const char *skip_digits(const char *p, const char *end) noexcept {
    while (p != end && ascii::is_digit(*p)) ++p;
    return p;
}

// Past the closing quote, or `end`.
const char *skip_string(const char *p, const char *end) noexcept {
    for (; p != end; ++p) {
        if (*p == '"') return p + 1;
        if (*p == '\\' && ++p == end) break;
    }
    return end;
}

bool fits_integer(const char *begin, const char *end) noexcept {
    std::int64_t value = 0;
    return std::from_chars(begin, end, value).ec == std::errc();
}

// `mantissa_end` is where the exponent begins. An overflow, or a non-zero number that becomes 0, does not fit.
bool fits_real(const char *begin, const char *mantissa_end, const char *end) noexcept {
    if (std::all_of(begin, mantissa_end, [](char c) { return c == '0' || c == '.' || c == '-'; })) return true;
    double value = 0;
    const auto result = std::from_chars(begin, end, value);
    return result.ec == std::errc() && std::isfinite(value) && value != 0;
}

struct Number {
    const char *end;
    bool fits;
};

// The number at `p`, a digit or a minus. Of one that is not well-formed only the end means anything: jansson refuses
// it.
Number read_number(const char *const begin, const char *const end) noexcept {
    const char *const digits = *begin == '-' ? begin + 1 : begin;
    const char *p = skip_digits(digits, end);
    const auto n_integer = p - digits;
    if (n_integer == 0) return {p, true};
    if (p == end || (*p != '.' && *p != 'e' && *p != 'E')) return {p, n_integer <= 18 || fits_integer(begin, p)};

    if (*p == '.') {
        const char *const fraction = p + 1;
        p = skip_digits(fraction, end);
        if (p == fraction) return {p, true};
    }
    const char *const mantissa_end = p;
    std::ptrdiff_t n_exponent = 0;
    if (p != end && (*p == 'e' || *p == 'E')) {
        ++p;
        if (p != end && (*p == '+' || *p == '-')) ++p;
        const char *const exponent = p;
        p = skip_digits(exponent, end);
        n_exponent = p - exponent;
        if (n_exponent == 0) return {p, true};
    }
    // 100 digits and an exponent of 99 cannot leave the range of a double.
    const bool surely = mantissa_end - digits <= 100 && n_exponent <= 2;
    return {p, surely || fits_real(begin, mantissa_end, p)};
}

}  // namespace

JsonScan scan_json(std::string_view text, int max_depth) noexcept {
    const char *const begin = text.data();
    const char *const end = begin + text.size();
    JsonScan scan;
    int depth = 0;
    const char *p = begin;
    while (p != end) {
        switch (kClasses[static_cast<unsigned char>(*p)]) {
            case kQuote:
                p = skip_string(p + 1, end);
                continue;
            case kNumber: {
                const Number number = read_number(p, end);
                scan.unrepresentable |= !number.fits;
                p = number.end;
                continue;
            }
            case kOpen:
                if (++depth > max_depth) {
                    scan.stop = JsonScan::Stop::kDepth;
                    scan.end = static_cast<std::size_t>(p - begin);
                    return scan;
                }
                break;
            case kClose:
                --depth;
                break;
            case kNul:
                scan.stop = JsonScan::Stop::kNul;
                scan.end = static_cast<std::size_t>(p - begin);
                return scan;
            default:
                break;
        }
        ++p;
    }
    scan.end = text.size();
    return scan;
}

std::string patch_numbers(std::string_view text, std::size_t max_places, std::vector<std::size_t> &places) {
    std::string patched(text);
    char *p = patched.data();
    const char *const end = p + patched.size();
    std::size_t n_numbers = 0;
    while (p != end) {
        const auto kind = kClasses[static_cast<unsigned char>(*p)];
        if (kind == kQuote) {
            p += skip_string(p + 1, end) - p;
        } else if (kind == kNumber) {
            const Number number = read_number(p, end);
            const auto length = number.end - p;
            if (!number.fits) {
                if (places.size() < max_places) places.push_back(n_numbers);
                *p = '0';
                std::fill(p + 1, p + length, ' ');
            }
            ++n_numbers;
            p += length;
        } else {
            ++p;
        }
    }
    return patched;
}

}  // namespace appcreate
