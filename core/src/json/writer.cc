#include "json/writer.h"

#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include "json/numbers.h"
#include "json/scanner.h"

namespace appcreate {
namespace {

// What stands after the backslash: 'u' for \u00XX; 0 for a byte that stands for itself.
constexpr std::array<char, 256> escapes() {
    std::array<char, 256> table{};
    for (std::size_t c = 0; c < 0x20; ++c) table[c] = 'u';
    table['\b'] = 'b';
    table['\t'] = 't';
    table['\n'] = 'n';
    table['\f'] = 'f';
    table['\r'] = 'r';
    table['"'] = '"';
    table['\\'] = '\\';
    return table;
}
constexpr std::array<char, 256> kEscapes = escapes();

void append_escape(std::string &out, unsigned char c) {
    constexpr std::string_view kHex = "0123456789abcdef";
    out += '\\';
    out += kEscapes[c];
    if (kEscapes[c] == 'u') {
        out += "00";
        out += kHex[c >> 4];
        out += kHex[c & 15];
    }
}

// What of a JSON value is not passed on yet.
struct Rest {
    std::string_view text;
    bool in_string;  // it begins within a string
};

// Passes a JSON value on in compact form, in pieces as long as possible: pass(piece, rest).
template <class Pass>
class Compactor {
  public:
    Compactor(const Rest &json, const Pass &pass)
        : run_(json.text.data()),
          at_(json.text.data()),
          end_(json.text.data() + json.text.size()),
          in_string_(json.in_string),
          pass_(pass) {}

    void run() {
        if (in_string_) finish_string();
        while (at_ != end_) {
            switch (*at_) {
                case ' ':
                case '\t':
                case '\n':
                case '\r':
                    flush();
                    run_ = ++at_;
                    break;
                case '"':
                    string();
                    break;
                case '-':
                case '0':
                case '1':
                case '2':
                case '3':
                case '4':
                case '5':
                case '6':
                case '7':
                case '8':
                case '9':
                    number();
                    break;
                default:
                    ++at_;
            }
        }
        flush();
    }

  private:
    [[nodiscard]] std::string_view from(const char *begin) const noexcept {
        return {begin, static_cast<std::size_t>(at_ - begin)};
    }
    [[nodiscard]] Rest rest() const noexcept { return {{at_, static_cast<std::size_t>(end_ - at_)}, in_string_}; }

    void flush() {
        if (at_ != run_) pass_(from(run_), rest());
    }

    void string() {
        ++at_;
        in_string_ = true;
        finish_string();
    }

    void finish_string() {
        at_ = find_quote_or_backslash(at_, end_);
        while (at_ != end_ && *at_ == '\\') escape();
        if (at_ != end_) ++at_;
        in_string_ = false;
    }

    // One escape, and what follows it in the string.
    void escape() {
        flush();
        const std::uint32_t c = read_escape(at_);
        piece_.clear();
        if (c < 0x80 && kEscapes[c] != 0) {
            append_escape(piece_, static_cast<unsigned char>(c));
        } else {
            append_utf8(piece_, c);
        }
        pass_(std::string_view(piece_), rest());
        run_ = at_;
        at_ = find_quote_or_backslash(at_, end_);
    }

    void number() {
        const char *const begin = at_;
        const JsonToken token = JsonScanner(rest().text).next();
        at_ += token.text.size();
        const bool real = token.kind == JsonToken::Kind::kReal;
        if (real ? is_real_canonical(token.text) : token.text != "-0") return;
        RealText text;
        const std::string_view written = real ? write_real(read_real(token.text).value_or(0), text) : "0";
        const char *const after = std::exchange(at_, begin);
        flush();
        at_ = after;
        pass_(written, rest());
        run_ = at_;
    }

    const char *run_;  // from here to `at_` all stays as it is
    const char *at_;
    const char *end_;
    bool in_string_;
    const Pass &pass_;
    std::string piece_;
};

template <class Pass>
void compact(const Rest &json, const Pass &pass) {
    Compactor<Pass>(json, pass).run();
}

std::size_t compact_size(const Rest &json) {
    std::size_t size = 0;
    compact(json, [&size](std::string_view piece, const Rest & /*rest*/) { size += piece.size(); });
    return size;
}

// std::string would take twice what it has.
void reserve_exactly(std::string &out, std::size_t capacity) {
    if (out.capacity() >= capacity) return;
    std::string larger;
    larger.reserve(capacity);
    larger += out;
    out.swap(larger);
}

}  // namespace

void append_string(std::string &out, std::string_view text) {
    out += '"';
    const char *run = text.data();
    const char *const end = run + text.size();
    for (const char *p = run; p != end; ++p) {
        const auto c = static_cast<unsigned char>(*p);
        if (kEscapes[c] == 0) continue;
        out.append(run, p);
        append_escape(out, c);
        run = p + 1;
    }
    out.append(run, end);
    out += '"';
}

void append_integer(std::string &out, std::int64_t value) {
    std::array<char, 20> text;
    const auto result = std::to_chars(text.data(), text.data() + text.size(), value);
    out.append(text.data(), result.ptr);
}

void append_real(std::string &out, double value) {
    RealText text;
    out += std::isfinite(value) ? write_real(value, text) : "null";
}

std::size_t string_size(std::string_view text) noexcept {
    std::size_t size = text.size() + 2;
    for (const char c : text) {
        const char escape = kEscapes[static_cast<unsigned char>(c)];
        if (escape != 0) size += escape == 'u' ? 5 : 1;
    }
    return size;
}

void append_compact(std::string &out, std::string_view json) {
    // Only reals can become longer: 1e15 has 18 characters.
    reserve_exactly(out, out.size() + json.size());
    compact({json, false}, [&out](std::string_view piece, const Rest &rest) {
        if (out.capacity() - out.size() < piece.size()) {
            reserve_exactly(out, out.size() + piece.size() + compact_size(rest));
        }
        out += piece;
    });
}

}  // namespace appcreate
