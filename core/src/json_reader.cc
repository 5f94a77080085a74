#include "json_reader.h"

#include <cstddef>
#include <cstdlib>
#include <new>

#include "json_fault.h"
#include "json_scan.h"

namespace appcreate {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::string_view kNumberMessage = "number is out of the range of 64-bit integers and IEEE 754 doubles";
// Pointers repeat the keys of the body, so hostile keys could make an answer of many times the body's size. The first
// pointer is always given.
constexpr std::size_t kMaxPointerBytes = 64 << 10;

// Finds the pointers of numbers by their place among all numbers of the document.
class NumberFinder {
  public:
    NumberFinder(const std::vector<std::size_t> &places, std::vector<Violation> &out) : places_(places), out_(out) {}

    void visit(const json_t *value) {
        switch (json_typeof(value)) {
            case JSON_OBJECT: {
                auto *object = const_cast<json_t *>(value);  // the iterators change nothing
                for (void *at = json_object_iter(object); at != nullptr && !done();
                     at = json_object_iter_next(object, at)) {
                    const std::size_t length = pointer_.size();
                    append_pointer(pointer_, {json_object_iter_key(at), json_object_iter_key_len(at)});
                    visit(json_object_iter_value(at));
                    pointer_.resize(length);
                }
                break;
            }
            case JSON_ARRAY:
                for (std::size_t i = 0; i < json_array_size(value) && !done(); ++i) {
                    const std::size_t length = pointer_.size();
                    append_pointer(pointer_, std::to_string(i));
                    visit(json_array_get(value, i));
                    pointer_.resize(length);
                }
                break;
            case JSON_INTEGER:
            case JSON_REAL:
                if (number_++ == places_[out_.size()]) {
                    out_.push_back({pointer_, std::string(kNumberMessage)});
                    pointer_bytes_ += pointer_.size();
                }
                break;
            default:
                break;
        }
    }

  private:
    [[nodiscard]] bool done() const noexcept {
        return out_.size() == places_.size() || pointer_bytes_ > kMaxPointerBytes;
    }

    const std::vector<std::size_t> &places_;
    std::vector<Violation> &out_;
    std::string pointer_;
    std::size_t number_ = 0;
    std::size_t pointer_bytes_ = 0;
};

// jansson (2.14, lex_save) overlooks that its buffer for one string could not grow, and goes on without the bytes. The
// buffer doubles while it is copied, so where there is no memory for that, jansson is not asked.
void ensure_memory(std::size_t text_size) {
    void *volatile probe = std::malloc(3 * text_size + 1);  // volatile, or the compiler sees that it is not needed
    if (probe == nullptr) throw std::bad_alloc();
    std::free(probe);
}

Json load(std::string_view text, json_error_t &error) {
    ensure_memory(text.size());
    // JSON_DECODE_ANY: a root that is no object is a violation, not a syntax error.
    constexpr std::size_t kFlags = JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL | JSON_DECODE_ANY;
    return Json(json_loadb(text.empty() ? "" : text.data(), text.size(), kFlags, &error));
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

Document read_json(std::string_view text) {
    Document document;
    if (text.starts_with(kByteOrderMark)) {
        document.malformed = fault_message(text, {0, "byte order mark"});
        return document;
    }
    const JsonScan scan = scan_json(text, kMaxDepth);
    std::vector<std::size_t> places;
    std::string patched;
    if (scan.unrepresentable) patched = patch_numbers(text, kMaxViolations, places);

    // jansson gets nothing beyond what stopped the scan, so it never recurses deeper than kMaxDepth.
    const std::string_view readable = text.substr(0, scan.end);
    json_error_t error;
    document.root = load(scan.unrepresentable ? std::string_view(patched).substr(0, scan.end) : readable, error);
    if (document.root == nullptr) {
        const JsonFault fault = find_fault(readable, error);
        if (scan.stop == JsonScan::Stop::kNone || fault.offset < scan.end) {
            document.malformed = fault_message(text, fault);
            return document;
        }
    }
    if (scan.stop != JsonScan::Stop::kNone) {
        document.root.reset();
        const bool deep = scan.stop == JsonScan::Stop::kDepth;
        document.malformed =
            fault_message(text, {scan.end, deep ? "nested deeper than 32 levels" : "unexpected character U+0000"});
        return document;
    }
    if (!places.empty()) NumberFinder(places, document.numbers).visit(document.root.get());
    return document;
}

}  // namespace appcreate
