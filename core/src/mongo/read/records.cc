#include "mongo/read/records.h"

#include <cstdint>

#include "mongo/create/document.h"
#include "mongo/driver/query.h"
#include "mongo/schema/schema.h"

namespace appcreate::mongo {
std::optional<std::string> find_record(const Client &client, const ObjectId &organization,
                                       const std::variant<ObjectId, std::string> &name) {
    Bson filter;
    BsonWriter out(filter);
    out.id("organization", organization);
    if (const auto *id = std::get_if<ObjectId>(&name)) {
        out.id("_id", *id);
    } else {
        out.text("slug", std::get<std::string>(name));
    }
    const Bson projection = shown_members();
    FindOptions options;
    options.projection = &projection;
    options.limit = 1;
    std::optional<std::string> record;
    find(client, kApplications, filter, options, [&record](const BsonReader &reader) {
        record = record_json(reader.get());
        return false;
    });
    return record;
}

RecordPage list_records(const Client &client, const ObjectId &organization, const std::optional<ObjectId> &before,
                        std::size_t limit) {
    Bson filter;
    BsonWriter out(filter);
    out.id("organization", organization);
    if (before) out.document("_id", [&](BsonWriter &below) { below.id("$lt", *before); });
    Bson sort;
    BsonWriter(sort).integer("organization", -1).integer("_id", -1);
    const Bson projection = shown_members();
    FindOptions options;
    options.sort = &sort;
    options.projection = &projection;
    options.limit = static_cast<std::int64_t>(limit) + 1;
    RecordPage page;
    find(client, kApplications, filter, options, [&](const BsonReader &reader) {
        return page.add(reader.id("_id").value_or(ObjectId{}), record_json(reader.get()), limit);
    });
    return page;
}

}  // namespace appcreate::mongo
