// JSON values as BSON and back, exactly: int64 and double stay apart, keys and strings may hold anything, order stays.
#pragma once

#include <bson/bson.h>

#include <string>
#include <string_view>

#include "mongo/bson.h"

namespace appcreate::mongo {

// Appends a JSON object text, as the core's own writer made it.
void append_json(Writer &out, std::string_view key, std::string_view json);

// Appends the value as the API shows it: ids and dates as strings.
void append_value(std::string &json, const bson_iter_t &value);
// The members of a document, as an object.
void append_object(std::string &json, std::string_view bson);

}  // namespace appcreate::mongo
