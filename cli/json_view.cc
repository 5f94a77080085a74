#include "json_view.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <new>

#include "command.h"

namespace appctl {
namespace {

// As the library writes reals: the fewest digits that read back the same, an exponent below 1e-4 and from 1e16 on, ".0"
// kept between. jansson would print 0.1 as 0.10000000000000001.
std::string real(double value) {
    const double size = std::abs(value);
    const bool is_plain = size == 0 || (size >= 1e-4 && size < 1e16);
    std::array<char, 64> text;
    const auto result = std::to_chars(text.data(), text.data() + text.size(), value,
                                      is_plain ? std::chars_format::fixed : std::chars_format::scientific);
    std::string out(text.data(), result.ptr);
    if (is_plain && out.find('.') == std::string::npos) out += ".0";
    return out;
}

std::string_view text_of(const json_t *string) noexcept {
    return {json_string_value(string), json_string_length(string)};
}

// jansson spells controls as \u001F, the library as \u001f.
std::string quoted(std::string_view text) {
    constexpr std::string_view kShort = "\b\t\n\f\r\"\\";
    constexpr std::string_view kLetters = "btnfr\"\\";
    constexpr std::string_view kHex = "0123456789abcdef";
    std::string out = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (const std::size_t at = kShort.find(c); at != std::string_view::npos) {
            out.append(1, '\\').append(1, kLetters[at]);
        } else if (byte < 0x20) {
            out.append("\\u00").append(1, kHex[byte >> 4]).append(1, kHex[byte & 15]);
        } else {
            out += c;
        }
    }
    return out + "\"";
}

class Printer {
  public:
    explicit Printer(bool is_indented) noexcept : is_indented_(is_indented) {}

    void value(const json_t *json) {
        switch (json_typeof(json)) {
            case JSON_OBJECT:
                object(json);
                break;
            case JSON_ARRAY:
                array(json);
                break;
            case JSON_STRING:
                out_ += harmless(quoted(text_of(json)));
                break;
            case JSON_INTEGER:
                out_ += std::to_string(json_integer_value(json));
                break;
            case JSON_REAL:
                out_ += real(json_real_value(json));
                break;
            case JSON_TRUE:
                out_ += "true";
                break;
            case JSON_FALSE:
                out_ += "false";
                break;
            case JSON_NULL:
                out_ += "null";
                break;
        }
    }

    std::string take() { return std::move(out_); }

  private:
    void object(const json_t *json) {
        // jansson iterates in the order of the text, but takes no const object.
        auto *const members = const_cast<json_t *>(json);
        container('{', '}', json_object_size(json), [&] {
            const char *key = nullptr;
            json_t *member = nullptr;
            json_object_foreach(members, key, member) {
                next();
                out_ += harmless(quoted(key)) + (is_indented_ ? ": " : ":");
                value(member);
            }
        });
    }

    void array(const json_t *json) {
        container('[', ']', json_array_size(json), [&] {
            for (std::size_t i = 0; i < json_array_size(json); ++i) {
                next();
                value(json_array_get(json, i));
            }
        });
    }

    template <class Fill>
    void container(char begin, char end, std::size_t size, const Fill &fill) {
        out_ += begin;
        ++depth_;
        is_first_ = true;
        fill();
        is_first_ = false;
        --depth_;
        if (size != 0) line();
        out_ += end;
    }

    void next() {
        if (!is_first_) out_ += ',';
        is_first_ = false;
        line();
    }

    void line() {
        if (is_indented_) out_.append(1, '\n').append(2 * depth_, ' ');
    }

    const bool is_indented_;
    std::string out_;
    std::size_t depth_ = 0;
    bool is_first_ = false;
};

std::string print_as(const json_t *value, bool is_indented) {
    Printer printer(is_indented);
    printer.value(value);
    return printer.take();
}

}  // namespace

Json parse(std::string_view text) {
    json_error_t error;
    Json out(json_loadb(text.data(), text.size(), JSON_DECODE_ANY | JSON_ALLOW_NUL, &error));
    if (!out) throw Failed(std::string("what the store holds is no JSON: ") + error.text + "; run \"appctl check\"");
    return out;
}

Json made(json_t *value) {
    if (value == nullptr) throw std::bad_alloc();
    return Json(value);
}

std::string compact(const json_t *value) {
    struct Free {
        void operator()(char *text) const noexcept { std::free(text); }
    };
    const std::unique_ptr<char, Free> text(json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY));
    if (!text) throw std::bad_alloc();
    return text.get();
}

std::string readable(const json_t *value) {
    if (value == nullptr || json_is_null(value)) return "-";
    if (json_is_string(value)) return harmless(text_of(value));
    if (!json_is_array(value)) return print_as(value, false);
    if (json_array_size(value) == 0) return "-";
    std::string out;
    for (std::size_t i = 0; i < json_array_size(value); ++i) {
        if (i != 0) out += ", ";
        out += readable(json_array_get(value, i));
    }
    return out;
}

std::string readable(const json_t *object, const char *key) { return readable(json_object_get(object, key)); }

std::string indented(std::string_view json) { return print_as(parse(json).get(), true); }

// C0 and C1 controls, the latter as UTF-8's C2 80 to C2 9F.
std::string harmless(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        const bool is_c1 = byte == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0;
        if (byte < 0x20 || byte == 0x7f || is_c1) {
            out += '?';
            if (is_c1) ++i;
        } else {
            out += text[i];
        }
    }
    return out;
}

}  // namespace appctl
