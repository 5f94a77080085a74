#include "mongo/driver/bson.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/failure.h"

namespace appcreate::mongo {
namespace {

void require(bool appended) {
    if (!appended) throw Failure(AC_EINTERNAL, "a document would be larger than BSON can be");
}

int length(std::string_view text) { return static_cast<int>(text.size()); }

// libbson takes a negative length for "look for the NUL", and a NULL key for none at all.
const char *start(std::string_view text) { return text.data() == nullptr ? "" : text.data(); }

const std::uint8_t *bytes_of(std::string_view bytes) { return reinterpret_cast<const std::uint8_t *>(bytes.data()); }

}  // namespace

BsonWriter &BsonWriter::text(std::string_view key, std::string_view value) {
    require(bson_append_utf8(document_, start(key), length(key), start(value), length(value)));
    return *this;
}

BsonWriter &BsonWriter::integer(std::string_view key, std::int64_t value) {
    require(bson_append_int64(document_, start(key), length(key), value));
    return *this;
}

BsonWriter &BsonWriter::real(std::string_view key, double value) {
    require(bson_append_double(document_, start(key), length(key), value));
    return *this;
}

BsonWriter &BsonWriter::boolean(std::string_view key, bool value) {
    require(bson_append_bool(document_, start(key), length(key), value));
    return *this;
}

BsonWriter &BsonWriter::null(std::string_view key) {
    require(bson_append_null(document_, start(key), length(key)));
    return *this;
}

BsonWriter &BsonWriter::id(std::string_view key, const ObjectId &value) {
    bson_oid_t oid;
    bson_oid_init_from_data(&oid, value.bytes.data());
    require(bson_append_oid(document_, start(key), length(key), &oid));
    return *this;
}

BsonWriter &BsonWriter::time(std::string_view key, std::int64_t ms) {
    require(bson_append_date_time(document_, start(key), length(key), ms));
    return *this;
}

BsonWriter &BsonWriter::binary(std::string_view key, std::span<const std::uint8_t> value) {
    require(bson_append_binary(document_, start(key), length(key), BSON_SUBTYPE_BINARY, value.data(),
                               static_cast<std::uint32_t>(value.size())));
    return *this;
}

BsonWriter &BsonWriter::raw_document(std::string_view key, std::string_view bson) {
    require(bson_append_document(document_, start(key), length(key), BsonView(bson).get()));
    return *this;
}

BsonWriter &BsonWriter::document(std::string_view key, const Bson &value) {
    require(bson_append_document(document_, start(key), length(key), value.get()));
    return *this;
}

void BsonWriter::begin_document(std::string_view key, bson_t *child) {
    require(bson_append_document_begin(document_, start(key), length(key), child));
}

void BsonWriter::end_document(bson_t *child) { require(bson_append_document_end(document_, child)); }

void BsonWriter::begin_array(std::string_view key, bson_t *child) {
    require(bson_append_array_begin(document_, start(key), length(key), child));
}

void BsonWriter::end_array(bson_t *child) { require(bson_append_array_end(document_, child)); }

std::string_view Items::key() {
    const char *text = nullptr;
    const std::size_t n = bson_uint32_to_string(next_++, &text, buffer_, sizeof(buffer_));
    return {text, n};
}

std::optional<std::string_view> BsonReader::text(const char *key) const {
    bson_iter_t at;
    if (!bson_iter_init_find(&at, document_, key) || !BSON_ITER_HOLDS_UTF8(&at)) return std::nullopt;
    std::uint32_t n = 0;
    const char *value = bson_iter_utf8(&at, &n);
    return std::string_view(value, n);
}

std::optional<std::int64_t> BsonReader::integer(const char *key) const {
    bson_iter_t at;
    if (!bson_iter_init_find(&at, document_, key) || !BSON_ITER_HOLDS_NUMBER(&at)) return std::nullopt;
    // The first double beyond 64 bits; NaN is not below it either.
    constexpr double kBeyond = 9223372036854775808.0;
    if (BSON_ITER_HOLDS_DOUBLE(&at) && !(std::abs(bson_iter_double(&at)) < kBeyond)) return std::nullopt;
    return bson_iter_as_int64(&at);
}

std::optional<bool> BsonReader::boolean(const char *key) const {
    bson_iter_t at;
    if (!bson_iter_init_find(&at, document_, key) || !BSON_ITER_HOLDS_BOOL(&at)) return std::nullopt;
    return bson_iter_bool(&at);
}

std::optional<ObjectId> BsonReader::id(const char *key) const {
    bson_iter_t at;
    if (!bson_iter_init_find(&at, document_, key) || !BSON_ITER_HOLDS_OID(&at)) return std::nullopt;
    return to_id(bson_iter_oid(&at));
}

std::optional<std::int64_t> BsonReader::time(const char *key) const {
    bson_iter_t at;
    if (!bson_iter_init_find(&at, document_, key) || !BSON_ITER_HOLDS_DATE_TIME(&at)) return std::nullopt;
    return bson_iter_date_time(&at);
}

std::optional<Digest> BsonReader::digest(const char *key) const {
    bson_iter_t at;
    if (!bson_iter_init_find(&at, document_, key) || !BSON_ITER_HOLDS_BINARY(&at)) return std::nullopt;
    bson_subtype_t subtype;
    std::uint32_t n = 0;
    const std::uint8_t *data = nullptr;
    bson_iter_binary(&at, &subtype, &n, &data);
    Digest digest;
    if (n != digest.size()) return std::nullopt;
    std::copy_n(data, n, digest.begin());
    return digest;
}

std::optional<std::string_view> BsonReader::document(const char *key) const {
    bson_iter_t at;
    if (!bson_iter_init_find(&at, document_, key) || !BSON_ITER_HOLDS_DOCUMENT(&at)) return std::nullopt;
    std::uint32_t n = 0;
    const std::uint8_t *data = nullptr;
    bson_iter_document(&at, &n, &data);
    return std::string_view(reinterpret_cast<const char *>(data), n);
}

std::optional<std::string_view> BsonReader::array(const char *key) const {
    bson_iter_t at;
    if (!bson_iter_init_find(&at, document_, key) || !BSON_ITER_HOLDS_ARRAY(&at)) return std::nullopt;
    std::uint32_t n = 0;
    const std::uint8_t *data = nullptr;
    bson_iter_array(&at, &n, &data);
    return std::string_view(reinterpret_cast<const char *>(data), n);
}

std::vector<std::string> BsonReader::texts(const char *key) const {
    std::vector<std::string> out;
    const auto bytes = array(key);
    if (!bytes) return out;
    const BsonView view(*bytes);
    bson_iter_t at;
    if (!bson_iter_init(&at, view.get())) return out;
    while (bson_iter_next(&at)) {
        std::uint32_t n = 0;
        if (!BSON_ITER_HOLDS_UTF8(&at)) continue;
        const char *text = bson_iter_utf8(&at, &n);
        out.emplace_back(text, n);
    }
    return out;
}

BsonView::BsonView(std::string_view bytes) noexcept {
    if (!bson_init_static(&view_, bytes_of(bytes), bytes.size())) bson_init(&view_);
}

ObjectId to_id(const bson_oid_t *oid) noexcept {
    ObjectId id;
    std::memcpy(id.bytes.data(), oid->bytes, id.bytes.size());
    return id;
}

}  // namespace appcreate::mongo
