// Small values that every folder uses: ids, roles, languages, times.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace appcreate {

// A MongoDB ObjectId: 4 bytes of seconds, 5 random bytes of the process, 3 bytes of a counter.
struct ObjectId {
    std::array<std::uint8_t, 12> bytes{};

    // 24 hexadecimal digits of any case; nullopt otherwise.
    static std::optional<ObjectId> parse(std::string_view text) noexcept;
    // A new one. Thread-safe; the random part is drawn again after a fork.
    static ObjectId make();

    [[nodiscard]] std::string hex() const;     // lower case
    void write_hex(char *out) const noexcept;  // 24 bytes, no NUL
    friend bool operator==(const ObjectId &, const ObjectId &) = default;
    // clang-tidy 14 takes the default's own 0 for a pointer.
    friend auto operator<=>(const ObjectId &, const ObjectId &) = default;  // NOLINT(modernize-use-nullptr)
};

bool is_hex24(std::string_view text) noexcept;

// "security.role" (docs/api.md, "Response").
inline constexpr std::array<std::string_view, 9> kRoles = {"org.owner",  "org.admin",  "org.editor",
                                                           "org.viewer", "app.owner",  "app.admin",
                                                           "app.editor", "app.viewer", "unknown"};
std::optional<std::uint8_t> role_index(std::string_view role) noexcept;

// "configuration.notificationLanguage" (docs/api.md, "Fields").
inline constexpr std::array<std::string_view, 8> kLanguages = {"es", "en", "fr", "de", "it", "zh", "pt", "ru"};

std::int64_t now_ms() noexcept;        // since 1970
std::int64_t monotonic_ns() noexcept;  // CLOCK_MONOTONIC

// YYYY-MM-DDTHH:MM:SS.mmmZ, 24 bytes.
void write_timestamp(std::int64_t ms, char *out) noexcept;
std::string timestamp(std::int64_t ms);
// RFC 3339, any offset; nullopt when malformed.
std::optional<std::int64_t> parse_timestamp(std::string_view text) noexcept;

void write_lower_hex(const std::uint8_t *bytes, std::size_t n, char *out) noexcept;  // 2 * n bytes, no NUL

}  // namespace appcreate
