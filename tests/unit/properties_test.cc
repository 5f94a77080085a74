// What holds for any input: tried with many that are drawn from a fixed seed.
#include <gtest/gtest.h>
#include <jansson.h>
#include <unicode/uchar.h>

#include <cmath>
#include <cstring>
#include <memory>
#include <random>

#include "json/reader.h"
#include "json/writer.h"
#include "request/application.h"
#include "request/record.h"
#include "slug/slug.h"

namespace appcreate::test {
namespace {

using std::string_view_literals::operator""sv;

struct JsonFree {
    void operator()(json_t *value) const noexcept { json_decref(value); }
};
using Json = std::unique_ptr<json_t, JsonFree>;

class Draw {
  public:
    std::uint64_t bits() { return engine_(); }
    std::uint64_t below(std::uint64_t n) { return engine_() % n; }

    char32_t code_point() {
        constexpr char32_t kRanges[][2] = {{0, 0x7f},        {0x20, 0x7e},       {0x80, 0x2ff},      {0x300, 0x36f},
                                           {0x370, 0x1fff},  {0x2000, 0x206f},   {0x3040, 0x30ff},   {0x4e00, 0x9fff},
                                           {0xe000, 0xffff}, {0x1f300, 0x1faff}, {0x10000, 0x10ffff}};
        const auto &range = kRanges[below(std::size(kRanges))];
        return static_cast<char32_t>(range[0] + below(range[1] - range[0] + 1));
    }
    std::string text(std::size_t max_length) {
        std::string out;
        for (std::size_t n = below(max_length + 1); n > 0; --n) append_utf8(out, code_point());
        return out;
    }
    std::string ascii(std::size_t max_length) {
        std::string out;
        for (std::size_t n = below(max_length + 1); n > 0; --n) out += static_cast<char>(below(0x80));
        return out;
    }
    double real() {
        for (;;) {
            double value = 0;
            const std::uint64_t drawn = bits();
            std::memcpy(&value, &drawn, sizeof(value));
            if (std::isfinite(value)) return below(2) == 0 ? value : std::ldexp(static_cast<double>(bits()), -40);
        }
    }
    Json json(int depth) {
        switch (below(depth > 0 ? 8 : 6)) {
            case 0:
                return Json(json_integer(static_cast<json_int_t>(bits() >> below(64))));
            case 1:
                return Json(json_real(real()));
            case 2: {
                const std::string value = text(12);
                return Json(json_stringn(value.data(), value.size()));
            }
            case 3:
                return Json(json_true());
            case 4:
                return Json(json_false());
            case 5:
                return Json(json_null());
            case 6: {
                Json array(json_array());
                for (std::size_t n = below(5); n > 0; --n)
                    json_array_append_new(array.get(), json(depth - 1).release());
                return array;
            }
            default:
                return object(depth);
        }
    }
    Json object(int depth) {
        Json result(json_object());
        for (std::size_t n = below(5); n > 0; --n) {
            std::string key = text(6);
            std::erase(key, '\0');
            json_object_setn_new(result.get(), key.data(), key.size(), json(depth - 1).release());
        }
        return result;
    }

    static void append_utf8(std::string &out, char32_t c) {
        if (c >= 0xd800 && c <= 0xdfff) c = U'?';
        if (c < 0x80) {
            out += static_cast<char>(c);
        } else if (c < 0x800) {
            out += static_cast<char>(0xc0 | c >> 6);
            out += static_cast<char>(0x80 | (c & 0x3f));
        } else if (c < 0x10000) {
            out += static_cast<char>(0xe0 | c >> 12);
            out += static_cast<char>(0x80 | (c >> 6 & 0x3f));
            out += static_cast<char>(0x80 | (c & 0x3f));
        } else {
            out += static_cast<char>(0xf0 | c >> 18);
            out += static_cast<char>(0x80 | (c >> 12 & 0x3f));
            out += static_cast<char>(0x80 | (c >> 6 & 0x3f));
            out += static_cast<char>(0x80 | (c & 0x3f));
        }
    }

  private:
    std::mt19937_64 engine_{20260314};
};

std::string write(const json_t *value, std::size_t flags) {
    char *text = json_dumps(value, flags | JSON_ENCODE_ANY);
    std::string out(text);
    free(text);
    return out;
}

// With the rules of a body.
Json read(std::string_view text) {
    return Json(
        json_loadb(text.data(), text.size(), JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL | JSON_DECODE_ANY, nullptr));
}

// Equal with types, signs of zero and order, which json_equal() does not look at.
bool same(const json_t *a, const json_t *b) {
    if (json_typeof(a) != json_typeof(b)) return false;
    if (json_is_real(a)) {
        const double left = json_real_value(a);
        const double right = json_real_value(b);
        return std::memcmp(&left, &right, sizeof(left)) == 0;
    }
    if (json_is_array(a)) {
        if (json_array_size(a) != json_array_size(b)) return false;
        for (std::size_t i = 0; i < json_array_size(a); ++i) {
            if (!same(json_array_get(a, i), json_array_get(b, i))) return false;
        }
        return true;
    }
    if (!json_is_object(a)) return json_equal(a, b) == 1;
    auto *left = const_cast<json_t *>(a);
    auto *right = const_cast<json_t *>(b);
    void *i = json_object_iter(left);
    void *j = json_object_iter(right);
    for (; i != nullptr && j != nullptr; i = json_object_iter_next(left, i), j = json_object_iter_next(right, j)) {
        const std::string_view key(json_object_iter_key(i), json_object_iter_key_len(i));
        if (key != std::string_view(json_object_iter_key(j), json_object_iter_key_len(j))) return false;
        if (!same(json_object_iter_value(i), json_object_iter_value(j))) return false;
    }
    return i == nullptr && j == nullptr;
}

TEST(Property, MetadataReadBackEqualsWhatWasSent) {
    Draw draw;
    for (int i = 0; i < 3000; ++i) {
        const Json metadata = draw.object(5);
        const std::string body = R"({"name":"abc","metadata":)" + write(metadata.get(), JSON_COMPACT) + "}";
        Application application;
        ASSERT_TRUE(read_application(body, application).empty()) << body;
        RecordFacts facts;
        facts.slug = "abc";
        std::string answer;
        render_answer(answer, application, facts);
        const Json read_back = read(answer);
        ASSERT_NE(read_back, nullptr) << answer;
        const json_t *kept = json_object_get(json_object_get(read_back.get(), "data"), "metadata");
        ASSERT_TRUE(same(metadata.get(), kept)) << body;
    }
}

// What the core reads and writes again, or an empty text for what it finds malformed.
std::string rewritten(std::string_view text) {
    const Document document = read_json(text);
    std::string out;
    if (!document.is_malformed()) append_compact(out, document.root.text);
    return out;
}

TEST(Property, WhatJanssonWroteIsRead) {
    Draw draw;
    for (int i = 0; i < 1000; ++i) {
        const Json value = draw.object(4);
        for (const std::size_t flags : {JSON_ENSURE_ASCII | JSON_INDENT(2), JSON_ESCAPE_SLASH | JSON_COMPACT}) {
            EXPECT_TRUE(same(value.get(), read(rewritten(write(value.get(), flags))).get()));
        }
    }
}

// Texts that are wrong in one place or two, or just still right.
TEST(Property, IsMalformedWhereJanssonFindsIt) {
    Draw draw;
    int malformed = 0;
    for (int i = 0; i < 20000; ++i) {
        std::string text = write(draw.object(3).get(), draw.below(2) == 0 ? JSON_COMPACT : JSON_ENSURE_ASCII);
        for (std::uint64_t n = draw.below(3); n > 0; --n) {
            constexpr std::string_view kBytes = "\"\\{}[]:, 0e.-+u1d8fntrua\x80\xC3\xED";
            const char byte = kBytes[draw.below(kBytes.size())];
            const std::size_t at = draw.below(text.size());
            switch (draw.below(3)) {
                case 0:
                    text[at] = byte;
                    break;
                case 1:
                    text.insert(at, 1, byte);
                    break;
                default:
                    text.erase(at, 1);
            }
            if (text.empty()) break;
        }
        if (!read_json(text).numbers.empty()) continue;  // jansson calls them malformed
        const Json value = read(text);
        if (value == nullptr) {
            ++malformed;
            EXPECT_EQ(rewritten(text), "") << text;
        } else {
            EXPECT_TRUE(same(value.get(), read(rewritten(text)).get())) << text;
        }
    }
    EXPECT_GT(malformed, 5000);
    EXPECT_LT(malformed, 15000);
}

TEST(Property, RealsReadBackTheSame) {
    Draw draw;
    for (int i = 0; i < 20000; ++i) {
        const double value = draw.real();
        std::string text;
        append_real(text, value);
        ASSERT_NE(text.find_first_of(".e"), std::string::npos) << text;
        const double back = std::strtod(text.c_str(), nullptr);
        ASSERT_EQ(std::memcmp(&value, &back, sizeof(value)), 0) << text;
        ASSERT_LE(text.size(), 26U) << text;
    }
}

// ^[a-z0-9][a-z0-9-]+[a-z0-9]$, 3 to 128 characters, never 24 hexadecimal digits.
bool is_slug(const std::string &slug) {
    if (slug.size() < 3 || slug.size() > 128 || slug.front() == '-' || slug.back() == '-') return false;
    if (slug.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") != std::string::npos) return false;
    return slug.size() != 24 || slug.find_first_not_of("0123456789abcdef") != std::string::npos;
}

TEST(Property, SlugsMatchTheirPattern) {
    Draw draw;
    int empty = 0;
    for (int i = 0; i < 1000; ++i) {
        const std::string name = draw.text(128);
        std::string slug = slug_of_name(name);
        if (slug.empty()) {
            ++empty;
            slug = slug_of_id("507f1f77bcf86cd799439011");
        }
        ASSERT_TRUE(is_slug(slug)) << slug;
        const std::string numbered = numbered_slug(slug, 2 + (draw.bits() >> draw.below(64)) % UINT64_MAX);
        ASSERT_TRUE(is_slug(numbered)) << numbered;
    }
    EXPECT_LT(empty, 500);
}

TEST(Property, SlugsOfAsciiAreIcus) {
    Draw draw;
    for (int i = 0; i < 5000; ++i) {
        const std::string name = draw.ascii(140);
        ASSERT_EQ(slug_of_ascii(name), slug_of_name(name)) << name;
    }
    for (int c = 0; c < 0x80; ++c) {
        const std::string name = "ab" + std::string(1, static_cast<char>(c)) + "cd";
        EXPECT_EQ(slug_of_ascii(name), slug_of_name(name)) << c;
    }
}

TEST(Property, NamesAreTrimmedByUnicodesWhiteSpaceAndFreeOfItsControls) {
    for (char32_t c = 0; c <= 0x10ffff; ++c) {
        if (c >= 0xd800 && c <= 0xdfff) continue;
        if (c > 0x3100 && c % 61 != 0) continue;  // a sample is enough where there is none of either
        std::string character;
        Draw::append_utf8(character, c);
        std::string body = R"({"name":)";
        append_string(body, character + "abc" + character);
        Application application;
        const std::vector<Violation> violations = read_application(body + "}", application);
        if (u_isUWhiteSpace(static_cast<UChar32>(c))) {
            ASSERT_TRUE(violations.empty()) << std::hex << static_cast<std::uint32_t>(c);
            ASSERT_EQ(application.name, "abc") << std::hex << static_cast<std::uint32_t>(c);
        } else if (u_charType(static_cast<UChar32>(c)) == U_CONTROL_CHAR) {
            ASSERT_EQ(violations.size(), 1U) << std::hex << static_cast<std::uint32_t>(c);
        } else if (violations.empty()) {
            ASSERT_EQ(application.name, character + "abc" + character) << std::hex << static_cast<std::uint32_t>(c);
        } else {
            ASSERT_EQ(violations[0].message, "must not contain bidirectional controls");
        }
    }
}

// Cuts and changes of a good body: never a crash, and always one violation at least or a whole application.
TEST(Property, SpoiltBodiesAreAnsweredOrRead) {
    const std::string good =
        "{\"name\":\"My \\ud83d\\ude00 App \xC3\xA9\",\"configuration\":{\"storageProvider\":"
        "\"507f1f77bcf86cd799439012\",\"notificationLanguage\":\"en\"},\"metadata\":{\"a\":[1,-2.5e10,1e999,true,null,"
        "99999999999999999999],\"b/~\":{\"\":\"\\u0000\"}},\"defaultScripts\":{\"audit\":\"x\\n\"}}";
    Draw draw;
    for (std::size_t n = 0; n < good.size(); ++n) {
        Application application;
        EXPECT_EQ(read_application(good.substr(0, n), application).size(), 1U) << n;
    }
    for (int i = 0; i < 20000; ++i) {
        std::string body = good;
        for (std::size_t n = 1 + draw.below(3); n > 0; --n) {
            const std::size_t at = draw.below(body.size());
            constexpr std::string_view kPieces = "{}[]\",:\\u0159.eE+-tfn \n\0\xC3\xF0\x80\xFF"sv;
            switch (draw.below(3)) {
                case 0:
                    body[at] = kPieces[draw.below(kPieces.size())];
                    break;
                case 1:
                    body.insert(at, 1, kPieces[draw.below(kPieces.size())]);
                    break;
                default:
                    body.erase(at, 1 + draw.below(4));
            }
        }
        Application application;
        const std::vector<Violation> violations = read_application(body, application);
        ASSERT_LE(violations.size(), kMaxViolations);
        if (!violations.empty()) continue;
        const Document metadata = read_json(application.metadata);
        ASSERT_FALSE(metadata.is_malformed()) << application.metadata;
        ASSERT_FALSE(read_json(application.scripts).is_malformed()) << application.scripts;
    }
}

}  // namespace
}  // namespace appcreate::test
