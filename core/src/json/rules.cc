#include "json/rules.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>

#include "json/numbers.h"
#include "json/scanner.h"

namespace appcreate {
namespace {

using Kind = JsonToken::Kind;
using Reason = JsonStop::Reason;

// A key of an open object: its hash in the high bits, and where it begins. Bodies are smaller than 1 TiB.
using Key = std::uint64_t;
constexpr int kOffsetBits = 40;
constexpr Key kOffsetMask = (Key{1} << kOffsetBits) - 1;

Key hash_of(std::string_view key) noexcept {
    constexpr std::uint64_t kFactor = 0x9e3779b97f4a7c15U;
    std::uint64_t hash = key.size();
    const auto mix = [&hash](std::uint64_t word) {
        hash = (hash ^ word) * kFactor;
        hash ^= hash >> 32;
    };
    std::uint64_t word = 0;
    for (; key.size() >= sizeof(word); key.remove_prefix(sizeof(word))) {
        std::memcpy(&word, key.data(), sizeof(word));
        mix(word);
    }
    word = 0;
    std::memcpy(&word, key.data(), key.size());
    mix(word);
    return hash * kFactor & ~kOffsetMask;
}

class Rules {
  public:
    Rules(std::string_view text, std::size_t max_numbers) : text_(text), max_numbers_(max_numbers) {}

    JsonRules check(const JsonStop &stop) {
        JsonScanner in(text_.substr(0, stop.offset));
        for (JsonToken token = in.next(); token.kind != Kind::kEnd; token = in.next()) {
            switch (token.kind) {
                case Kind::kObjectBegin:
                    levels_.push_back(keys_.size());
                    break;
                case Kind::kObjectEnd:
                    if (const std::size_t at = close(); at != kNowhere) return found({Reason::kDuplicateKey, at});
                    break;
                case Kind::kKey:
                    if (!add(token)) return found({Reason::kForbiddenKey, offset_of(token)});
                    break;
                case Kind::kInteger:
                    if (!is_integer_representable(token.text)) note(token);
                    break;
                case Kind::kReal:
                    if (!is_real_representable(token.text)) note(token);
                    break;
                default:
                    break;
            }
        }
        return found(stop);
    }

  private:
    static constexpr std::size_t kNowhere = SIZE_MAX;

    [[nodiscard]] std::size_t offset_of(const JsonToken &token) const noexcept {
        return static_cast<std::size_t>(token.text.data() - text_.data());
    }

    void note(const JsonToken &number) {
        if (out_.numbers.size() < max_numbers_) out_.numbers.push_back(offset_of(number));
    }

    // False: it holds a NUL.
    bool add(const JsonToken &key) {
        const std::string_view meaning = key.meaning(buffer_);
        if (key.escaped && meaning.find('\0') != std::string_view::npos) return false;
        keys_.push_back(hash_of(meaning) | offset_of(key));
        return true;
    }

    // A key in an object that is still open may come earlier than what was found.
    JsonRules found(JsonStop stop) {
        while (!levels_.empty()) {
            if (const std::size_t at = close(); at < stop.offset) stop = {Reason::kDuplicateKey, at};
        }
        out_.stop = stop;
        return std::move(out_);
    }

    // Forgets the innermost object; where its first key is that it had already, or kNowhere.
    std::size_t close() {
        constexpr std::size_t kFew = 12;  // that comparing each with each is quicker than sorting
        const std::span<Key> keys = std::span(keys_).subspan(levels_.back());
        const std::size_t at = keys.size() <= kFew && !repeats(keys) ? kNowhere : first_duplicate(keys);
        keys_.resize(levels_.back());
        levels_.pop_back();
        return at;
    }

    // Have two the same hash?
    static bool repeats(std::span<const Key> keys) noexcept {
        for (std::size_t i = 1; i < keys.size(); ++i) {
            for (std::size_t k = 0; k < i; ++k) {
                if ((keys[i] ^ keys[k]) <= kOffsetMask) return true;
            }
        }
        return false;
    }

    std::size_t first_duplicate(std::span<Key> keys) {
        std::sort(keys.begin(), keys.end());
        std::size_t first = kNowhere;
        for (auto begin = keys.begin(); begin != keys.end();) {
            const auto end = std::find_if(begin, keys.end(), [&](Key key) { return (key ^ *begin) > kOffsetMask; });
            if (end - begin > 1) first = std::min(first, first_duplicate_of({begin, end}));
            begin = end;
        }
        return first;
    }

    // Of keys with one hash: whoever finds many such keys makes them no slower than sorting them is.
    std::size_t first_duplicate_of(std::span<Key> keys) {
        std::string left;
        std::string right;
        const auto compare = [&](Key a, Key b) { return at(a).meaning(left).compare(at(b).meaning(right)); };
        std::sort(keys.begin(), keys.end(), [&](Key a, Key b) {
            const int order = compare(a, b);
            return order != 0 ? order < 0 : a < b;
        });
        std::size_t first = kNowhere;
        for (std::size_t i = 1; i < keys.size(); ++i) {
            if (compare(keys[i - 1], keys[i]) == 0) {
                first = std::min(first, static_cast<std::size_t>(keys[i] & kOffsetMask));
            }
        }
        return first;
    }

    [[nodiscard]] JsonToken at(Key key) const noexcept {
        return JsonScanner(text_.substr((key & kOffsetMask) - 1)).next();
    }

    std::string_view text_;
    std::size_t max_numbers_;
    JsonRules out_;
    std::vector<std::size_t> levels_;  // of each open object, where its keys begin
    std::vector<Key> keys_;
    std::string buffer_;
};

}  // namespace

JsonRules check_rules(std::string_view text, const JsonStop &stop, std::size_t max_numbers) {
    return Rules(text, max_numbers).check(stop);
}

}  // namespace appcreate
