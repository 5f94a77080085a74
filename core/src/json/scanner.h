// Reads a text that is known to be JSON where it lies, token by token: without a tree a body needs no memory but its
// own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace appcreate {

struct JsonToken {
    enum class Kind : std::uint8_t {
        kEnd,
        kObjectBegin,
        kObjectEnd,
        kArrayBegin,
        kArrayEnd,
        kKey,
        kString,
        kInteger,
        kReal,
        kTrue,
        kFalse,
        kNull
    };
    Kind kind = Kind::kEnd;
    bool escaped = false;   // a key or string with a backslash in it
    std::string_view text;  // as it stands in the text; of a key or string what is between the quotes

    // The key or string: unescaped, a copy in `buffer`; without escapes, a view into the input.
    [[nodiscard]] std::string_view meaning(std::string &buffer) const;
};

// A whole value.
struct JsonValue {
    JsonToken first;        // all of it but for an object or array
    std::string_view text;  // as it stands in the text

    [[nodiscard]] bool is_object() const noexcept { return first.kind == JsonToken::Kind::kObjectBegin; }
    [[nodiscard]] bool is_string() const noexcept { return first.kind == JsonToken::Kind::kString; }
};

class JsonScanner {
  public:
    // `text` is valid JSON, or the beginning of such a text, and must outlive what is read.
    explicit JsonScanner(std::string_view text) noexcept
        : begin_(text.data()), at_(text.data()), end_(text.data() + text.size()) {}

    // kEnd where the text ends, or breaks off within a token.
    JsonToken next() noexcept;
    // The value that comes now; after a key, its member's.
    JsonValue value() noexcept;
    // Of the byte after the last token.
    [[nodiscard]] std::size_t offset() const noexcept { return static_cast<std::size_t>(at_ - begin_); }

  private:
    JsonToken string() noexcept;
    JsonToken number() noexcept;
    JsonToken fixed(JsonToken::Kind kind, std::size_t size) noexcept;

    const char *begin_;
    const char *at_;
    const char *end_;
};

// Calls visit(key, value) for each member of an object, in the order of the text; `key` is valid during the call.
template <class Visit>
void each_member(const JsonValue &object, const Visit &visit) {
    std::string buffer;
    JsonScanner in(object.text);
    in.next();
    for (JsonToken key = in.next(); key.kind == JsonToken::Kind::kKey; key = in.next()) {
        const JsonValue value = in.value();
        visit(key.meaning(buffer), value);
    }
}

// The first quote or backslash from `at` on, or `end`.
const char *find_quote_or_backslash(const char *at, const char *end) noexcept;

// Reads the escape at `at`, a backslash, and steps over it, both halves of a pair of surrogates. The escape is valid.
std::uint32_t read_escape(const char *&at) noexcept;

void append_utf8(std::string &out, std::uint32_t c);

}  // namespace appcreate
