#include "mongo/transfer_rows.h"

#include <algorithm>
#include <array>
#include <string>

#include "json_reader.h"
#include "json_writer.h"
#include "mongo/document.h"
#include "mongo/json_bson.h"

namespace appcreate::mongo {
namespace {

// Members of a record that the database keeps in types of its own.
constexpr std::array<std::string_view, 2> kIds = {"organization", "createdBy"};
constexpr std::array<std::string_view, 3> kTimes = {"createdAt", "updatedAt", "lastBuildProcessedDate"};
// Members of an application's document that are no part of its record.
constexpr std::array<std::string_view, 6> kOwn = {"place",       "limitVersion", "request",
                                                  "fingerprint", "answer",       "keptUntil"};

template <std::size_t N>
bool is_one_of(const std::array<std::string_view, N> &names, std::string_view name) {
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
    Writer(out).id(key, *id);
    return true;
}

bool append_time(Bson &out, std::string_view key, const bson_iter_t &at) {
    if (!BSON_ITER_HOLDS_UTF8(&at)) return false;
    const auto time = parse_timestamp(text_of(at));
    if (!time || timestamp(*time) != text_of(at)) return false;
    Writer(out).time(key, *time);
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
        Writer(out).document(key, provider);
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
            Writer(out).document(key, typed_configuration(child_of(at)));
            return;
        }
        append_as_it_is(out, key, at);
    });
    return out;
}

Bson record_document(const ApplicationCopy &row) {
    if (!row.native.empty()) return typed_record(BsonView(row.native).get());
    Bson wrapped;
    Writer out(wrapped);
    append_json(out, "record", row.record);
    const auto record = Reader(wrapped.get()).document("record");
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

Bson one_id(const ObjectId &id) {
    Bson filter;
    Writer(filter).id("_id", id);
    return filter;
}

}  // namespace

// Gateways that have never seen it begin with these versions (create_organization).
Bson Collection<OrganizationCopy>::document(const OrganizationCopy &row) {
    Bson document = one_id(row.id);
    Writer out(document);
    out.text("name", row.name).text("slug", row.slug).boolean("enabled", row.enabled);
    if (row.limit) {
        out.integer("limit", *row.limit);
    } else {
        out.null("limit");
    }
    out.integer("limitVersion", 1)
        .integer("settledVersion", 1)
        .integer("nextPlace", 0)
        .integer("maxBillingBuildRetentionDays", row.build_retention_days)
        .integer("buildsRetainedPerPublication", row.builds_per_publication)
        .null("defaultStorageProvider")
        .time("createdAt", row.created_at)
        .time("updatedAt", row.created_at);
    return document;
}

OrganizationCopy Collection<OrganizationCopy>::read(const Reader &reader) {
    OrganizationCopy row;
    row.id = reader.id("_id").value_or(ObjectId{});
    row.name = reader.text("name").value_or("");
    row.slug = need(reader.text("slug"), "organization", row.id, "slug");
    row.enabled = reader.boolean("enabled").value_or(false);
    row.limit = reader.integer("limit");
    row.build_retention_days = reader.integer("maxBillingBuildRetentionDays").value_or(0);
    row.builds_per_publication = reader.integer("buildsRetainedPerPublication").value_or(0);
    row.default_provider = reader.id("defaultStorageProvider");
    row.created_at = reader.time("createdAt").value_or(0);
    return row;
}

Bson Collection<OrganizationCopy>::rival(const OrganizationCopy &row) {
    Bson filter;
    Writer(filter).text("slug", row.slug);
    return filter;
}

Bson Collection<ProviderCopy>::document(const ProviderCopy &row) {
    Bson document = one_id(row.id);
    Writer out(document);
    out.id("organization", row.organization).text("name", row.name).text("region", row.region);
    append_json(out, "config", row.config);
    out.text("provider", row.provider).time("createdAt", row.created_at);
    if (!is_same_json(read(Reader(document.get())).config, row.config)) {
        would_change("storage provider", row.id, "config");
    }
    return document;
}

ProviderCopy Collection<ProviderCopy>::read(const Reader &reader) {
    ProviderCopy row;
    row.id = reader.id("_id").value_or(ObjectId{});
    row.organization = need(reader.id("organization"), "storage provider", row.id, "organization");
    row.name = reader.text("name").value_or("");
    row.region = reader.text("region").value_or("");
    row.provider = reader.text("provider").value_or("");
    const Bson none;
    row.config = faithful_json("storage provider", row.id, [&](std::string &json) {
        append_object(json, reader.document("config").value_or(none.bytes()), Foreign::kRefuse);
    });
    row.created_at = reader.time("createdAt").value_or(0);
    return row;
}

Bson Collection<KeyCopy>::document(const KeyCopy &row) {
    Bson document = one_id(row.id);
    Writer out(document);
    out.binary("token", row.digest)
        .id("organization", row.organization)
        .id("owner", row.owner)
        .text("role", kRoles[std::min<std::size_t>(row.role, kRoles.size() - 1)]);
    out.array("permissions", [&row](Items &items) {
        for (const std::string &permission : row.permissions) items.writer().text(items.key(), permission);
    });
    out.boolean("revoked", row.revoked);
    if (row.expires_at != 0) {
        out.time("expiresAt", row.expires_at);
    } else {
        out.null("expiresAt");
    }
    out.time("createdAt", row.created_at);
    return document;
}

KeyCopy Collection<KeyCopy>::read(const Reader &reader) {
    KeyCopy row;
    row.id = reader.id("_id").value_or(ObjectId{});
    row.organization = need(reader.id("organization"), "key", row.id, "organization");
    row.digest = need(reader.digest("token"), "key", row.id, "hash of a token");
    row.owner = need(reader.id("owner"), "key", row.id, "owner");
    row.role = role_index(reader.text("role").value_or("")).value_or(kRoles.size() - 1);
    row.permissions = reader.texts("permissions");
    row.revoked = reader.boolean("revoked").value_or(false);
    row.expires_at = reader.time("expiresAt").value_or(0);
    row.created_at = reader.time("createdAt").value_or(0);
    return row;
}

Bson Collection<KeyCopy>::rival(const KeyCopy &row) {
    Bson filter;
    Writer(filter).binary("token", row.digest);
    return filter;
}

Bson Collection<ApplicationCopy>::document(const ApplicationCopy &row, const std::optional<std::int64_t> &place) {
    Bson document = record_document(row);
    const Reader reader(document.get());
    if (reader.id("_id") != row.id || reader.id("organization") != row.organization ||
        reader.text("slug") != row.slug || !is_same_json(record_json(document.get()), row.record)) {
        would_change("application", row.id, "record");
    }
    Writer out(document);
    append_place(out, place, row.id);
    // Judged by no limit of this store.
    out.integer("limitVersion", 0);
    out.id("request", row.id);
    return document;
}

ApplicationCopy Collection<ApplicationCopy>::read(const Reader &reader) {
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
    Writer(filter).id("organization", row.organization).text("slug", row.slug);
    return filter;
}

RequestCopy Collection<RequestCopy>::read(const Reader &reader) {
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
