#include "mongo/copy/documents.h"

#include <algorithm>
#include <array>
#include <string>

#include "json/reader.h"
#include "json/writer.h"
#include "mongo/create/document.h"
#include "mongo/driver/json_bson.h"
#include "mongo/schema/entities.h"

namespace appcreate::mongo {
namespace {

// Members of a record that the database keeps in types of its own.
constexpr std::array<std::string_view, 2> kIds = {"organization", "createdBy"};
constexpr std::array<std::string_view, 3> kTimes = {"createdAt", "updatedAt", "lastBuildProcessedDate"};
// Members of an application's document that are no part of its record.
constexpr std::array<std::string_view, 6> kOwn = {"place",       "limitVersion", "request",
                                                  "fingerprint", "answer",       "keptUntil"};

template <std::size_t size>
bool is_one_of(const std::array<std::string_view, size> &names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

std::string_view key_of(const bson_iter_t &at) { return {bson_iter_key(&at), bson_iter_key_len(&at)}; }

std::string_view text_of(const bson_iter_t &at) {
    std::uint32_t n = 0;
    const char *text = bson_iter_utf8(&at, &n);
    return {text, n};
}

void append_as_it_is(Bson &out, std::string_view key, const bson_iter_t &at) {
    if (!bson_append_iter(out.get(), key.data(), static_cast<int>(key.size()), &at)) {
        throw Failure(AC_EINTERNAL, "a document would be larger than BSON can be");
    }
}

// The text as an id or a time, where it is the text of one.
bool append_id(Bson &out, std::string_view key, const bson_iter_t &at) {
    if (!BSON_ITER_HOLDS_UTF8(&at)) return false;
    const auto id = ObjectId::parse(text_of(at));
    if (!id || id->hex() != text_of(at)) return false;
    BsonWriter(out).id(key, *id);
    return true;
}

bool append_time(Bson &out, std::string_view key, const bson_iter_t &at) {
    if (!BSON_ITER_HOLDS_UTF8(&at)) return false;
    const auto time = parse_timestamp(text_of(at));
    if (!time || timestamp(*time) != text_of(at)) return false;
    BsonWriter(out).time(key, *time);
    return true;
}

Bson child_of(const bson_iter_t &at) {
    std::uint32_t n = 0;
    const std::uint8_t *data = nullptr;
    bson_iter_document(&at, &n, &data);
    return Bson(BsonView({reinterpret_cast<const char *>(data), n}).get());
}

template <class Visit>
void each_member(const bson_t *document, const Visit &visit) {
    bson_iter_t at;
    if (!bson_iter_init(&at, document)) return;
    while (bson_iter_next(&at)) visit(key_of(at), at);
}

// "configuration", with the id of its storage provider.
Bson typed_configuration(const Bson &configuration) {
    Bson out;
    each_member(configuration.get(), [&out](std::string_view key, const bson_iter_t &at) {
        if (key != "storageProvider" || !BSON_ITER_HOLDS_DOCUMENT(&at)) return append_as_it_is(out, key, at);
        Bson provider;
        each_member(child_of(at).get(), [&provider](std::string_view name, const bson_iter_t &member) {
            if (name != "id" || !append_id(provider, name, member)) append_as_it_is(provider, name, member);
        });
        BsonWriter(out).document(key, provider);
    });
    return out;
}

// A record's members with real ids and times, less what the store needs for itself.
Bson typed_record(const bson_t *record) {
    Bson out;
    each_member(record, [&out](std::string_view key, const bson_iter_t &at) {
        if (is_one_of(kOwn, key)) return;
        if (key == "id" && append_id(out, "_id", at)) return;
        if (is_one_of(kIds, key) && append_id(out, key, at)) return;
        if (is_one_of(kTimes, key) && append_time(out, key, at)) return;
        if (key == "configuration" && BSON_ITER_HOLDS_DOCUMENT(&at)) {
            BsonWriter(out).document(key, typed_configuration(child_of(at)));
            return;
        }
        append_as_it_is(out, key, at);
    });
    return out;
}

Bson record_document(const ApplicationCopy &row) {
    if (!row.native.empty()) return typed_record(BsonView(row.native).get());
    Bson wrapped;
    BsonWriter out(wrapped);
    append_json(out, "record", row.record);
    const auto record = BsonReader(wrapped.get()).document("record");
    return record ? typed_record(BsonView(*record).get()) : Bson();
}

// What another program wrote.
[[noreturn]] void damaged(const char *what, const ObjectId &id, const std::string &how) {
    throw Failure(AC_ECHECK, std::string("the ") + what + " " + id.hex() + " " + how);
}

[[noreturn]] void would_change(const char *what, const ObjectId &id, const char *part) {
    damaged(what, id,
            std::string("has a ") + part +
                " that another program wrote and that would not come back as it is; mend it in the store that is "
                "copied, where it differs from the compact JSON that this program writes");
}

template <class T>
T need(const std::optional<T> &member, const char *what, const ObjectId &id, const char *name) {
    if (member) return *member;
    damaged(what, id, std::string("has no ") + name + "; run \"appctl check\" on its store");
}

const char *name_of(bson_type_t type) noexcept {
    switch (type) {
        case BSON_TYPE_DOUBLE:
            return "double that is no number";
        case BSON_TYPE_DATE_TIME:
            return "date whose year has no four digits";
        case BSON_TYPE_BINARY:
            return "binary";
        case BSON_TYPE_UNDEFINED:
            return "undefined";
        case BSON_TYPE_REGEX:
            return "regex";
        case BSON_TYPE_DBPOINTER:
            return "dbPointer";
        case BSON_TYPE_CODE:
        case BSON_TYPE_CODEWSCOPE:
            return "javascript";
        case BSON_TYPE_SYMBOL:
            return "symbol";
        case BSON_TYPE_TIMESTAMP:
            return "timestamp";
        case BSON_TYPE_DECIMAL128:
            return "decimal";
        case BSON_TYPE_MINKEY:
            return "minKey";
        case BSON_TYPE_MAXKEY:
            return "maxKey";
        default:
            return "unknown";
    }
}

// A JSON text of what the database has, or a failure that names the row: another program may have put values there that
// JSON does not have, keys twice, or text that is none.
template <class Append>
std::string faithful_json(const char *what, const ObjectId &id, const Append &append) {
    constexpr const char *kRemedy =
        "; another program wrote it: mend it in the store that is copied, then repeat the copy";
    std::string json;
    try {
        append(json);
    } catch (const NoJson &value) {
        damaged(
            what, id,
            std::string("has a value of the type \"") + name_of(value.type) + "\", which JSON does not have" + kRemedy);
    }
    const Document document = read_json(json, kMaxStoredDepth);
    if (document.is_malformed()) damaged(what, id, "is no JSON (" + document.malformed + ")" + kRemedy);
    return json;
}

}  // namespace

Bson Collection<Organization>::document(const Organization &row) { return document_of(row); }

Organization Collection<Organization>::read(const BsonReader &reader) {
    Organization row = read_organization(reader);
    need(reader.text("slug"), "organization", row.id, "slug");
    return row;
}

Bson Collection<Organization>::rival(const Organization &row) {
    Bson filter;
    BsonWriter(filter).text("slug", row.slug);
    return filter;
}

Bson Collection<StorageProvider>::document(const StorageProvider &row) {
    Bson document = document_of(row);
    if (!is_same_json(read(BsonReader(document.get())).config, row.config)) {
        would_change("storage provider", row.id, "config");
    }
    return document;
}

StorageProvider Collection<StorageProvider>::read(const BsonReader &reader) {
    StorageProvider row = read_provider(reader);
    need(reader.id("organization"), "storage provider", row.id, "organization");
    row.config = faithful_json("storage provider", row.id, [&](std::string &json) {
        append_member(json, reader.get(), "config", Foreign::kRefuse);
    });
    return row;
}

Bson Collection<ApiKey>::document(const ApiKey &row) { return document_of(row); }

ApiKey Collection<ApiKey>::read(const BsonReader &reader) {
    ApiKey row = read_key(reader);
    need(reader.id("organization"), "key", row.id, "organization");
    need(reader.digest("token"), "key", row.id, "hash of a token");
    need(reader.id("owner"), "key", row.id, "owner");
    return row;
}

Bson Collection<ApiKey>::rival(const ApiKey &row) {
    Bson filter;
    BsonWriter(filter).binary("token", row.digest);
    return filter;
}

Bson Collection<ApplicationCopy>::document(const ApplicationCopy &row, const std::optional<std::int64_t> &place) {
    Bson document = record_document(row);
    const BsonReader reader(document.get());
    if (reader.id("_id") != row.id || reader.id("organization") != row.organization ||
        reader.text("slug") != row.slug || !is_same_json(record_json(document.get()), row.record)) {
        would_change("application", row.id, "record");
    }
    BsonWriter out(document);
    append_place(out, place, row.id);
    // Judged by no limit of this store.
    out.integer("limitVersion", 0);
    out.id("request", row.id);
    return document;
}

ApplicationCopy Collection<ApplicationCopy>::read(const BsonReader &reader) {
    ApplicationCopy row;
    row.id = reader.id("_id").value_or(ObjectId{});
    row.organization = need(reader.id("organization"), "application", row.id, "organization");
    row.slug = need(reader.text("slug"), "application", row.id, "slug");
    row.created_at = reader.time("createdAt").value_or(0);
    try {
        row.record = faithful_json("application", row.id,
                                   [&](std::string &json) { json = record_json(reader.get(), Foreign::kRefuse); });
    } catch (const Failure &failure) {
        if (failure.status() != AC_ECHECK) throw;
        row.record = record_json(reader.get());
        row.unfaithful = failure.what();
    }
    row.native.assign(reinterpret_cast<const char *>(bson_get_data(reader.get())), reader.get()->len);
    return row;
}

Bson Collection<ApplicationCopy>::rival(const ApplicationCopy &row) {
    Bson filter;
    BsonWriter(filter).id("organization", row.organization).text("slug", row.slug);
    return filter;
}

RequestCopy Collection<RequestCopy>::read(const BsonReader &reader) {
    RequestCopy row;
    row.application = reader.id("_id").value_or(ObjectId{});
    row.organization = need(reader.id("organization"), "application", row.application, "organization");
    row.request = need(reader.digest("request"), "application", row.application, "request to replay");
    row.fingerprint = need(reader.digest("fingerprint"), "application", row.application, "fingerprint");
    row.kept_until = reader.time("keptUntil").value_or(0);
    row.answer = answer_json(reader.get());
    return row;
}

}  // namespace appcreate::mongo
