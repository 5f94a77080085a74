// An application as a MongoDB document: the API's fields with real ids and dates, then what the store needs for itself.
#pragma once

#include <cstdint>
#include <string>

#include "mongo/create/server.h"
#include "mongo/driver/bson.h"
#include "mongo/driver/json_bson.h"

namespace appcreate::mongo {

// The answer must be in the create's buffer: with an Idempotency-Key its bytes are kept in the document.
Bson document_of(const Draft &draft);

// The record as the API returned it, byte for byte.
std::string record_json(const bson_t *document, Foreign foreign = Foreign::kNull);
// A projection to what record_json shows, as far as that spares bytes: a kept answer may be as large as the record.
Bson shown_members();
// The answer that carries it, the same bytes where they were kept.
std::string answer_json(const bson_t *document);

// Appends `place` or `request`: the record's own id where there is none.
void append_place(BsonWriter &out, const std::optional<std::int64_t> &place, const ObjectId &id);

// The document of a storage provider inside a record.
Bson provider_document(const ObjectId &id, std::string_view name, std::string_view region, std::string_view config,
                       std::string_view provider);

}  // namespace appcreate::mongo
