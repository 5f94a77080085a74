#include "mongo/create/document.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/views.h"
#include "json/writer.h"
#include "mongo/create/batch.h"
#include "mongo/driver/json_bson.h"
#include "request/record.h"

namespace appcreate::mongo {
namespace {

// Members that the API does not show.
constexpr std::array<std::string_view, 6> kOwn = {"place",       "limitVersion", "request",
                                                  "fingerprint", "answer",       "keptUntil"};

// Bytes of a document without its metadata, its scripts and a kept answer.
constexpr std::size_t kOrdinary = 2048;

ObjectId id_of(std::string_view text) { return ObjectId::parse(text).value_or(ObjectId{}); }

void append_platform(BsonWriter &out) {
    out.boolean("ota", false).boolean("forceUpdate", false).text("minVersion", "").boolean("forceAuth", false);
}

void append_configuration(BsonWriter &out, const Draft &draft) {
    if (draft.provider) out.raw_document("storageProvider", draft.provider->bson);
    out.text("notificationLanguage", kLanguages[draft.create->application().language])
        .integer("buildRetentionDays", -1)
        .integer("buildsRetainedPerPublication", -1);
}

void append_request(BsonWriter &out, const Draft &draft) {
    const Create &create = *draft.create;
    if (!create.request()) {
        out.id("request", draft.id);
        return;
    }
    out.binary("request", *create.request())
        .binary("fingerprint", create.fingerprint())
        .text("answer", draft.create->answer_buffer())
        .time("keptUntil", draft.created_at + kKeptMs);
}

}  // namespace

Bson document_of(const Draft &draft) {
    const Create &create = *draft.create;
    const Application &application = create.application();
    Bson document = Bson::with_room(kOrdinary + application.metadata.size() + application.scripts.size());
    BsonWriter out(document);
    out.id("_id", draft.id).text("name", application.name).text("slug", draft.slug);
    out.document("sdk",
                 [](BsonWriter &sdk) { sdk.document("ios", append_platform).document("android", append_platform); });
    out.document("notifications", [](BsonWriter &notifications) {
        notifications.boolean("newBuildNotifyCollaborators", false)
            .boolean("newBuildNotifyEmployees", false)
            .text("newBuildMessage", "")
            .boolean("newFeedbackNotifyCollaborators", false);
    });
    out.text("description", "");
    out.array("oss", [](Items &) {}).array("buildPlatforms", [](Items &) {});
    out.document("security", [&](BsonWriter &security) {
        security.text("role", kRoles[std::min<std::size_t>(create.key().role, kRoles.size() - 1)]);
    });
    out.document("configuration", [&](BsonWriter &configuration) { append_configuration(configuration, draft); });
    out.document("retentionApplied", [&](BsonWriter &applied) {
        applied.integer("maxBillingBuildRetentionDays", draft.plan->retention.build_retention_days)
            .integer("buildsRetainedPerPublication", draft.plan->retention.builds_per_publication);
    });
    out.id("organization", draft.plan->organization);
    out.document("counts", [](BsonWriter &counts) {
        counts.integer("totalBuilds", 0).integer("activeInstalls", 0).integer("feedbackCount", 0);
    });
    append_json(out, "metadata", application.metadata);
    append_json(out, "defaultScripts", application.scripts);
    out.id("createdBy", id_of(view(create.key().owner)))
        .time("createdAt", draft.created_at)
        .time("updatedAt", draft.created_at);
    append_place(out, draft.place, draft.id);
    out.integer("limitVersion", draft.plan->limit_version);
    append_request(out, draft);
    return document;
}

std::string record_json(const bson_t *document, Foreign foreign) {
    std::string json = "{";
    bson_iter_t at;
    if (bson_iter_init(&at, document)) {
        while (bson_iter_next(&at)) {
            std::string_view key(bson_iter_key(&at), bson_iter_key_len(&at));
            if (std::find(kOwn.begin(), kOwn.end(), key) != kOwn.end()) continue;
            if (key == "_id") key = "id";
            if (json.size() > 1) json += ',';
            append_string(json, key);
            json += ':';
            append_value(json, at, foreign);
        }
    }
    json += '}';
    return json;
}

Bson shown_members() {
    Bson projection;
    BsonWriter(projection).integer("answer", 0).integer("fingerprint", 0);
    return projection;
}

std::string answer_json(const bson_t *document) {
    if (const auto answer = BsonReader(document).text("answer")) return std::string(*answer);
    return answer_of(record_json(document));
}

void append_place(BsonWriter &out, const std::optional<std::int64_t> &place, const ObjectId &id) {
    if (place) {
        out.integer("place", *place);
    } else {
        out.id("place", id);
    }
}

Bson provider_document(const ObjectId &id, std::string_view name, std::string_view region, std::string_view config,
                       std::string_view provider) {
    Bson document;
    BsonWriter out(document);
    out.id("id", id).text("name", name).text("region", region);
    append_json(out, "config", config);
    out.text("provider", provider);
    return document;
}

}  // namespace appcreate::mongo
