#include "json_reader.h"

#include <cstddef>

#include "json_fault.h"

namespace appcreate {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::string_view kNumberMessage = "number is out of the range of 64-bit integers and IEEE 754 doubles";
// Pointers repeat the keys of the body, so hostile keys could make an answer of many times the body's size. The first
// pointer is always given.
constexpr std::size_t kMaxPointerBytes = 64 << 10;

// The pointer of a node, from the root down.
std::string pointer_of(const std::vector<JsonNode> &nodes, std::size_t index) {
    const JsonNode *const target = nodes.data() + index;
    std::string pointer;
    const JsonNode *at = nodes.data();
    while (at != target) {
        std::size_t i = 0;
        const JsonNode *inside = at + 1;
        for (; target >= inside + inside->n_nodes; ++i) inside += inside->n_nodes;
        append_pointer(pointer, at->is_object() ? inside->key : std::to_string(i));
        at = inside;
    }
    return pointer;
}

std::vector<Violation> number_violations(const JsonTree &tree) {
    std::vector<Violation> out;
    std::size_t pointer_bytes = 0;
    for (const std::size_t index : tree.numbers) {
        if (out.size() == kMaxViolations || pointer_bytes > kMaxPointerBytes) break;
        out.push_back({pointer_of(tree.nodes, index), std::string(kNumberMessage)});
        pointer_bytes += out.back().pointer.size();
    }
    return out;
}

JsonStop parse(std::string_view text, std::size_t max_depth, JsonTree &out) {
    const JsonStop stop = parse_json(text, max_depth, out);
    if (stop.reason != JsonStop::Reason::kExponent) return stop;
    out = JsonTree();
    std::string &shortened = out.strings.emplace_front(text);
    shorten_exponents(shortened);
    return parse_json(shortened, max_depth, out);
}

}  // namespace

void append_pointer(std::string &pointer, std::string_view token) {
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
    const JsonStop stop = parse(text, max_depth, document.tree);
    if (stop.reason != JsonStop::Reason::kNone) {
        document.tree = JsonTree();
        document.malformed = fault_message(text, find_fault(text, stop));
        return document;
    }
    document.numbers = number_violations(document.tree);
    return document;
}

}  // namespace appcreate
