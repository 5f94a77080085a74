// BSON documents: written with keys and strings of any content, and read.
#pragma once

#include <bson/bson.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/digest.h"
#include "base/values.h"

namespace appcreate::mongo {

// An owned document.
class Bson {
  public:
    Bson() : document_(bson_new()) {}
    // With room for so many bytes; it grows where they are not enough.
    static Bson with_room(std::size_t bytes) { return {Owned(), bson_sized_new(bytes)}; }
    explicit Bson(const bson_t *copied) : document_(bson_copy(copied)) {}
    Bson(const Bson &) = delete;
    Bson &operator=(const Bson &) = delete;
    Bson(Bson &&other) noexcept : document_(std::exchange(other.document_, nullptr)) {}
    Bson &operator=(Bson &&other) noexcept {
        std::swap(document_, other.document_);
        return *this;
    }
    ~Bson() { bson_destroy(document_); }

    [[nodiscard]] bson_t *get() const noexcept { return document_; }
    [[nodiscard]] std::size_t size() const noexcept { return document_->len; }
    [[nodiscard]] std::string_view bytes() const noexcept {
        return {reinterpret_cast<const char *>(bson_get_data(document_)), document_->len};
    }

  private:
    struct Owned {};
    Bson(Owned, bson_t *document) : document_(document) {}

    bson_t *document_;
};

// Appends members to a document. Throws Failure where BSON's own 2 GiB end.
class BsonWriter {
  public:
    explicit BsonWriter(bson_t *document) noexcept : document_(document) {}
    explicit BsonWriter(const Bson &document) noexcept : document_(document.get()) {}

    BsonWriter &text(std::string_view key, std::string_view value);
    BsonWriter &integer(std::string_view key, std::int64_t value);
    BsonWriter &real(std::string_view key, double value);
    BsonWriter &boolean(std::string_view key, bool value);
    BsonWriter &null(std::string_view key);
    BsonWriter &id(std::string_view key, const ObjectId &value);
    BsonWriter &time(std::string_view key, std::int64_t ms);
    BsonWriter &binary(std::string_view key, std::span<const std::uint8_t> value);
    // The bytes of a document.
    BsonWriter &raw_document(std::string_view key, std::string_view bson);
    BsonWriter &document(std::string_view key, const Bson &value);

    // fill(BsonWriter &) writes the members.
    template <class Fill>
    BsonWriter &document(std::string_view key, const Fill &fill) {
        bson_t child;
        begin_document(key, &child);
        BsonWriter inside(&child);
        fill(inside);
        end_document(&child);
        return *this;
    }
    // fill(Items &) writes the elements.
    template <class Fill>
    BsonWriter &array(std::string_view key, const Fill &fill);

  private:
    void begin_document(std::string_view key, bson_t *child);
    void end_document(bson_t *child);
    void begin_array(std::string_view key, bson_t *child);
    void end_array(bson_t *child);

    bson_t *document_;
};

// The elements of an array, keyed by their place.
class Items {
  public:
    explicit Items(bson_t *array) noexcept : array_(array) {}
    BsonWriter &writer() noexcept { return writer_; }
    // The next element's key, valid until the next call.
    std::string_view key();

  private:
    bson_t *array_;
    BsonWriter writer_{array_};
    std::uint32_t next_ = 0;
    char buffer_[16];
};

template <class Fill>
BsonWriter &BsonWriter::array(std::string_view key, const Fill &fill) {
    bson_t child;
    begin_array(key, &child);
    Items items(&child);
    fill(items);
    end_array(&child);
    return *this;
}

// A document that somebody else owns. A member that is absent or of another type is nullopt.
class BsonReader {
  public:
    explicit BsonReader(const bson_t *document) noexcept : document_(document) {}
    [[nodiscard]] const bson_t *get() const noexcept { return document_; }

    [[nodiscard]] std::optional<std::string_view> text(const char *key) const;
    // Of any number type; a real is cut.
    [[nodiscard]] std::optional<std::int64_t> integer(const char *key) const;
    [[nodiscard]] std::optional<bool> boolean(const char *key) const;
    [[nodiscard]] std::optional<ObjectId> id(const char *key) const;
    [[nodiscard]] std::optional<std::int64_t> time(const char *key) const;
    [[nodiscard]] std::optional<Digest> digest(const char *key) const;
    // The bytes of a document or an array.
    [[nodiscard]] std::optional<std::string_view> document(const char *key) const;
    [[nodiscard]] std::optional<std::string_view> array(const char *key) const;
    [[nodiscard]] std::vector<std::string> texts(const char *key) const;

  private:
    const bson_t *document_;
};

// Views a document's bytes.
class BsonView {
  public:
    explicit BsonView(std::string_view bytes) noexcept;
    [[nodiscard]] const bson_t *get() const noexcept { return &view_; }

  private:
    bson_t view_;
};

ObjectId to_id(const bson_oid_t *oid) noexcept;

}  // namespace appcreate::mongo
