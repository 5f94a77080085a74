#include "slug/han_words.h"

#include <array>
#include <atomic>
#include <cstdint>
#include <cstring>

#include "base/ascii.h"

namespace appcreate {
namespace {

constexpr char32_t kFirst = 0x4E00;
constexpr char32_t kLast = 0x9FFF;

// A word of at most eight letters, filled up with NUL.
using Word = std::uint64_t;
constexpr Word kUnknown = 0;
constexpr Word kNone = ~Word{0};  // it is not one word

constinit std::array<std::atomic<Word>, kLast - kFirst + 1> words{};

// The rules put a space between a letter and a Han character: what comes after it is the word.
Word ask_rules(char32_t c, Transliterate transliterate) {
    icu::UnicodeString text(u'a');
    text.append(static_cast<char16_t>(c));
    transliterate(text);
    const std::int32_t letters = text.length() - 2;
    if (letters < 1 || letters > static_cast<std::int32_t>(sizeof(Word)) || text[0] != u'a' || text[1] != u' ') {
        return kNone;
    }
    std::array<char, sizeof(Word)> bytes{};
    for (std::int32_t i = 0; i < letters; ++i) {
        const char16_t letter = text[i + 2];
        if (letter < u'a' || letter > u'z') return kNone;
        bytes.at(static_cast<std::size_t>(i)) = static_cast<char>(letter);
    }
    Word word = 0;
    std::memcpy(&word, bytes.data(), sizeof(word));
    return word;
}

Word word_of(char32_t c, Transliterate transliterate) {
    std::atomic<Word> &known = words.at(c - kFirst);
    Word word = known.load(std::memory_order_relaxed);
    if (word == kUnknown) {
        word = ask_rules(c, transliterate);
        known.store(word, std::memory_order_relaxed);
    }
    return word;
}

// The three bytes at `at` as a character of the range; 0: something else.
char32_t han_at(std::string_view text, std::size_t at) noexcept {
    if (text.size() - at < 3) return 0;
    const auto byte = [&](std::size_t i) { return static_cast<char32_t>(static_cast<unsigned char>(text[at + i])); };
    if ((byte(0) & 0xF0U) != 0xE0U) return 0;
    const char32_t c = (byte(0) & 0x0FU) << 12U | (byte(1) & 0x3FU) << 6U | (byte(2) & 0x3FU);
    return c >= kFirst && c <= kLast ? c : 0;
}

}  // namespace

std::optional<std::string> transliterate_han(std::string_view name, Transliterate transliterate) {
    std::string out;
    out.reserve(3 * name.size());
    bool after_word = false;
    for (std::size_t at = 0; at < name.size();) {
        if (static_cast<unsigned char>(name[at]) < 0x80) {
            const char c = ascii::lower(name[at++]);
            after_word = c >= 'a' && c <= 'z';
            out += c;
            continue;
        }
        const char32_t c = han_at(name, at);
        const Word word = c == 0 ? kNone : word_of(c, transliterate);
        if (word == kNone) return std::nullopt;
        if (after_word) out += ' ';
        std::array<char, sizeof(Word)> bytes{};
        std::memcpy(bytes.data(), &word, sizeof(word));
        out.append(bytes.data(), strnlen(bytes.data(), bytes.size()));
        after_word = true;
        at += 3;
    }
    return out;
}

}  // namespace appcreate
