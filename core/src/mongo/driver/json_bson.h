// JSON values as BSON and back, exactly: int64 and double stay apart, keys and strings may hold anything, order stays.
#pragma once

#include <bson/bson.h>

#include <string>
#include <string_view>

#include "mongo/driver/bson.h"

namespace appcreate::mongo {

// Appends a JSON object text, as the core's own writer made it.
void append_json(BsonWriter &out, std::string_view key, std::string_view json);

// What to make of values that JSON does not have, which only another program can have put there: NaN, binary data, a
// time beyond the years that have four digits, and so on.
enum class Foreign {
    kNull,   // null stands for them
    kRefuse  // throws NoJson
};
struct NoJson {
    bson_type_t type;
};

// Appends the value as the API shows it: ids and dates as strings.
void append_value(std::string &json, const bson_iter_t &value, Foreign foreign = Foreign::kNull);
// A member of a document, "{}" where there is none.
void append_member(std::string &json, const bson_t *document, const char *key, Foreign foreign = Foreign::kNull);
// The members of a document, as an object.
void append_object(std::string &json, std::string_view bson, Foreign foreign = Foreign::kNull);

}  // namespace appcreate::mongo
