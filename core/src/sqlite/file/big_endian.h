// Numbers as SQLite writes them into its files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace appcreate::sqlite {

// Of `n` bytes, four at most.
inline std::uint32_t big_endian(std::span<const std::uint8_t> bytes, std::size_t at, std::size_t n = 4) noexcept {
    std::uint32_t out = 0;
    for (std::size_t i = 0; i < n; ++i) out = out << 8 | bytes[at + i];
    return out;
}

}  // namespace appcreate::sqlite
