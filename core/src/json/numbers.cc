#include "json/numbers.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/ascii.h"

namespace appcreate {
namespace {

// Decimal exponents of the reals that are written without one: from 0.0001 to below 1e16.
constexpr int kFirstPlain = -4;
constexpr int kLastPlain = 15;

// Every decimal number of so many digits is told from every other by a double.
constexpr std::size_t kExactDigits = 15;

}  // namespace

std::optional<std::int64_t> read_integer(std::string_view number) noexcept {
    std::int64_t value = 0;
    const auto result = std::from_chars(number.data(), number.data() + number.size(), value);
    return result.ec == std::errc() ? std::optional(value) : std::nullopt;
}

std::optional<double> read_real(std::string_view number) noexcept {
    double value = 0;
    const auto result = std::from_chars(number.data(), number.data() + number.size(), value);
    if (result.ec == std::errc() && std::isfinite(value) && value != 0) return value;
    const std::string_view mantissa = number.substr(0, number.find_first_of("eE"));
    if (mantissa.find_first_not_of("-0.") != std::string_view::npos) return std::nullopt;
    return number.front() == '-' ? -0.0 : 0.0;
}

bool is_integer_representable(std::string_view number) noexcept {
    constexpr std::size_t kAlways = 18;  // digits
    return number.size() <= kAlways || read_integer(number).has_value();
}

bool is_real_representable(std::string_view number) noexcept {
    constexpr std::size_t kAlways = 300;  // digits without an exponent
    const bool plain = number.size() <= kAlways && number.find_first_of("eE") == std::string_view::npos;
    return plain || read_real(number).has_value();
}

bool is_real_canonical(std::string_view number) noexcept {
    if (number.starts_with('-')) number.remove_prefix(1);
    const std::size_t point = number.find('.');
    if (point == std::string_view::npos || number.size() - 1 > kExactDigits) return false;
    const std::string_view fraction = number.substr(point + 1);
    if (!std::all_of(fraction.begin(), fraction.end(), ascii::is_digit)) return false;  // an exponent
    if (fraction.back() == '0') return fraction.size() == 1;
    // Below 0.0001 there is an exponent.
    return number.front() != '0' || fraction.find_first_not_of('0') < static_cast<std::size_t>(-kFirstPlain);
}

std::string_view write_real(double value, RealText &out) noexcept {
    // The plain form of a large number would have more digits than it takes.
    std::array<char, 32> text;
    const auto result =
        std::to_chars(text.data(), text.data() + text.size(), std::abs(value), std::chars_format::scientific);
    const std::string_view shortest(text.data(), static_cast<std::size_t>(result.ptr - text.data()));
    const std::size_t e = shortest.find('e');
    int exponent = 0;
    const std::size_t sign = shortest[e + 1] == '+' ? 1 : 0;
    std::from_chars(shortest.data() + e + 1 + sign, result.ptr, exponent);

    char *at = out.data();
    const auto put = [&at](std::string_view part) { at = std::copy(part.begin(), part.end(), at); };
    if (std::signbit(value)) put("-");
    if (exponent < kFirstPlain || exponent > kLastPlain) {
        put(shortest);
        return {out.data(), static_cast<std::size_t>(at - out.data())};
    }

    // d.ddd becomes ddd, with the point where the exponent says.
    text[1] = text[0];
    const std::string_view digits = e == 1 ? shortest.substr(0, 1) : shortest.substr(1, e - 1);
    if (exponent < 0) {
        put("0.");
        at = std::fill_n(at, -exponent - 1, '0');
        put(digits);
    } else {
        const std::size_t whole = static_cast<std::size_t>(exponent) + 1;
        put(digits.substr(0, whole));
        if (digits.size() <= whole) {
            at = std::fill_n(at, whole - digits.size(), '0');
            put(".0");
        } else {
            put(".");
            put(digits.substr(whole));
        }
    }
    return {out.data(), static_cast<std::size_t>(at - out.data())};
}

}  // namespace appcreate
