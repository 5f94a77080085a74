#include "token.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "ascii.h"

namespace appcreate {
namespace {

constexpr std::string_view kPrefix = "aca_";
constexpr std::size_t kRandomDigits = 43;  // 62^43 > 2^256
constexpr std::size_t kChecksumDigits = 6;
constexpr std::size_t kTokenSize = kPrefix.size() + kRandomDigits + kChecksumDigits;
constexpr std::size_t kMaxToken = 512;

constexpr std::string_view kBase62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

// CRC-32 of IEEE 802.3, as in zlib. Bit by bit: it sees 47 bytes.
std::uint32_t crc32(std::string_view text) noexcept {
    std::uint32_t crc = 0xffffffff;
    for (const char c : text) {
        crc ^= static_cast<unsigned char>(c);
        for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (0xedb88320U & (0U - (crc & 1U)));
    }
    return ~crc;
}

void write_checksum(std::string_view text, char *out) noexcept {
    std::uint32_t crc = crc32(text);
    for (std::size_t i = kChecksumDigits; i > 0; --i, crc /= 62) out[i - 1] = kBase62[crc % 62];
}

std::string_view trim(std::string_view text) noexcept {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

}  // namespace

std::string make_token() {
    Digest number;
    random_bytes(number.data(), number.size());
    std::string token(kTokenSize, '\0');
    kPrefix.copy(token.data(), kPrefix.size());
    for (std::size_t i = kRandomDigits; i > 0; --i) {
        unsigned remainder = 0;
        for (std::uint8_t &byte : number) {
            remainder = remainder << 8 | byte;
            byte = static_cast<std::uint8_t>(remainder / 62);
            remainder %= 62;
        }
        token[kPrefix.size() + i - 1] = kBase62[remainder];
    }
    write_checksum({token.data(), kTokenSize - kChecksumDigits}, token.data() + kTokenSize - kChecksumDigits);
    return token;
}

bool is_b64token(std::string_view token) noexcept {
    if (token.size() > kMaxToken) return false;
    const auto *end = std::find_if_not(
        token.begin(), token.end(), [](char c) { return ascii::is_alphanumeric(c) || ascii::is_any_of(c, "-._~+/"); });
    return end != token.begin() && std::all_of(end, token.end(), [](char c) { return c == '='; });
}

bool has_good_checksum(std::string_view token) noexcept {
    if (token.size() != kTokenSize || !token.starts_with(kPrefix)) return true;
    if (!std::all_of(token.begin() + kPrefix.size(), token.end(), ascii::is_alphanumeric)) return true;
    std::array<char, kChecksumDigits> checksum;
    write_checksum(token.substr(0, kTokenSize - kChecksumDigits), checksum.data());
    return token.ends_with(std::string_view(checksum.data(), checksum.size()));
}

ac_access parse_bearer(std::string_view authorization, ac_bearer &out) {
    constexpr std::string_view kScheme = "bearer";
    // The digest of this, not of the bare token, so that the tag shows nothing of what the store holds.
    constexpr std::string_view kTagDomain = "app_create tag";

    const std::string_view value = trim(authorization);
    const auto *scheme_end = std::find_if_not(value.begin(), value.end(), ascii::is_tchar);
    if (!ascii::equals_ignoring_case({value.begin(), scheme_end}, kScheme)) return AC_ACCESS_NO_TOKEN;
    std::string_view token = value.substr(kScheme.size());
    if (token.empty()) return AC_ACCESS_NO_TOKEN;
    if (token.front() != ' ') return AC_ACCESS_INVALID;
    token.remove_prefix(token.find_first_not_of(' '));
    if (!is_b64token(token) || !has_good_checksum(token)) return AC_ACCESS_INVALID;

    ac_bearer bearer{};
    const Digest digest = sha256(token);
    std::copy(digest.begin(), digest.end(), bearer.digest);
    write_lower_hex(sha256({kTagDomain, token}).data(), (AC_TAG_SIZE - 1) / 2, bearer.tag);
    out = bearer;
    return AC_ACCESS_OK;
}

}  // namespace appcreate
