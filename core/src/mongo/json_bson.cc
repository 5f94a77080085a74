#include "mongo/json_bson.h"

#include <jansson.h>

#include <array>
#include <new>

#include "errors.h"
#include "json_reader.h"
#include "json_writer.h"

namespace appcreate::mongo {
namespace {

std::string_view string_of(const json_t *value) noexcept {
    return {json_string_value(value), json_string_length(value)};
}

void append(Writer &out, std::string_view key, const json_t *value);

void append_members(Writer &out, const json_t *object) {
    auto *members = const_cast<json_t *>(object);  // the iterators change nothing
    for (void *at = json_object_iter(members); at != nullptr; at = json_object_iter_next(members, at)) {
        append(out, {json_object_iter_key(at), json_object_iter_key_len(at)}, json_object_iter_value(at));
    }
}

void append(Writer &out, std::string_view key, const json_t *value) {
    switch (json_typeof(value)) {
        case JSON_OBJECT:
            out.document(key, [value](Writer &inside) { append_members(inside, value); });
            break;
        case JSON_ARRAY:
            out.array(key, [value](Items &items) {
                for (std::size_t i = 0; i < json_array_size(value); ++i) {
                    append(items.writer(), items.key(), json_array_get(value, i));
                }
            });
            break;
        case JSON_STRING:
            out.text(key, string_of(value));
            break;
        case JSON_INTEGER:
            out.integer(key, json_integer_value(value));
            break;
        case JSON_REAL:
            out.real(key, json_real_value(value));
            break;
        case JSON_TRUE:
        case JSON_FALSE:
            out.boolean(key, json_is_true(value));
            break;
        case JSON_NULL:
            out.null(key);
            break;
    }
}

std::string_view bytes_of(const bson_iter_t &value) {
    std::uint32_t n = 0;
    const std::uint8_t *data = nullptr;
    if (BSON_ITER_HOLDS_DOCUMENT(&value)) {
        bson_iter_document(&value, &n, &data);
    } else {
        bson_iter_array(&value, &n, &data);
    }
    return {reinterpret_cast<const char *>(data), n};
}

void append_array(std::string &json, std::string_view bson) {
    const BsonView view(bson);
    bson_iter_t at;
    json += '[';
    if (bson_iter_init(&at, view.get())) {
        for (bool first = true; bson_iter_next(&at); first = false) {
            if (!first) json += ',';
            append_value(json, at);
        }
    }
    json += ']';
}

}  // namespace

void append_json(Writer &out, std::string_view key, std::string_view json) {
    if (json == "{}") {
        out.document(key, [](Writer &) {});
        return;
    }
    json_error_t error;
    const Json root(json_loadb(json.data(), json.size(), JSON_ALLOW_NUL, &error));
    if (root == nullptr) {
        if (json_error_code(&error) == json_error_out_of_memory) throw std::bad_alloc();
        throw Failure(AC_EINTERNAL, "a JSON text of the library's own making is malformed");
    }
    append(out, key, root.get());
}

void append_object(std::string &json, std::string_view bson) {
    const BsonView view(bson);
    bson_iter_t at;
    json += '{';
    if (bson_iter_init(&at, view.get())) {
        for (bool first = true; bson_iter_next(&at); first = false) {
            if (!first) json += ',';
            append_string(json, {bson_iter_key(&at), bson_iter_key_len(&at)});
            json += ':';
            append_value(json, at);
        }
    }
    json += '}';
}

void append_value(std::string &json, const bson_iter_t &value) {
    switch (bson_iter_type(&value)) {
        case BSON_TYPE_DOCUMENT:
            return append_object(json, bytes_of(value));
        case BSON_TYPE_ARRAY:
            return append_array(json, bytes_of(value));
        case BSON_TYPE_UTF8: {
            std::uint32_t n = 0;
            const char *text = bson_iter_utf8(&value, &n);
            return append_string(json, {text, n});
        }
        case BSON_TYPE_INT32:
        case BSON_TYPE_INT64:
            return append_integer(json, bson_iter_as_int64(&value));
        case BSON_TYPE_DOUBLE:
            return append_real(json, bson_iter_double(&value));
        case BSON_TYPE_BOOL:
            json += bson_iter_bool(&value) ? "true" : "false";
            return;
        case BSON_TYPE_OID:
            return append_string(json, to_id(bson_iter_oid(&value)).hex());
        case BSON_TYPE_DATE_TIME:
            return append_string(json, timestamp(bson_iter_date_time(&value)));
        default:
            // Null, and what only other programs can have put there.
            json += "null";
    }
}

}  // namespace appcreate::mongo
