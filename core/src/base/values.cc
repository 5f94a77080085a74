#include "base/values.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <ctime>

#include "base/ascii.h"

namespace appcreate {
namespace {

void write_digits(char *out, int width, unsigned value) noexcept {
    for (int i = width - 1; i >= 0; --i, value /= 10) out[i] = static_cast<char>('0' + value % 10);
}

// The years that four digits can write.
constexpr std::int64_t kFirstMs = -62167219200000;  // 0000-01-01T00:00:00.000Z
constexpr std::int64_t kLastMs = 253402300799999;   // 9999-12-31T23:59:59.999Z

// Reads RFC 3339 from left to right; after a failure everything fails.
class TimeReader {
  public:
    explicit TimeReader(std::string_view text) noexcept : rest_(text) {}

    int digits(std::size_t n) noexcept {
        int value = 0;
        if (rest_.size() < n) return fail();
        const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + n, value);
        if (error != std::errc() || end != rest_.data() + n || rest_[0] == '-') return fail();
        rest_.remove_prefix(n);
        return value;
    }
    bool take(std::string_view any_of) noexcept {
        if (rest_.empty() || any_of.find(rest_[0]) == std::string_view::npos) return false;
        rest_.remove_prefix(1);
        return true;
    }
    void expect(std::string_view any_of) noexcept {
        if (!take(any_of)) fail();
    }
    // Milliseconds; further digits are dropped.
    int fraction() noexcept {
        int value = 0;
        std::size_t n = 0;
        for (; n < rest_.size() && ascii::is_digit(rest_[n]); ++n) {
            if (n < 3) value = value * 10 + (rest_[n] - '0');
        }
        if (n == 0) return fail();
        rest_.remove_prefix(n);
        for (; n < 3; ++n) value *= 10;
        return value;
    }
    [[nodiscard]] bool ok_at_end() const noexcept { return ok_ && rest_.empty(); }

  private:
    int fail() noexcept {
        ok_ = false;
        rest_ = {};
        return 0;
    }

    std::string_view rest_;
    bool ok_ = true;
};

}  // namespace

bool is_hex24(std::string_view text) noexcept {
    return text.size() == 24 && std::all_of(text.begin(), text.end(), [](char c) { return ascii::hex_value(c) >= 0; });
}

void write_lower_hex(const std::uint8_t *bytes, std::size_t n, char *out) noexcept {
    constexpr std::string_view kDigits = "0123456789abcdef";
    for (std::size_t i = 0; i < n; ++i) {
        *out++ = kDigits[bytes[i] >> 4];
        *out++ = kDigits[bytes[i] & 15];
    }
}

std::optional<ObjectId> ObjectId::parse(std::string_view text) noexcept {
    if (!is_hex24(text)) return std::nullopt;
    ObjectId id;
    for (std::size_t i = 0; i < id.bytes.size(); ++i) {
        id.bytes[i] = static_cast<std::uint8_t>(ascii::hex_value(text[2 * i]) << 4 | ascii::hex_value(text[2 * i + 1]));
    }
    return id;
}

void ObjectId::write_hex(char *out) const noexcept { write_lower_hex(bytes.data(), bytes.size(), out); }

std::string ObjectId::hex() const {
    std::string text(24, '\0');
    write_hex(text.data());
    return text;
}

std::optional<std::uint8_t> role_index(std::string_view role) noexcept {
    const auto *found = std::find(kRoles.begin(), kRoles.end(), role);
    if (found == kRoles.end()) return std::nullopt;
    return static_cast<std::uint8_t>(found - kRoles.begin());
}

std::int64_t now_ms() noexcept {
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    return static_cast<std::int64_t>(now.tv_sec) * 1000 + now.tv_nsec / 1000000;
}

std::int64_t monotonic_ns() noexcept {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<std::int64_t>(now.tv_sec) * 1000000000 + now.tv_nsec;
}

void write_timestamp(std::int64_t ms, char *out) noexcept {
    using namespace std::chrono;
    const sys_time<milliseconds> time{milliseconds(std::clamp(ms, kFirstMs, kLastMs))};
    const auto day = floor<days>(time);
    const year_month_day date(day);
    const hh_mm_ss<milliseconds> clock(time - day);
    write_digits(out, 4, static_cast<unsigned>(static_cast<int>(date.year())));
    out[4] = '-';
    write_digits(out + 5, 2, static_cast<unsigned>(date.month()));
    out[7] = '-';
    write_digits(out + 8, 2, static_cast<unsigned>(date.day()));
    out[10] = 'T';
    write_digits(out + 11, 2, static_cast<unsigned>(clock.hours().count()));
    out[13] = ':';
    write_digits(out + 14, 2, static_cast<unsigned>(clock.minutes().count()));
    out[16] = ':';
    write_digits(out + 17, 2, static_cast<unsigned>(clock.seconds().count()));
    out[19] = '.';
    write_digits(out + 20, 3, static_cast<unsigned>(clock.subseconds().count()));
    out[23] = 'Z';
}

std::string timestamp(std::int64_t ms) {
    std::string text(24, '\0');
    write_timestamp(ms, text.data());
    return text;
}

std::optional<std::int64_t> parse_timestamp(std::string_view text) noexcept {
    using namespace std::chrono;
    TimeReader in(text);
    const int y = in.digits(4);
    in.expect("-");
    const int mon = in.digits(2);
    in.expect("-");
    const int d = in.digits(2);
    in.expect("Tt ");  // RFC 3339, 5.6: a space may stand for the T
    const int h = in.digits(2);
    in.expect(":");
    const int min = in.digits(2);
    in.expect(":");
    const int s = in.digits(2);
    const int ms = in.take(".") ? in.fraction() : 0;
    int offset = 0;
    if (!in.take("Zz")) {
        const bool west = in.take("-");
        if (!west) in.expect("+");
        const int off_h = in.digits(2);
        in.expect(":");
        const int off_min = in.digits(2);
        if (off_h > 23 || off_min > 59) return std::nullopt;
        offset = (off_h * 60 + off_min) * (west ? -1 : 1);
    }
    const year_month_day date(year(y), month(static_cast<unsigned>(mon)), day(static_cast<unsigned>(d)));
    // 60 is a leap second.
    if (!in.ok_at_end() || !date.ok() || h > 23 || min > 59 || s > 60) return std::nullopt;
    const auto time = sys_days(date) + hours(h) + minutes(min - offset) + seconds(s) + milliseconds(ms);
    return time.time_since_epoch().count();
}

}  // namespace appcreate
