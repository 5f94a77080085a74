#include "mongo/schema/schema.h"

#include <algorithm>
#include <array>
#include <span>
#include <vector>

#include "base/digest.h"
#include "mongo/driver/query.h"
#include "mongo/schema/freeze.h"

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

void append_keys(BsonWriter &out, const Index &index) {
    for (const char *key : index.keys) {
        if (key != nullptr) out.integer(key, 1);
    }
}

void create_indexes(const Client &client, const char *collection) {
    Bson command;
    BsonWriter out(command);
    out.text("createIndexes", collection);
    out.array("indexes", [&](Items &items) {
        for (const Index &index : kIndexes) {
            if (std::string_view(index.collection) != collection) continue;
            items.writer().document(items.key(), [&](BsonWriter &spec) {
                spec.document("key", [&](BsonWriter &keys) { append_keys(keys, index); }).text("name", index.name);
                if (index.is_unique) spec.boolean("unique", true);
                if (index.is_sparse) spec.boolean("sparse", true);
            });
        }
    });
    try {
        run_command(client, command);
    } catch (const ServerFailure &failure) {
        if (failure.detail() != static_cast<int>(kDuplicateKey)) throw;
        throw Failure(AC_EUNAVAILABLE,
                      about(client.name(), std::string("records of \"") + collection +
                                               "\" are in the way of its unique indexes; run \"appctl --store URI "
                                               "check --repair\""),
                      failure.detail());
    }
}

// Servers give the numbers of keys back in whatever type they keep them in.
bool has_keys(const bson_t *description, const Index &index) {
    const auto bytes = BsonReader(description).document("key");
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
        const BsonReader reader(description.get());
        return has_keys(description.get(), index) && (reader.boolean("unique").value_or(false) || !index.is_unique) &&
               reader.text("name") == index.name;
    });
}

// Indexes that exist; none where there is no such collection.
std::vector<Bson> read_indexes(const Client &client, const char *collection) {
    std::vector<Bson> out;
    const auto target = client.collection(collection);
    Bson opts;
    BsonWriter(opts).integer("maxTimeMS", client.read_ms());
    const Owned<mongoc_cursor_t> cursor(mongoc_collection_find_indexes_with_opts(target.get(), opts.get()));
    const bson_t *document = nullptr;
    while (mongoc_cursor_next(cursor.get(), &document)) out.emplace_back(document);
    bson_error_t error;
    if (mongoc_cursor_error(cursor.get(), &error) && error.code != kNamespaceNotFound) {
        throw failure_of(error, client.name());
    }
    return out;
}

std::int64_t read_max_document(const Client &client) {
    bson_error_t error;
    const Owned<mongoc_server_description_t> server(mongoc_client_select_server(client.raw(), true, nullptr, &error));
    if (server == nullptr) throw failure_of(error, client.name());
    constexpr std::int64_t kUsual = 16 << 20;
    const bson_t *hello = mongoc_server_description_hello_response(server.get());
    return BsonReader(hello).integer("maxBsonObjectSize").value_or(kUsual);
}

struct Version {
    std::int64_t version = 0;
    std::int64_t readable_from = 0;
    std::uint32_t key_changes = 1;  // never 0
    Freeze frozen = 0;
};

Version read_version(const Client &client) {
    Version out;
    Bson filter;
    BsonWriter(filter).text("_id", "version");
    find(client, kSchema, filter, {}, [&out](const BsonReader &reader) {
        out.version = reader.integer("version").value_or(0);
        out.readable_from = reader.integer("readableFrom").value_or(0);
        out.frozen = freeze_of(reader.integer(kFrozen).value_or(0));
        out.key_changes = std::max(static_cast<std::uint32_t>(reader.integer("keyChanges").value_or(1)), 1U);
        return false;
    });
    return out;
}

[[noreturn]] void unfit(const Client &client, const std::string &text) {
    throw Failure(AC_EVERSION, about(client.name(), text));
}

void require_readable(const Client &client, const Version &found) {
    if (found.readable_from > kSchemaVersion) {
        unfit(client, "its schema is of a newer version than this program can work with; upgrade this program");
    }
}

void require_version(const Client &client, const Version &found) {
    if (found.version == 0) {
        unfit(client,
              "it is not initialized; restore a backup, or, if it never held a store, run \"appctl --store URI init\"");
    }
    require_readable(client, found);
    if (found.version < kSchemaVersion) unfit(client, "its schema is too old; run \"appctl --store URI init\"");
}

}  // namespace

void install_schema(const Client &client) {
    const Version found = read_version(client);
    require_readable(client, found);
    for (const char *collection : kIndexed) {
        create_indexes(client, collection);
    }
    if (found.version >= kSchemaVersion) return;
    Bson document;
    BsonWriter(document)
        .text("_id", "version")
        .integer("version", kSchemaVersion)
        .integer("readableFrom", kReadableFrom);
    if (insert_one(client, kSchema, document)) return;
    Bson filter;
    BsonWriter(filter).text("_id", "version");
    Bson update;
    BsonWriter(update).document(
        "$max", [](BsonWriter &max) { max.integer("version", kSchemaVersion).integer("readableFrom", kReadableFrom); });
    update_one(client, kSchema, filter, update);
}

void shard_collections(const Client &client) {
    Bson enable;
    BsonWriter(enable).text("enableSharding", client.database());
    run_command(client, enable, true);
    Bson shard;
    BsonWriter(shard)
        .text("shardCollection", client.database() + "." + kApplications)
        .document("key", [](BsonWriter &key) { key.integer("organization", 1); });
    run_command(client, shard, true);
}

MissingIndexes missing_indexes(const Client &client) { return missing_indexes(client, kIndexed); }

MissingIndexes missing_indexes(const Client &client, std::span<const char *const> collections) {
    MissingIndexes out;
    for (const char *collection : collections) {
        const std::vector<Bson> there = read_indexes(client, collection);
        for (const Index &index : kIndexes) {
            if (std::string_view(index.collection) != collection || is_there(there, index)) continue;
            std::string &names = index.is_unique ? out.unique : out.others;
            if (!names.empty()) names += ", ";
            names += std::string(collection) + "." + index.name;
        }
    }
    return out;
}

void require_version(const Client &client) { require_version(client, read_version(client)); }

Freeze read_store_freeze(const Client &client) {
    const Version found = read_version(client);
    require_version(client, found);
    return found.frozen;
}

void note_key_change(const Client &client) {
    std::uint32_t number = 0;
    random_bytes(&number, sizeof(number));
    Bson filter;
    BsonWriter(filter).text("_id", "version");
    Bson update;
    BsonWriter(update).document("$set", [&](BsonWriter &set) { set.integer("keyChanges", number); });
    update_one(client, kSchema, filter, update);
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

void SchemaCheck::require(const Client &client) { require(client, 0); }

void SchemaCheck::require(const Client &client, std::int64_t since) {
    const std::int64_t now = monotonic_ns();
    used_at_ = now;
    const std::int64_t fit_at = fit_at_;
    if (fit_at <= since || now - fit_at > kFitNs) guard([&] { look(client); });
}

void SchemaCheck::refresh(const Client &client) {
    if (monotonic_ns() - fit_at_ > kFitNs / 4) guard([&] { look(client); });
}

// Whoever was idle has not looked.
std::uint32_t SchemaCheck::key_changes() noexcept {
    const std::int64_t now = monotonic_ns();
    if (now - used_at_ > kIdleNs && now - fit_at_ > kFitNs) key_changes_ = 0;
    used_at_ = now;
    return key_changes_;
}

bool SchemaCheck::is_in_use() const noexcept { return used_at_ != 0 && monotonic_ns() - used_at_ < kIdleNs; }

void SchemaCheck::require_still(const Client &client) {
    guard([&] { require_version(client); });
}

// What was seen is as old as the question.
void SchemaCheck::look(const Client &client) {
    const std::int64_t asked_at = monotonic_ns();
    const bool is_whole = fit_at_ == 0 || asked_at - whole_at_ > kWholeNs;
    const Version version = read_version(client);
    require_version(client, version);
    key_changes_ = version.key_changes;
    note_freeze({version.frozen, asked_at});
    const auto collections = std::span(kIndexed).first(is_whole ? std::size(kIndexed) : 1);
    const MissingIndexes missing = missing_indexes(client, collections);
    if (!missing.unique.empty()) {
        // Those who served without them may have let in what makes "init" fail.
        unfit(client, "unique indexes are missing: " + missing.unique + "; run \"appctl --store URI check --repair\"");
    }
    if (is_whole) {
        max_document_ = read_max_document(client);
        whole_at_ = asked_at;
        warn_of(client, missing.others);
    }
    fit_at_ = asked_at;
}

SeenFreeze SchemaCheck::freeze() {
    const MutexLock lock(mutex_);
    return freeze_;
}

// Of two looks at once the one that asked later knows more.
void SchemaCheck::note_freeze(const SeenFreeze &seen) {
    const MutexLock lock(mutex_);
    if (seen.asked_at > freeze_.asked_at) freeze_ = seen;
}

void SchemaCheck::warn_of(const Client &client, const std::string &slow) {
    const MutexLock lock(mutex_);
    const bool is_news = !slow.empty() && !has_warned_;
    has_warned_ = !slow.empty();
    if (!is_news || log_ == nullptr) return;
    const std::string line =
        about(client.name(), "it is slow without the indexes " + slow + "; run \"appctl --store URI init\"");
    log_(ctx_, AC_LOG_WARN, line.data(), line.size());
}

void SchemaCheck::close() {
    const MutexLock lock(mutex_);
    log_ = nullptr;
}

}  // namespace appcreate::mongo
