#include "json_parser.h"

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <optional>
#include <set>
#include <utility>

#include "ascii.h"

namespace appcreate {
namespace {

namespace bj = boost::json;
using Kind = JsonNode::Kind;
using Reason = JsonStop::Reason;

// None: beyond what a double can hold, or not 0 but nearer to it than any.
std::optional<double> read_real(std::string_view number) noexcept {
    double value = 0;
    const auto result = std::from_chars(number.data(), number.data() + number.size(), value);
    if (result.ec == std::errc() && std::isfinite(value) && value != 0) return value;
    const std::string_view mantissa = number.substr(0, number.find_first_of("eE"));
    if (mantissa.find_first_not_of("-0.") != std::string_view::npos) return std::nullopt;
    return number.front() == '-' ? -0.0 : 0.0;
}

// What the parser tells of a text, as a tree. Its functions are named by the parser.
class TreeBuilder {
  public:
    static constexpr std::size_t max_object_size = SIZE_MAX;
    static constexpr std::size_t max_array_size = SIZE_MAX;
    static constexpr std::size_t max_key_size = SIZE_MAX;
    static constexpr std::size_t max_string_size = SIZE_MAX;

    TreeBuilder(std::string_view text, JsonTree &out) : text_(text), out_(out) {}

    // Why a function of this class returned false.
    [[nodiscard]] Reason refused() const noexcept { return refused_; }

    static bool on_document_begin(bj::error_code & /*error*/) { return true; }
    static bool on_document_end(bj::error_code & /*error*/) { return true; }

    bool on_object_begin(bj::error_code & /*error*/) { return open(Kind::kObject); }
    bool on_object_end(std::size_t /*n*/, bj::error_code & /*error*/) { return close(); }
    bool on_array_begin(bj::error_code & /*error*/) { return open(Kind::kArray); }
    bool on_array_end(std::size_t /*n*/, bj::error_code & /*error*/) { return close(); }

    bool on_key_part(bj::string_view part, std::size_t /*total*/, bj::error_code & /*error*/) { return gather(part); }
    bool on_key(bj::string_view last, std::size_t /*total*/, bj::error_code &error) {
        key_ = whole(last);
        if (key_.find('\0') != std::string_view::npos) return refuse(Reason::kNulInKey, error);
        return is_new(key_) || refuse(Reason::kDuplicateKey, error);
    }

    bool on_string_part(bj::string_view part, std::size_t /*total*/, bj::error_code & /*error*/) {
        return gather(part);
    }
    bool on_string(bj::string_view last, std::size_t /*total*/, bj::error_code & /*error*/) {
        push(Kind::kString).text = whole(last);
        return true;
    }

    static bool on_number_part(bj::string_view /*part*/, bj::error_code & /*error*/) { return true; }
    bool on_int64(std::int64_t value, bj::string_view /*text*/, bj::error_code & /*error*/) {
        push(Kind::kInteger).integer = value;
        return true;
    }
    bool on_uint64(std::uint64_t /*value*/, bj::string_view /*text*/, bj::error_code & /*error*/) {
        return push_unrepresentable();
    }
    // The parser's own value may be off by some units in the last place.
    bool on_double(double /*value*/, bj::string_view text, bj::error_code & /*error*/) {
        const std::string_view number(text.data(), text.size());
        const bool is_integer = number.find_first_of(".eE") == std::string_view::npos;
        const std::optional<double> value = is_integer ? std::nullopt : read_real(number);
        if (!value) return push_unrepresentable();
        push(Kind::kReal).real = *value;
        return true;
    }
    bool on_bool(bool value, bj::error_code & /*error*/) {
        push(Kind::kBoolean).integer = value ? 1 : 0;
        return true;
    }
    bool on_null(bj::error_code & /*error*/) {
        push(Kind::kNull);
        return true;
    }

    static bool on_comment_part(bj::string_view /*part*/, bj::error_code & /*error*/) { return true; }
    static bool on_comment(bj::string_view /*last*/, bj::error_code & /*error*/) { return true; }

  private:
    // An object or array that is not closed yet.
    struct Level {
        std::size_t node;
        std::size_t n_keys = 0;
        std::set<std::string_view> keys;  // all of them, from kFewKeys on
    };
    static constexpr std::size_t kFewKeys = 16;

    JsonNode &push(Kind kind) {
        JsonNode &node = out_.nodes.emplace_back();
        node.kind = kind;
        node.key = std::exchange(key_, {});
        return node;
    }

    bool push_unrepresentable() {
        out_.numbers.push_back(out_.nodes.size());
        push(Kind::kInteger);
        return true;
    }

    bool open(Kind kind) {
        levels_.push_back({.node = out_.nodes.size(), .keys = {}});
        push(kind);
        return true;
    }

    bool close() {
        const std::size_t node = levels_.back().node;
        levels_.pop_back();
        out_.nodes[node].n_nodes = static_cast<std::uint32_t>(out_.nodes.size() - node);
        return true;
    }

    bool refuse(Reason reason, bj::error_code &error) {
        refused_ = reason;
        error = bj::error::syntax;
        return false;
    }

    bool gather(bj::string_view part) {
        gathered_.append(part.data(), part.size());
        return true;
    }

    // What was gathered and `last`: where the text has it in one piece, there.
    std::string_view whole(bj::string_view last) {
        const std::less_equal<> not_after;
        const bool in_text =
            not_after(text_.data(), last.data()) && not_after(last.data(), text_.data() + text_.size());
        if (gathered_.empty() && in_text) return {last.data(), last.size()};
        gather(last);
        return out_.strings.emplace_front(std::exchange(gathered_, {}));
    }

    // Few keys are compared one by one; many would make that quadratic, and a hash could be made to collide.
    bool is_new(std::string_view key) {
        Level &level = levels_.back();
        if (level.n_keys++ < kFewKeys) {
            for (const JsonNode &member : members_of(level)) {
                if (member.key == key) return false;
            }
            return true;
        }
        if (level.keys.empty()) {
            for (const JsonNode &member : members_of(level)) level.keys.insert(member.key);
        }
        return level.keys.insert(key).second;
    }

    // The members that an open object has.
    [[nodiscard]] JsonNode::Children members_of(const Level &level) const noexcept {
        return {out_.nodes.data() + level.node + 1, out_.nodes.data() + out_.nodes.size()};
    }

    std::string_view text_;
    JsonTree &out_;
    std::vector<Level> levels_;
    std::string gathered_;  // of a key or string with escapes
    std::string_view key_;  // of the value to come
    Reason refused_ = Reason::kNone;
};

}  // namespace

JsonStop parse_json(std::string_view text, std::size_t max_depth, JsonTree &out) {
    constexpr std::size_t kFewNodes = 1000;
    out.nodes.reserve(1 + std::min(text.size() / 8, kFewNodes));  // what people send has eight bytes and more a value
    bj::parse_options options;
    options.max_depth = max_depth;
    bj::basic_parser<TreeBuilder> parser(options, text, out);
    bj::error_code error;
    const std::size_t end = parser.write_some(false, text.empty() ? "" : text.data(), text.size(), error);
    if (!error) return {end == text.size() ? Reason::kNone : Reason::kTrailing, end};
    if (parser.handler().refused() != Reason::kNone) return {parser.handler().refused(), end};
    if (error == bj::error::too_deep) return {Reason::kDepth, end};
    if (error == bj::error::exponent_overflow) return {Reason::kExponent, end};
    return {Reason::kSyntax, end};
}

void shorten_exponents(std::string &text) noexcept {
    constexpr std::ptrdiff_t kDigits = 9;
    const auto end = text.end();
    bool in_string = false;
    for (auto p = text.begin(); p != end; ++p) {
        if (in_string && *p == '\\') {
            if (++p == end) return;
        } else if (*p == '"') {
            in_string = !in_string;
        } else if (!in_string && ascii::lower(*p) == 'e') {
            const auto sign = p + 1;
            const auto digits = sign != end && (*sign == '+' || *sign == '-') ? sign + 1 : sign;
            const auto digits_end = std::find_if_not(digits, end, ascii::is_digit);
            const auto first = std::find_if(digits, digits_end, [](char c) { return c != '0'; });
            if (digits_end - first > kDigits) {
                std::fill(digits, digits_end - kDigits, '0');
                std::fill(digits_end - kDigits, digits_end, '9');
            }
        }
    }
}

}  // namespace appcreate
