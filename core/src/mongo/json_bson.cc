#include "mongo/json_bson.h"

#include <array>

#include "errors.h"
#include "json_reader.h"
#include "json_writer.h"

namespace appcreate::mongo {
namespace {

void append(Writer &out, std::string_view key, const JsonNode &value) {
    switch (value.kind) {
        case JsonNode::Kind::kObject:
            out.document(key, [&value](Writer &inside) {
                for (const JsonNode &member : value.children()) append(inside, member.key, member);
            });
            break;
        case JsonNode::Kind::kArray:
            out.array(key, [&value](Items &items) {
                for (const JsonNode &element : value.children()) append(items.writer(), items.key(), element);
            });
            break;
        case JsonNode::Kind::kString:
            out.text(key, value.text);
            break;
        case JsonNode::Kind::kInteger:
            out.integer(key, value.integer);
            break;
        case JsonNode::Kind::kReal:
            out.real(key, value.real);
            break;
        case JsonNode::Kind::kBoolean:
            out.boolean(key, value.integer != 0);
            break;
        case JsonNode::Kind::kNull:
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
    const Document document = read_json(json, kMaxStoredDepth);
    if (document.root() == nullptr) throw Failure(AC_EINTERNAL, "a JSON text of the library's own making is malformed");
    append(out, key, *document.root());
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
