#include "auth/token.h"

#include <boost/crc.hpp>

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/ascii.h"

namespace appcreate {
namespace {

constexpr std::string_view kPrefix = "aca_";
constexpr std::size_t kRandomDigits = 43;  // 62^43 > 2^256
constexpr std::size_t kChecksumDigits = 6;
constexpr std::size_t kTokenSize = kPrefix.size() + kRandomDigits + kChecksumDigits;
constexpr std::size_t kMaxToken = 512;

constexpr std::string_view kBase62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

void write_checksum(std::string_view text, char *out) noexcept {
    boost::crc_32_type sum;
    sum.process_bytes(text.data(), text.size());
    std::uint32_t crc = sum.checksum();
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
    constexpr ascii::Set kCharacters([](char c) { return ascii::is_alphanumeric(c) || ascii::is_any_of(c, "-._~+/"); });
    if (token.size() > kMaxToken) return false;
    const auto *end = std::find_if_not(token.begin(), token.end(), kCharacters);
    return end != token.begin() && std::all_of(end, token.end(), [](char c) { return c == '='; });
}

bool has_good_checksum(std::string_view token) noexcept {
    if (token.size() != kTokenSize || !token.starts_with(kPrefix)) return true;
    constexpr ascii::Set kAlphanumeric(ascii::is_alphanumeric);
    if (!std::all_of(token.begin() + kPrefix.size(), token.end(), kAlphanumeric)) return true;
    std::array<char, kChecksumDigits> checksum;
    write_checksum(token.substr(0, kTokenSize - kChecksumDigits), checksum.data());
    return token.ends_with(std::string_view(checksum.data(), checksum.size()));
}

ac_access parse_bearer(std::string_view authorization, ac_bearer &out) {
    constexpr std::string_view kScheme = "bearer";
    const std::string_view value = trim(authorization);
    const auto *scheme_end = std::find_if_not(value.begin(), value.end(), ascii::kTchar);
    if (!ascii::equals_ignoring_case({value.begin(), scheme_end}, kScheme)) return AC_ACCESS_NO_TOKEN;
    std::string_view token = value.substr(kScheme.size());
    if (token.empty()) return AC_ACCESS_NO_TOKEN;
    if (token.front() != ' ') return AC_ACCESS_INVALID;
    token.remove_prefix(token.find_first_not_of(' '));
    if (!is_b64token(token) || !has_good_checksum(token)) return AC_ACCESS_INVALID;

    const Digest digest = sha256(token);
    std::copy(digest.begin(), digest.end(), out.digest);
    return AC_ACCESS_OK;
}

void write_tag(const ac_bearer &bearer, char *out) {
    // A digest of the digest, so that the tag shows nothing of what the store holds.
    constexpr std::string_view kDomain = "app_create tag";
    const std::string_view digest(reinterpret_cast<const char *>(bearer.digest), sizeof(bearer.digest));
    write_lower_hex(sha256({kDomain, digest}).data(), (AC_TAG_SIZE - 1) / 2, out);
    out[AC_TAG_SIZE - 1] = '\0';
}

}  // namespace appcreate
