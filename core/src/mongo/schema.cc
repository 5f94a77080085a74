#include "mongo/schema.h"

#include <algorithm>
#include <array>
#include <span>
#include <vector>

#include "mongo/query.h"

namespace appcreate::mongo {
namespace {

struct Index {
    const char *collection;
    const char *name;
    std::array<const char *, 2> keys;  // ascending; nullptr: no second
    bool is_unique;
    bool is_sparse;
};

constexpr Index kIndexes[] = {
    {kOrganizations, "slug", {"slug", nullptr}, true, false},
    {kProviders, "organization", {"organization", nullptr}, false, false},
    {kKeys, "token", {"token", nullptr}, true, false},
    {kKeys, "organization", {"organization", nullptr}, false, false},
    {kApplications, kSlugIndex, {"organization", "slug"}, true, false},
    {kApplications, kPlaceIndex, {"organization", "place"}, true, false},
    {kApplications, kRequestIndex, {"organization", "request"}, true, false},
    {kApplications, "organization_id", {"organization", "_id"}, false, false},
    {kApplications, "keptUntil", {"keptUntil", nullptr}, false, true},
};

void append_keys(Writer &out, const Index &index) {
    for (const char *key : index.keys) {
        if (key != nullptr) out.integer(key, 1);
    }
}

void create_indexes(const Session &session, const char *collection) {
    Bson command;
    Writer out(command);
    out.text("createIndexes", collection);
    out.array("indexes", [&](Items &items) {
        for (const Index &index : kIndexes) {
            if (std::string_view(index.collection) != collection) continue;
            items.writer().document(items.key(), [&](Writer &spec) {
                spec.document("key", [&](Writer &keys) { append_keys(keys, index); }).text("name", index.name);
                if (index.is_unique) spec.boolean("unique", true);
                if (index.is_sparse) spec.boolean("sparse", true);
            });
        }
    });
    run_command(session, command);
}

// Servers give the numbers of keys back in whatever type they keep them in.
bool has_keys(const bson_t *description, const Index &index) {
    const auto bytes = Reader(description).document("key");
    if (!bytes) return false;
    const BsonView view(*bytes);
    bson_iter_t at;
    if (!bson_iter_init(&at, view.get())) return false;
    for (const char *key : index.keys) {
        if (key == nullptr) break;
        if (!bson_iter_next(&at) || std::string_view(bson_iter_key(&at)) != key || bson_iter_as_int64(&at) != 1) {
            return false;
        }
    }
    return !bson_iter_next(&at);
}

bool is_there(std::span<const Bson> descriptions, const Index &index) {
    return std::any_of(descriptions.begin(), descriptions.end(), [&](const Bson &description) {
        const Reader reader(description.get());
        return has_keys(description.get(), index) && (reader.boolean("unique").value_or(false) || !index.is_unique) &&
               reader.text("name") == index.name;
    });
}

// Indexes that exist; none where there is no such collection.
std::vector<Bson> read_indexes(const Session &session, const char *collection) {
    std::vector<Bson> out;
    const auto target = session.collection(collection);
    const Owned<mongoc_cursor_t> cursor(mongoc_collection_find_indexes_with_opts(target.get(), nullptr));
    const bson_t *document = nullptr;
    while (mongoc_cursor_next(cursor.get(), &document)) out.emplace_back(document);
    bson_error_t error;
    if (mongoc_cursor_error(cursor.get(), &error) && error.code != kNamespaceNotFound) {
        throw failure_of(error, session.name());
    }
    return out;
}

std::int64_t read_max_document(const Session &session) {
    bson_error_t error;
    const Owned<mongoc_server_description_t> server(
        mongoc_client_select_server(session.client(), true, nullptr, &error));
    if (server == nullptr) throw failure_of(error, session.name());
    constexpr std::int64_t kUsual = 16 << 20;
    const bson_t *hello = mongoc_server_description_hello_response(server.get());
    return Reader(hello).integer("maxBsonObjectSize").value_or(kUsual);
}

struct Version {
    std::int64_t version = 0;
    std::int64_t readable_from = 0;
};

Version read_version(const Session &session) {
    Version out;
    Bson filter;
    Writer(filter).text("_id", "version");
    find(session, kSchema, filter, {}, [&out](const Reader &reader) {
        out.version = reader.integer("version").value_or(0);
        out.readable_from = reader.integer("readableFrom").value_or(0);
        return false;
    });
    return out;
}

[[noreturn]] void unfit(const Session &session, const std::string &text) {
    throw Failure(AC_EVERSION, about(session.name(), text));
}

void require_readable(const Session &session, const Version &found) {
    if (found.readable_from > kSchemaVersion) {
        unfit(session, "its schema is of a newer version than this program can work with; upgrade this program");
    }
}

}  // namespace

void install_schema(const Session &session) {
    const Version found = read_version(session);
    require_readable(session, found);
    for (const char *collection : {kOrganizations, kProviders, kKeys, kApplications}) {
        create_indexes(session, collection);
    }
    if (found.version >= kSchemaVersion) return;
    Bson document;
    Writer(document).text("_id", "version").integer("version", kSchemaVersion).integer("readableFrom", kReadableFrom);
    if (insert_one(session, kSchema, document)) return;
    Bson filter;
    Writer(filter).text("_id", "version");
    Bson update;
    Writer(update).document(
        "$max", [](Writer &max) { max.integer("version", kSchemaVersion).integer("readableFrom", kReadableFrom); });
    update_one(session, kSchema, filter, update);
}

void shard_collections(const Session &session) {
    Bson enable;
    Writer(enable).text("enableSharding", session.database());
    run_command(session, enable, true);
    Bson shard;
    Writer(shard).text("shardCollection", session.database() + "." + kApplications).document("key", [](Writer &key) {
        key.integer("organization", 1);
    });
    run_command(session, shard, true);
}

MissingIndexes missing_indexes(const Session &session) {
    MissingIndexes out;
    for (const char *collection : {kOrganizations, kProviders, kKeys, kApplications}) {
        const std::vector<Bson> there = read_indexes(session, collection);
        for (const Index &index : kIndexes) {
            if (std::string_view(index.collection) != collection || is_there(there, index)) continue;
            std::string &names = index.is_unique ? out.unique : out.others;
            if (!names.empty()) names += ", ";
            names += std::string(collection) + "." + index.name;
        }
    }
    return out;
}

void SchemaCheck::require(const Session &session) {
    if (is_fit_) return;
    const Version found = read_version(session);
    if (found.version == 0) unfit(session, "it is not initialized; run \"appctl --store URI init\"");
    require_readable(session, found);
    if (found.version < kSchemaVersion) unfit(session, "its schema is too old; run \"appctl --store URI init\"");
    const MissingIndexes missing = missing_indexes(session);
    if (!missing.unique.empty()) {
        unfit(session, "unique indexes are missing: " + missing.unique + "; run \"appctl --store URI init\"");
    }
    max_document_ = read_max_document(session);
    if (is_fit_.exchange(true) || missing.others.empty() || log_ == nullptr) return;
    const std::string line =
        about(session.name(), "it is slow without the indexes " + missing.others + "; run \"appctl --store URI init\"");
    log_(ctx_, AC_LOG_WARN, line.data(), line.size());
}

}  // namespace appcreate::mongo
