#include "request/head.h"

#include <algorithm>
#include <cstring>
#include <span>

#include "base/ascii.h"
#include "base/values.h"
#include "base/views.h"
#include "request/query.h"
#include "slug/slug.h"

namespace appcreate {
namespace {

constexpr std::size_t kMaxIdempotencyKey = 255;

std::span<const ac_str> lines(const ac_str *first, std::size_t n) noexcept {
    return first == nullptr ? std::span<const ac_str>() : std::span(first, n);
}

// Reads a field value by the grammar of RFC 9110, 5.6.
class FieldReader {
  public:
    explicit FieldReader(std::string_view value) noexcept : rest_(value) {}

    [[nodiscard]] bool at_end() const noexcept { return rest_.empty(); }
    bool take(char c) noexcept {
        if (rest_.empty() || rest_.front() != c) return false;
        rest_.remove_prefix(1);
        return true;
    }
    void skip_space() noexcept {
        while (take(' ') || take('\t')) {
        }
    }
    // Empty when there is none.
    std::string_view token() noexcept {
        const auto *end = std::find_if_not(rest_.begin(), rest_.end(), ascii::kTchar);
        const auto n = static_cast<std::size_t>(end - rest_.begin());
        const std::string_view token = rest_.substr(0, n);
        rest_.remove_prefix(n);
        return token;
    }
    // token or quoted-string, unescaped.
    std::optional<std::string> parameter_value() {
        if (!take('"')) {
            const std::string_view value = token();
            return value.empty() ? std::nullopt : std::optional<std::string>(value);
        }
        std::string value;
        while (!rest_.empty()) {
            if (take('"')) return value;
            take('\\');
            if (rest_.empty()) break;
            const char c = rest_.front();
            const auto byte = static_cast<unsigned char>(c);
            if ((byte < 0x20 && c != '\t') || byte == 0x7f) break;
            value += c;
            rest_.remove_prefix(1);
        }
        return std::nullopt;
    }

  private:
    std::string_view rest_;
};

// The second is no registered name, but what many programs send.
bool is_utf8(std::string_view charset) noexcept {
    return ascii::equals_ignoring_case(charset, "utf-8") || ascii::equals_ignoring_case(charset, "utf8");
}

bool is_json_type(std::string_view value) {
    FieldReader in(value);
    in.skip_space();
    if (!ascii::equals_ignoring_case(in.token(), "application") || !in.take('/') ||
        !ascii::equals_ignoring_case(in.token(), "json")) {
        return false;
    }
    for (in.skip_space(); !in.at_end(); in.skip_space()) {
        if (!in.take(';')) return false;
        in.skip_space();
        const std::string_view name = in.token();
        if (name.empty()) continue;  // RFC 9110, 5.6.6: a parameter may be left out
        if (!in.take('=')) return false;
        const std::optional<std::string> parameter = in.parameter_value();
        if (!parameter) return false;
        if (ascii::equals_ignoring_case(name, "charset") && !is_utf8(*parameter)) return false;
    }
    return true;
}

bool is_identity(std::string_view value) noexcept {
    FieldReader in(value);
    for (in.skip_space(); !in.at_end(); in.skip_space()) {
        if (in.take(',')) continue;  // list members may be empty
        if (!ascii::equals_ignoring_case(in.token(), "identity")) return false;
        in.skip_space();
        if (!in.at_end() && !in.take(',')) return false;
    }
    return true;
}

// Returns the message of a violation, or nothing.
std::string_view read_query(std::string_view query, bool &validate_only) noexcept {
    bool seen = false;
    while (!query.empty()) {
        const auto [name, value] = take_parameter(query);
        if (!equals_decoded(name, "validateOnly")) continue;
        if (seen) return "query parameter validateOnly must be sent at most once";
        seen = true;
        validate_only = equals_decoded(value, "true");
        if (!validate_only && !equals_decoded(value, "false")) {
            return "query parameter validateOnly must be true or false";
        }
    }
    return {};
}

std::string_view check_idempotency_key(std::span<const ac_str> values) noexcept {
    if (values.empty()) return {};
    if (values.size() > 1) return "header Idempotency-Key must be sent at most once";
    const std::string_view key = view(values[0]);
    const bool visible = std::all_of(key.begin(), key.end(), [](char c) { return c >= 0x21 && c <= 0x7e; });
    if (key.empty() || key.size() > kMaxIdempotencyKey || !visible) {
        return "header Idempotency-Key must be 1 to 255 visible ASCII characters";
    }
    return {};
}

}  // namespace

bool is_own_organization(const ac_key &key, std::string_view organization) noexcept {
    if ((key.flags & AC_KEY_ORG_ENABLED) == 0) return false;
    // A slug is never 24 hexadecimal digits, so the value's form says which of the two it is.
    if (is_hex24(organization)) return ascii::equals_ignoring_case(organization, view(key.organization));
    return is_organization_slug(organization) && ascii::equals_ignoring_case(organization, view(key.organization_slug));
}

HeadResult check_head(const ac_head &head) {
    HeadResult result;
    const auto types = lines(head.content_type, head.n_content_type);
    if (types.size() != 1 || !is_json_type(view(types[0]))) {
        result.code = AC_CODE_MEDIA_TYPE;
        return result;
    }
    const auto encodings = lines(head.content_encoding, head.n_content_encoding);
    if (!std::all_of(encodings.begin(), encodings.end(), [](const ac_str &line) { return is_identity(view(line)); })) {
        result.code = AC_CODE_MEDIA_TYPE;
        result.accept_identity = true;
        return result;
    }
    const auto keys = lines(head.idempotency_key, head.n_idempotency_key);
    std::string_view violation = read_query(view(head.query), result.validate_only);
    if (violation.empty()) violation = check_idempotency_key(keys);
    if (!violation.empty()) {
        result.code = AC_CODE_VALIDATION;
        result.message = violation;
        return result;
    }
    if (!keys.empty()) result.idempotency_key = view(keys[0]);
    return result;
}

}  // namespace appcreate
