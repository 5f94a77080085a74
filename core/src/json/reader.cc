#include "json/reader.h"

#include <algorithm>
#include <cstddef>

#include "json/fault.h"
#include "json/parser.h"
#include "json/rules.h"
#include "json/writer.h"

namespace appcreate {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::string_view kNumberMessage = "number is out of the range of 64-bit integers and IEEE 754 doubles";
// Pointers repeat the keys of the body, so hostile keys could make an answer of many times the body's size. The first
// pointer is always given.
constexpr std::size_t kMaxPointerBytes = 64 << 10;

// Where in the document a token is.
class Path {
  public:
    // Every token but kEnd, in the order of the text.
    void enter(const JsonToken &token) {
        using Kind = JsonToken::Kind;
        if (token.kind == Kind::kObjectEnd || token.kind == Kind::kArrayEnd) {
            steps_.pop_back();
            return;
        }
        if (token.kind == Kind::kKey) {
            steps_.back().key = token;
            return;
        }
        if (!steps_.empty()) ++steps_.back().element;
        if (token.kind == Kind::kObjectBegin || token.kind == Kind::kArrayBegin) {
            steps_.push_back({token.kind == Kind::kObjectBegin, {}, 0});
        }
    }

    // Of the value that was entered last, which is a number.
    [[nodiscard]] std::string pointer() const {
        std::string out;
        std::string buffer;
        for (const Step &step : steps_) {
            append_pointer(out, step.in_object ? step.key.meaning(buffer) : std::to_string(step.element - 1));
        }
        return out;
    }

  private:
    struct Step {
        bool in_object;
        JsonToken key;
        std::size_t element;  // values so far
    };
    std::vector<Step> steps_;
};

std::vector<Violation> number_violations(std::string_view text, const std::vector<std::size_t> &numbers) {
    std::vector<Violation> out;
    std::size_t pointer_bytes = 0;
    JsonScanner in(text);
    Path path;
    for (const std::size_t number : numbers) {
        if (pointer_bytes > kMaxPointerBytes) break;
        while (in.offset() <= number) path.enter(in.next());
        out.push_back({path.pointer(), std::string(kNumberMessage)});
        pointer_bytes += out.back().pointer.size();
    }
    return out;
}

JsonStop parse(std::string_view text, std::size_t max_depth) {
    const JsonStop stop = parse_json(text, max_depth);
    if (stop.reason != JsonStop::Reason::kExponent) return stop;
    std::string shortened(text);
    shorten_exponents(shortened);
    return parse_json(shortened, max_depth);
}

}  // namespace

void append_pointer(std::string &pointer, std::string_view token) {
    const auto escapes = std::count_if(token.begin(), token.end(), [](char c) { return c == '~' || c == '/'; });
    pointer.reserve(pointer.size() + 1 + token.size() + static_cast<std::size_t>(escapes));
    pointer += '/';
    for (const char c : token) {
        if (c == '~') {
            pointer += "~0";
        } else if (c == '/') {
            pointer += "~1";
        } else {
            pointer += c;
        }
    }
}

Document read_json(std::string_view text, std::size_t max_depth) {
    Document document;
    if (text.starts_with(kByteOrderMark)) {
        document.malformed = fault_message(text, {0, "byte order mark"});
        return document;
    }
    const JsonRules rules = check_rules(text, parse(text, max_depth), kMaxViolations);
    if (rules.stop.reason != JsonStop::Reason::kNone) {
        document.malformed = fault_message(text, find_fault(text, rules.stop));
        return document;
    }
    document.root = JsonScanner(text).value();
    document.numbers = number_violations(text, rules.numbers);
    return document;
}

bool is_same_json(std::string_view a, std::string_view b) {
    if (a == b) return true;
    const Document left = read_json(a, kMaxStoredDepth);
    const Document right = read_json(b, kMaxStoredDepth);
    if (left.is_malformed() || right.is_malformed()) return false;
    // Each would be written as 0.
    if (!left.numbers.empty() || !right.numbers.empty()) return false;
    std::string left_text;
    std::string right_text;
    append_compact(left_text, left.root.text);
    append_compact(right_text, right.root.text);
    return left_text == right_text;
}

}  // namespace appcreate
