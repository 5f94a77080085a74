#include "mongo/organizations.h"

#include "mongo/places.h"
#include "mongo/query.h"
#include "mongo/remote.h"
#include "mongo/schema.h"

namespace appcreate::mongo {
namespace {

// Changes of one organization by several programs at once meet seldom.
constexpr int kAttempts = 10;
constexpr std::int32_t kPage = 500;

OrganizationEntry read(const Reader &reader) {
    OrganizationEntry entry;
    entry.id = reader.id("_id").value_or(ObjectId{});
    entry.row.id = entry.id.hex();
    entry.row.name = reader.text("name").value_or("");
    entry.row.slug = reader.text("slug").value_or("");
    entry.row.enabled = reader.boolean("enabled").value_or(false);
    entry.row.limit = reader.integer("limit");
    entry.row.build_retention_days = reader.integer("maxBillingBuildRetentionDays").value_or(0);
    entry.row.builds_per_publication = reader.integer("buildsRetainedPerPublication").value_or(0);
    if (const auto provider = reader.id("defaultStorageProvider")) entry.row.default_provider = provider->hex();
    entry.row.created_at = reader.time("createdAt").value_or(0);
    entry.limit_version = reader.integer("limitVersion").value_or(0);
    entry.settled_version = settled_version_of(reader);
    entry.filled_to = reader.integer("filledTo").value_or(0);
    return entry;
}

void append_limit(Writer &out, const std::optional<std::int64_t> &limit) {
    if (limit) {
        out.integer("limit", *limit);
    } else {
        out.null("limit");
    }
}

[[noreturn]] void taken(const std::string &index, const std::string &id, std::string_view slug) {
    if (index == "slug") {
        throw Failure(AC_EEXISTS,
                      "the slug \"" + std::string(slug) + "\" belongs to another organization; choose another");
    }
    throw Failure(AC_EEXISTS, "the id " + id + " belongs to another organization; choose another");
}

// Records outside of a limit that was lowered or set are moved inside it, as far as there are free places. Gateways do
// the same for what comes later, however late.
void move_inside(const Session &session, const OrganizationEntry &entry) {
    if (!entry.row.limit || entry.settled_version == entry.limit_version) return;
    constexpr std::int64_t kAnyDocument = 16 << 20;
    Remote remote(session, kAnyDocument);
    Plan plan;
    plan.organization = entry.id;
    plan.limit = entry.row.limit;
    plan.limit_version = entry.limit_version;
    plan.settled_version = entry.settled_version;
    plan.filled_to = entry.filled_to;
    Places places;
    places.settle(remote, plan);
}

bool try_change(const Session &session, const OrganizationEntry &before, const OrganizationSpec &spec) {
    Bson filter;
    Writer(filter).id("_id", before.id).integer("limitVersion", before.limit_version);
    const bool changes_limit = spec.limit && *spec.limit != before.row.limit;
    // Under a higher limit, all stand where they may.
    const bool is_higher = changes_limit && before.row.limit && *spec.limit && **spec.limit > *before.row.limit &&
                           before.settled_version == before.limit_version;
    Bson update;
    Writer(update).document("$set", [&](Writer &set) {
        if (spec.name) set.text("name", *spec.name);
        if (spec.slug) set.text("slug", *spec.slug);
        if (spec.build_retention_days) set.integer("maxBillingBuildRetentionDays", *spec.build_retention_days);
        if (spec.builds_per_publication) set.integer("buildsRetainedPerPublication", *spec.builds_per_publication);
        if (spec.enabled) set.boolean("enabled", *spec.enabled);
        if (changes_limit) {
            append_limit(set, *spec.limit);
            set.integer("limitVersion", before.limit_version + 1);
        }
        if (is_higher) {
            set.integer("settledVersion", before.limit_version + 1).integer("withinVersion", before.limit_version + 1);
        }
        set.time("updatedAt", now_ms());
    });
    const UpdateResult result = update_one(session, kOrganizations, filter, update);
    if (result.is_duplicate) taken("slug", before.row.id, spec.slug.value_or(""));
    return result.matched == 1;
}

}  // namespace

std::int64_t settled_version_of(const Reader &organization) {
    return organization.integer("withinVersion").value_or(1);
}

std::int64_t count_applications(const Session &session, const ObjectId &organization) {
    Bson filter;
    Writer(filter).id("organization", organization);
    return count(session, kApplications, filter);
}

OrganizationEntry find_organization(const Session &session, std::string_view org, bool with_count) {
    Bson filter;
    if (const auto id = ObjectId::parse(org)) {
        Writer(filter).id("_id", *id);
    } else {
        Writer(filter).text("slug", org);
    }
    std::optional<OrganizationEntry> entry;
    find(session, kOrganizations, filter, {}, [&entry](const Reader &reader) {
        entry = read(reader);
        return false;
    });
    if (!entry) throw Failure(AC_ENOTFOUND, "no organization \"" + std::string(org) + "\"; run \"appctl org list\"");
    if (with_count) entry->row.applications = count_applications(session, entry->id);
    return *std::move(entry);
}

OrganizationRow create_organization(const Session &session, const OrganizationSpec &spec) {
    const ObjectId id = spec.id ? *spec.id : ObjectId::make();
    const std::int64_t now = now_ms();
    const auto limit = spec.limit.value_or(std::nullopt);
    Bson document;
    Writer out(document);
    out.id("_id", id)
        .text("name", spec.name.value_or(""))
        .text("slug", spec.slug.value_or(""))
        .boolean("enabled", spec.enabled.value_or(true));
    append_limit(out, limit);
    out.integer("limitVersion", 1)
        .integer("settledVersion", 1)
        .integer("withinVersion", 1)
        .integer("nextPlace", 0)
        .integer("maxBillingBuildRetentionDays", spec.build_retention_days.value_or(0))
        .integer("buildsRetainedPerPublication", spec.builds_per_publication.value_or(0))
        .null("defaultStorageProvider")
        .time("createdAt", now)
        .time("updatedAt", now);
    std::string index;
    if (!insert_one(session, kOrganizations, document, &index)) taken(index, id.hex(), spec.slug.value_or(""));
    return find_organization(session, id.hex(), true).row;
}

OrganizationRow change_organization(const Session &session, std::string_view org, const OrganizationSpec &spec) {
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
        const OrganizationEntry before = find_organization(session, org);
        if (!try_change(session, before, spec)) continue;
        const OrganizationEntry after = find_organization(session, before.row.id, true);
        move_inside(session, after);
        return after.row;
    }
    throw Failure(AC_EUNAVAILABLE,
                  "others change the organization \"" + std::string(org) + "\" all the time; try again");
}

void each_organization(const Session &session, const std::function<bool(const OrganizationEntry &)> &visit) {
    std::optional<ObjectId> after;
    for (bool more = true; more;) {
        Bson filter;
        if (after) Writer(filter).document("_id", [&](Writer &above) { above.id("$gt", *after); });
        Bson sort;
        Writer(sort).integer("_id", 1);
        FindOptions options;
        options.sort = &sort;
        options.limit = kPage;
        std::vector<OrganizationEntry> page;
        find(session, kOrganizations, filter, options, [&page](const Reader &reader) {
            page.push_back(read(reader));
            return true;
        });
        more = page.size() == kPage;
        for (const OrganizationEntry &entry : page) {
            if (!visit(entry)) return;
            after = entry.id;
        }
    }
}

void list_organizations(const Session &session, const RowSink &row) {
    std::string after;
    for (bool more = true; more;) {
        Bson filter;
        Writer(filter).document("slug", [&](Writer &above) { above.text("$gt", after); });
        Bson sort;
        Writer(sort).integer("slug", 1);
        FindOptions options;
        options.sort = &sort;
        options.limit = kPage;
        std::vector<OrganizationEntry> page;
        find(session, kOrganizations, filter, options, [&page](const Reader &reader) {
            page.push_back(read(reader));
            return true;
        });
        more = page.size() == kPage;
        for (OrganizationEntry &entry : page) {
            entry.row.applications = count_applications(session, entry.id);
            if (!row(render(entry.row))) return;
            after = entry.row.slug;
        }
    }
}

}  // namespace appcreate::mongo
