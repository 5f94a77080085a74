#include "mongo/schema/entities.h"

#include <algorithm>

#include "mongo/driver/json_bson.h"
#include "mongo/schema/freeze.h"

namespace appcreate::mongo {
namespace {

// Members that are written as a whole and one by one.
constexpr const char *kBuildRetentionDays = "maxBillingBuildRetentionDays";
constexpr const char *kBuildsPerPublication = "buildsRetainedPerPublication";

}  // namespace

Organization read_organization(const BsonReader &document) {
    Organization out;
    out.id = document.id("_id").value_or(ObjectId{});
    out.name = document.text("name").value_or("");
    out.slug = document.text("slug").value_or("");
    out.enabled = document.boolean("enabled").value_or(false);
    out.frozen = freeze_of(document.integer(kFrozen).value_or(0));
    out.limit = document.integer("limit");
    out.retention.build_retention_days = document.integer(kBuildRetentionDays).value_or(0);
    out.retention.builds_per_publication = document.integer(kBuildsPerPublication).value_or(0);
    out.default_provider = document.id("defaultStorageProvider");
    out.created_at = document.time("createdAt").value_or(0);
    return out;
}

Bson document_of(const Organization &organization) {
    Bson document;
    BsonWriter out(document);
    out.id("_id", organization.id)
        .text("name", organization.name)
        .text("slug", organization.slug)
        .boolean("enabled", organization.enabled);
    append_limit(out, organization.limit);
    out.integer("limitVersion", 1)
        .integer("settledVersion", 1)
        .integer("withinVersion", 1)
        .integer("nextPlace", 0)
        .integer(kBuildRetentionDays, organization.retention.build_retention_days)
        .integer(kBuildsPerPublication, organization.retention.builds_per_publication)
        .null("defaultStorageProvider")
        .time("createdAt", organization.created_at)
        .time("updatedAt", organization.created_at);
    return document;
}

void append_limit(BsonWriter &out, const std::optional<std::int64_t> &limit) {
    if (limit) {
        out.integer("limit", *limit);
    } else {
        out.null("limit");
    }
}

void append_changes(BsonWriter &out, const OrganizationSpec &spec) {
    if (spec.name) out.text("name", *spec.name);
    if (spec.slug) out.text("slug", *spec.slug);
    if (spec.build_retention_days) out.integer(kBuildRetentionDays, *spec.build_retention_days);
    if (spec.builds_per_publication) out.integer(kBuildsPerPublication, *spec.builds_per_publication);
    if (spec.enabled) out.boolean("enabled", *spec.enabled);
}

StorageProvider read_provider(const BsonReader &document) {
    StorageProvider out;
    out.id = document.id("_id").value_or(ObjectId{});
    out.organization = document.id("organization").value_or(ObjectId{});
    out.name = document.text("name").value_or("");
    out.region = document.text("region").value_or("");
    out.provider = document.text("provider").value_or("");
    out.created_at = document.time("createdAt").value_or(0);
    return out;
}

Bson document_of(const StorageProvider &provider) {
    Bson document;
    BsonWriter out(document);
    out.id("_id", provider.id)
        .id("organization", provider.organization)
        .text("name", provider.name)
        .text("region", provider.region);
    append_json(out, "config", provider.config);
    out.text("provider", provider.provider).time("createdAt", provider.created_at);
    return document;
}

void append_changes(BsonWriter &out, const ProviderChange &change) {
    if (change.name) out.text("name", *change.name);
    if (change.provider) out.text("provider", *change.provider);
    if (change.region) out.text("region", *change.region);
    if (change.config) append_json(out, "config", *change.config);
}

ApiKey read_key(const BsonReader &document) {
    ApiKey out;
    out.id = document.id("_id").value_or(ObjectId{});
    out.organization = document.id("organization").value_or(ObjectId{});
    out.owner = document.id("owner").value_or(ObjectId{});
    out.digest = document.digest("token").value_or(Digest{});
    out.role = role_index(document.text("role").value_or("")).value_or(kRoles.size() - 1);
    out.permissions = document.texts("permissions");
    out.revoked = document.boolean("revoked").value_or(false);
    out.expires_at = document.time("expiresAt").value_or(0);
    out.created_at = document.time("createdAt").value_or(0);
    out.name = document.text("name").value_or("");
    return out;
}

Bson document_of(const ApiKey &key) {
    Bson document;
    BsonWriter out(document);
    out.id("_id", key.id)
        .binary("token", key.digest)
        .id("organization", key.organization)
        .id("owner", key.owner)
        .text("role", kRoles[std::min<std::size_t>(key.role, kRoles.size() - 1)]);
    out.array("permissions", [&key](Items &items) {
        for (const std::string &permission : key.permissions) items.writer().text(items.key(), permission);
    });
    out.boolean("revoked", key.revoked);
    if (key.expires_at != 0) {
        out.time("expiresAt", key.expires_at);
    } else {
        out.null("expiresAt");
    }
    out.time("createdAt", key.created_at);
    if (!key.name.empty()) out.text("name", key.name);
    return document;
}

}  // namespace appcreate::mongo
