// BSON documents of the tests: owned ones, written as extended JSON.
#pragma once

#include <bson/bson.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace appcreate::test {

// Owns a document; a smart pointer of a bson_t would lose its alignment attribute, which the compiler warns of.
class Bson {
  public:
    Bson() = default;
    explicit Bson(bson_t *document) noexcept : document_(document) {}
    Bson(Bson &&other) noexcept : document_(std::exchange(other.document_, nullptr)) {}
    Bson &operator=(Bson &&other) noexcept {
        std::swap(document_, other.document_);
        return *this;
    }
    ~Bson() { bson_destroy(document_); }
    [[nodiscard]] bson_t *get() const noexcept { return document_; }
    explicit operator bool() const noexcept { return document_ != nullptr; }

  private:
    bson_t *document_ = nullptr;
};

// From extended JSON; throws std::invalid_argument.
Bson bson(std::string_view json);
Bson copy(const bson_t *document);
// Relaxed extended JSON.
std::string json(const bson_t *document);

// Of a dotted path; nullopt or empty when it is absent or of another type.
std::optional<std::int64_t> integer_at(const bson_t *document, const char *path);
std::string text_at(const bson_t *document, const char *path);
// How many elements the array has; 0 when there is none.
std::size_t length_at(const bson_t *document, const char *path);

// Copies without the top-level `key`.
Bson without(const bson_t *document, const char *key);
// Copies `document`, then every member of `more`; a key of `document` that `more` has too is replaced.
Bson merged(const bson_t *document, const bson_t *more);

}  // namespace appcreate::test
