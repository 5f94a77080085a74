#include "mongo/driver/json_bson.h"

#include <array>
#include <cmath>

#include "base/failure.h"
#include "json/numbers.h"
#include "json/reader.h"
#include "json/writer.h"

namespace appcreate::mongo {
namespace {

// The value that comes now in `in`.
void append(BsonWriter &out, std::string_view key, JsonScanner &in) {
    using Kind = JsonToken::Kind;
    std::string buffer;
    const JsonToken value = in.next();
    switch (value.kind) {
        case Kind::kObjectBegin:
            out.document(key, [&](BsonWriter &inside) {
                for (JsonToken name = in.next(); name.kind == Kind::kKey; name = in.next()) {
                    append(inside, name.meaning(buffer), in);
                }
            });
            break;
        case Kind::kArrayBegin:
            out.array(key, [&in](Items &items) {
                for (JsonScanner ahead = in; ahead.next().kind != Kind::kArrayEnd; ahead = in) {
                    append(items.writer(), items.key(), in);
                }
                in.next();
            });
            break;
        case Kind::kString:
            out.text(key, value.meaning(buffer));
            break;
        case Kind::kInteger:
            out.integer(key, read_integer(value.text).value_or(0));
            break;
        case Kind::kReal:
            out.real(key, read_real(value.text).value_or(0));
            break;
        case Kind::kTrue:
        case Kind::kFalse:
            out.boolean(key, value.kind == Kind::kTrue);
            break;
        default:
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

void append_foreign(std::string &json, const bson_iter_t &value, Foreign foreign) {
    if (foreign == Foreign::kRefuse) throw NoJson{bson_iter_type(&value)};
    json += "null";
}

void append_array(std::string &json, std::string_view bson, Foreign foreign) {
    const BsonView view(bson);
    bson_iter_t at;
    json += '[';
    if (bson_iter_init(&at, view.get())) {
        for (bool first = true; bson_iter_next(&at); first = false) {
            if (!first) json += ',';
            append_value(json, at, foreign);
        }
    }
    json += ']';
}

}  // namespace

void append_json(BsonWriter &out, std::string_view key, std::string_view json) {
    if (json == "{}") {
        out.document(key, [](BsonWriter &) {});
        return;
    }
    const Document document = read_json(json, kMaxStoredDepth);
    if (document.is_malformed()) throw Failure(AC_EINTERNAL, "a JSON text of the library's own making is malformed");
    JsonScanner in(document.root.text);
    append(out, key, in);
}

void append_member(std::string &json, const bson_t *document, const char *key, Foreign foreign) {
    bson_iter_t at;
    if (bson_iter_init_find(&at, document, key)) {
        append_value(json, at, foreign);
    } else {
        json += "{}";
    }
}

void append_object(std::string &json, std::string_view bson, Foreign foreign) {
    const BsonView view(bson);
    bson_iter_t at;
    json += '{';
    if (bson_iter_init(&at, view.get())) {
        for (bool first = true; bson_iter_next(&at); first = false) {
            if (!first) json += ',';
            append_string(json, {bson_iter_key(&at), bson_iter_key_len(&at)});
            json += ':';
            append_value(json, at, foreign);
        }
    }
    json += '}';
}

void append_value(std::string &json, const bson_iter_t &value, Foreign foreign) {
    switch (bson_iter_type(&value)) {
        case BSON_TYPE_DOCUMENT:
            return append_object(json, bytes_of(value), foreign);
        case BSON_TYPE_ARRAY:
            return append_array(json, bytes_of(value), foreign);
        case BSON_TYPE_UTF8: {
            std::uint32_t n = 0;
            const char *text = bson_iter_utf8(&value, &n);
            return append_string(json, {text, n});
        }
        case BSON_TYPE_INT32:
        case BSON_TYPE_INT64:
            return append_integer(json, bson_iter_as_int64(&value));
        case BSON_TYPE_DOUBLE:
            if (!std::isfinite(bson_iter_double(&value))) return append_foreign(json, value, foreign);
            return append_real(json, bson_iter_double(&value));
        case BSON_TYPE_BOOL:
            json += bson_iter_bool(&value) ? "true" : "false";
            return;
        case BSON_TYPE_OID:
            return append_string(json, to_id(bson_iter_oid(&value)).hex());
        case BSON_TYPE_DATE_TIME: {
            const std::string time = timestamp(bson_iter_date_time(&value));
            if (parse_timestamp(time) != bson_iter_date_time(&value)) return append_foreign(json, value, foreign);
            return append_string(json, time);
        }
        case BSON_TYPE_NULL:
            json += "null";
            return;
        default:
            return append_foreign(json, value, foreign);
    }
}

}  // namespace appcreate::mongo
