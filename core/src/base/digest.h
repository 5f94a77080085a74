// SHA-256 and random bytes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>

namespace appcreate {

using Digest = std::array<std::uint8_t, 32>;
Digest sha256(std::string_view data);
Digest sha256(std::initializer_list<std::string_view> parts);  // of the parts joined
void random_bytes(void *out, std::size_t n);                   // up to 256; throws Failure when the system has none

}  // namespace appcreate
