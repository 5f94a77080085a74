// The entities as MongoDB keeps them: the members of each one's document, for administration, copies and gateways. A
// member that is missing is read as if it had nothing to say.
#pragma once

#include <optional>

#include "base/entities.h"
#include "mongo/driver/bson.h"
#include "store/store.h"

namespace appcreate::mongo {

Organization read_organization(const BsonReader &document);
// Of a new one, without its default provider; it has versions from which gateways that have never seen it begin.
Bson document_of(const Organization &organization);
void append_limit(BsonWriter &out, const std::optional<std::int64_t> &limit);
// The members that change, but for the limit.
void append_changes(BsonWriter &out, const OrganizationSpec &spec);

// Without its config, which json_bson.h reads.
StorageProvider read_provider(const BsonReader &document);
Bson document_of(const StorageProvider &provider);
void append_changes(BsonWriter &out, const ProviderChange &change);

ApiKey read_key(const BsonReader &document);
Bson document_of(const ApiKey &key);

}  // namespace appcreate::mongo
