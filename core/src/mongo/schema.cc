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

constexpr const char *kIndexed[] = {kApplications, kOrganizations, kProviders, kKeys};
// The indexes of the other collections decide about administration only, and are looked at so often.
constexpr std::int64_t kWholeNs = 60LL * 1'000'000'000;
// Whoever has not been asked for so long is idle, and looks again when it is.
constexpr std::int64_t kIdleNs = 60LL * 1'000'000'000;

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
    try {
        run_command(session, command);
    } catch (const ServerFailure &failure) {
        if (failure.detail() != static_cast<int>(kDuplicateKey)) throw;
        throw Failure(AC_EUNAVAILABLE,
                      about(session.name(), std::string("records of \"") + collection +
                                                "\" are in the way of its unique indexes; run \"appctl --store URI "
                                                "check --repair\""),
                      failure.detail());
    }
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
    Bson opts;
    Writer(opts).integer("maxTimeMS", session.read_ms());
    const Owned<mongoc_cursor_t> cursor(mongoc_collection_find_indexes_with_opts(target.get(), opts.get()));
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
    for (const char *collection : kIndexed) {
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

MissingIndexes missing_indexes(const Session &session) { return missing_indexes(session, kIndexed); }

MissingIndexes missing_indexes(const Session &session, std::span<const char *const> collections) {
    MissingIndexes out;
    for (const char *collection : collections) {
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

void require_version(const Session &session) {
    const Version found = read_version(session);
    if (found.version == 0) {
        unfit(session,
              "it is not initialized; restore a backup, or, if it never held a store, run \"appctl --store URI init\"");
    }
    require_readable(session, found);
    if (found.version < kSchemaVersion) unfit(session, "its schema is too old; run \"appctl --store URI init\"");
}

template <class Look>
void SchemaCheck::guard(const Look &look) {
    try {
        look();
    } catch (const ServerFailure &) {
        throw;
    } catch (const Failure &) {
        fit_at_ = 0;
        throw;
    }
}

void SchemaCheck::require(const Session &session) {
    const std::int64_t now = monotonic_ns();
    used_at_ = now;
    const std::int64_t fit_at = fit_at_;
    if (fit_at == 0 || now - fit_at > kFitNs) guard([&] { look(session); });
}

void SchemaCheck::refresh(const Session &session) {
    if (monotonic_ns() - fit_at_ > kFitNs / 4) guard([&] { look(session); });
}

bool SchemaCheck::is_in_use() const noexcept { return used_at_ != 0 && monotonic_ns() - used_at_ < kIdleNs; }

void SchemaCheck::require_still(const Session &session) {
    guard([&] { require_version(session); });
}

// What was seen is as old as the question.
void SchemaCheck::look(const Session &session) {
    const std::int64_t asked_at = monotonic_ns();
    const bool is_whole = fit_at_ == 0 || asked_at - whole_at_ > kWholeNs;
    require_version(session);
    const auto collections = std::span(kIndexed).first(is_whole ? std::size(kIndexed) : 1);
    const MissingIndexes missing = missing_indexes(session, collections);
    if (!missing.unique.empty()) {
        // Those who served without them may have let in what makes "init" fail.
        unfit(session, "unique indexes are missing: " + missing.unique + "; run \"appctl --store URI check --repair\"");
    }
    if (is_whole) {
        max_document_ = read_max_document(session);
        whole_at_ = asked_at;
        warn_of(session, missing.others);
    }
    fit_at_ = asked_at;
}

void SchemaCheck::warn_of(const Session &session, const std::string &slow) {
    const std::lock_guard lock(mutex_);
    const bool is_news = !slow.empty() && !has_warned_;
    has_warned_ = !slow.empty();
    if (!is_news || log_ == nullptr) return;
    const std::string line =
        about(session.name(), "it is slow without the indexes " + slow + "; run \"appctl --store URI init\"");
    log_(ctx_, AC_LOG_WARN, line.data(), line.size());
}

void SchemaCheck::close() {
    const std::lock_guard lock(mutex_);
    log_ = nullptr;
}

}  // namespace appcreate::mongo
