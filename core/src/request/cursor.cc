#include "request/cursor.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

#include "base/ascii.h"
#include "base/digest.h"

namespace appcreate {
namespace {

constexpr std::size_t kCheck = 3;
constexpr std::size_t kBytes = sizeof(ObjectId::bytes) + kCheck;
// A multiple of 3 bytes has no padding.
static_assert(kBytes % 3 == 0);
constexpr std::size_t kCharacters = kBytes / 3 * 4;

std::string_view text_of(const ObjectId &id) noexcept {
    return {reinterpret_cast<const char *>(id.bytes.data()), id.bytes.size()};
}

}  // namespace

std::string make_cursor(const ObjectId &organization, const ObjectId &last) {
    const Digest check = sha256({"list", text_of(organization), text_of(last)});
    std::array<std::uint8_t, kBytes> bytes{};
    std::copy_n(check.begin(), kCheck, std::copy(last.bytes.begin(), last.bytes.end(), bytes.begin()));
    std::array<unsigned char, kCharacters + 1> characters{};
    EVP_EncodeBlock(characters.data(), bytes.data(), static_cast<int>(bytes.size()));
    std::string out(reinterpret_cast<const char *>(characters.data()), kCharacters);
    std::replace(out.begin(), out.end(), '+', '-');
    std::replace(out.begin(), out.end(), '/', '_');
    return out;
}

std::optional<ObjectId> read_cursor(const ObjectId &organization, std::string_view text) {
    const bool is_base64url = text.size() == kCharacters && std::all_of(text.begin(), text.end(), [](char c) {
                                  return ascii::is_alphanumeric(c) || c == '-' || c == '_';
                              });
    if (!is_base64url) return std::nullopt;
    std::string base64(text);
    std::replace(base64.begin(), base64.end(), '-', '+');
    std::replace(base64.begin(), base64.end(), '_', '/');
    std::array<std::uint8_t, kBytes> bytes{};
    if (EVP_DecodeBlock(bytes.data(), reinterpret_cast<const unsigned char *>(base64.data()),
                        static_cast<int>(base64.size())) != static_cast<int>(kBytes)) {
        return std::nullopt;
    }
    ObjectId last;
    std::copy_n(bytes.begin(), last.bytes.size(), last.bytes.begin());
    if (make_cursor(organization, last) != text) return std::nullopt;
    return last;
}

}  // namespace appcreate
