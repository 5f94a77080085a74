#include "slug/slug.h"

#include <unicode/translit.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <new>

#include "base/ascii.h"
#include "base/failure.h"
#include "base/mutex.h"
#include "base/values.h"
#include "slug/han_words.h"

namespace appcreate {
namespace {

constexpr std::string_view kPrefix = "app-";
constexpr std::size_t kMinSlug = 3;

// Turns characters in lower case into a slug, one after the other.
class SlugBuilder {
  public:
    explicit SlugBuilder(std::size_t expected) { slug_.reserve(expected + kPrefix.size()); }

    void add(char32_t c) {
        if ((c >= U'a' && c <= U'z') || (c >= U'0' && c <= U'9')) {
            slug_ += static_cast<char>(c);
            in_run_ = false;
        } else if (!is_deleted(c) && !in_run_) {
            slug_ += '-';
            in_run_ = true;
        }
    }

    std::string finish() {
        slug_.resize(std::min(slug_.size(), kMaxSlug));
        while (slug_.ends_with('-')) slug_.pop_back();
        slug_.erase(0, slug_.find_first_not_of('-'));
        if (slug_.empty()) return {};
        if (slug_.size() < kMinSlug || is_hex24(slug_)) slug_.insert(0, kPrefix);
        return std::move(slug_);
    }

  private:
    static bool is_deleted(char32_t c) noexcept {
        return c == U'\'' || c == U'"' || c == U'\u2019' || (c >= U'\u02B0' && c <= U'\u02FF');
    }

    std::string slug_;
    bool in_run_ = false;
};

// ICU loads its rules lazily and locks inside, so one instance behind one lock serves all threads. It is never
// deleted, so that nothing is left to run at exit.
constinit Mutex transliterator_mutex;
constinit icu::Transliterator *transliterator GUARDED_BY(transliterator_mutex) = nullptr;

void transliterate(icu::UnicodeString &text) {
    const MutexLock lock(transliterator_mutex);
    if (transliterator == nullptr) {
        UErrorCode status = U_ZERO_ERROR;
        transliterator = icu::Transliterator::createInstance(
            icu::UnicodeString::fromUTF8("NFKC; Any-Latin; Latin-ASCII; Lower"), UTRANS_FORWARD, status);
        if (status == U_MEMORY_ALLOCATION_ERROR) throw std::bad_alloc();
        if (transliterator == nullptr) {
            throw Failure(AC_EINTERNAL, std::string("ICU cannot transliterate names: ") + u_errorName(status) +
                                            "; check that its data is installed");
        }
    }
    transliterator->transliterate(text);
}

}  // namespace

std::string slug_of_ascii(std::string_view name) {
    SlugBuilder slug(name.size());
    for (const char c : name) slug.add(static_cast<unsigned char>(ascii::lower(c)));
    return slug.finish();
}

std::string slug_of_name(std::string_view name) {
    if (const auto text = transliterate_han(name, transliterate)) return slug_of_ascii(*text);
    return slug_by_rules(name);
}

std::string slug_by_rules(std::string_view name) {
    icu::UnicodeString text = icu::UnicodeString::fromUTF8({name.data(), static_cast<std::int32_t>(name.size())});
    transliterate(text);
    if (text.isBogus()) throw std::bad_alloc();
    SlugBuilder slug(static_cast<std::size_t>(text.length()));
    for (std::int32_t i = 0; i < text.length(); i = text.moveIndex32(i, 1)) {
        slug.add(static_cast<char32_t>(text.char32At(i)));
    }
    return slug.finish();
}

void warm_slugs() {
    // One word of each script that is likely: ICU loads the rules of a script when it first meets it.
    for (const std::string_view sample :
         {"漢字",  "ひらがな", "カタカナ", "한글", "Кириллица", "Ελληνικά", "العربية", "עברית",
          "हिन्दी", "বাংলা",    "ไทย",      "தமிழ்", "తెలుగు",     "ಕನ್ನಡ",     "മലയാളം",  "ગુજરાતી",
          "ਗੁਰਮੁਖੀ", "ქართული",  "Հայերեն",  "አማርኛ", "ㄅㄆㄇ",    "Œuvre"}) {
        slug_by_rules(sample);
    }
}

std::string slug_of_id(std::string_view id_hex) {
    return std::string(kPrefix).append(id_hex.substr(id_hex.size() - std::min<std::size_t>(8, id_hex.size())));
}

std::string numbered_slug(std::string_view base, std::uint64_t number) {
    const std::string suffix = "-" + std::to_string(number);
    std::string slug(base.substr(0, kMaxSlug - suffix.size()));
    while (slug.ends_with('-')) slug.pop_back();
    return slug += suffix;
}

bool is_application_slug(std::string_view text) noexcept {
    const auto is_alnum = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
    return text.size() >= 3 && text.size() <= kMaxSlug && is_alnum(text.front()) && is_alnum(text.back()) &&
           std::all_of(text.begin(), text.end(), [&](char c) { return is_alnum(c) || c == '-'; }) && !is_hex24(text);
}

bool is_organization_slug(std::string_view text) noexcept {
    if (text.size() < 3 || text.size() > kMaxSlug || is_hex24(text)) return false;
    return std::all_of(text.begin(), text.end(), [](char c) { return ascii::is_alphanumeric(c) || c == '-'; });
}

}  // namespace appcreate
