#include "harness/bson.h"

#include <stdexcept>

namespace appcreate::test {
namespace {

bool find(const bson_t *document, const char *path, bson_iter_t &out) {
    bson_iter_t start;
    return bson_iter_init(&start, document) && bson_iter_find_descendant(&start, path, &out);
}

}  // namespace

Bson bson(std::string_view json) {
    bson_error_t error;
    Bson document(bson_new_from_json(reinterpret_cast<const std::uint8_t *>(json.data()),
                                     static_cast<ssize_t>(json.size()), &error));
    if (!document) throw std::invalid_argument(std::string(error.message) + " in " + std::string(json));
    return document;
}

Bson copy(const bson_t *document) { return Bson(bson_copy(document)); }

std::string json(const bson_t *document) {
    char *text = bson_as_relaxed_extended_json(document, nullptr);
    std::string out = text == nullptr ? "" : text;
    bson_free(text);
    return out;
}

std::optional<std::int64_t> integer_at(const bson_t *document, const char *path) {
    bson_iter_t at;
    if (!find(document, path, at) || !BSON_ITER_HOLDS_NUMBER(&at)) return std::nullopt;
    return bson_iter_as_int64(&at);
}

std::string text_at(const bson_t *document, const char *path) {
    bson_iter_t at;
    if (!find(document, path, at) || !BSON_ITER_HOLDS_UTF8(&at)) return {};
    std::uint32_t size = 0;
    const char *text = bson_iter_utf8(&at, &size);
    return {text, size};
}

std::size_t length_at(const bson_t *document, const char *path) {
    bson_iter_t at;
    bson_iter_t element;
    if (!find(document, path, at) || !BSON_ITER_HOLDS_ARRAY(&at) || !bson_iter_recurse(&at, &element)) return 0;
    std::size_t n = 0;
    while (bson_iter_next(&element)) ++n;
    return n;
}

Bson without(const bson_t *document, const char *key) {
    Bson out(bson_new());
    bson_copy_to_excluding_noinit(document, out.get(), key, nullptr);
    return out;
}

Bson merged(const bson_t *document, const bson_t *more) {
    Bson out(bson_new());
    bson_iter_t at;
    bson_iter_t replaced;
    if (bson_iter_init(&at, document)) {
        while (bson_iter_next(&at)) {
            if (bson_iter_init_find(&replaced, more, bson_iter_key(&at))) continue;
            bson_append_iter(out.get(), nullptr, -1, &at);
        }
    }
    bson_concat(out.get(), more);
    return out;
}

}  // namespace appcreate::test
