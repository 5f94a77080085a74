// Numbers of JSON as this library holds them: signed 64-bit integers and IEEE doubles.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace appcreate {

// Nothing: beyond 64 bits. `number` has neither point nor exponent.
std::optional<std::int64_t> read_integer(std::string_view number) noexcept;

// Nothing: beyond what a double can hold, or not 0 but nearer to it than any.
std::optional<double> read_real(std::string_view number) noexcept;

// The same question without the answer, for most numbers without computing it.
bool is_integer_representable(std::string_view number) noexcept;
bool is_real_representable(std::string_view number) noexcept;

// Is the text of a real what write_real would make of it? "No" may be wrong, and costs only time.
bool is_real_canonical(std::string_view number) noexcept;

using RealText = std::array<char, 32>;

// The fewest significant digits that read back the same, as Python's repr writes them: `1e+16` and `1e-05` and beyond
// have an exponent, everything between has a point (docs/api.md, "Metadata"). `value` is finite. Returns part of `out`.
std::string_view write_real(double value, RealText &out) noexcept;

}  // namespace appcreate
