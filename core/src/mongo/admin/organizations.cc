#include "mongo/admin/organizations.h"

#include "admin/changes.h"
#include "mongo/create/driver_server.h"
#include "mongo/create/places.h"
#include "mongo/driver/query.h"
#include "mongo/schema/entities.h"
#include "mongo/schema/schema.h"

namespace appcreate::mongo {
namespace {

// Changes of one organization by several programs at once meet seldom.
constexpr int kAttempts = 10;
constexpr std::int32_t kPage = 500;

OrganizationEntry read(const BsonReader &reader) {
    OrganizationEntry entry;
    static_cast<Organization &>(entry.row) = read_organization(reader);
    entry.limit_version = reader.integer("limitVersion").value_or(0);
    entry.settled_version = settled_version_of(reader);
    entry.filled_to = reader.integer("filledTo").value_or(0);
    return entry;
}

[[noreturn]] void taken(const std::string &index, const ObjectId &id, std::string_view slug) {
    if (index == "slug") {
        throw Failure(AC_EEXISTS,
                      "the slug \"" + std::string(slug) + "\" belongs to another organization; choose another");
    }
    throw Failure(AC_EEXISTS, "the id " + id.hex() + " belongs to another organization; choose another");
}

// Records outside of a limit that was lowered or set are moved inside it, as far as there are free places. Gateways do
// the same for what comes later, however late.
void move_inside(const Client &client, const OrganizationEntry &entry) {
    if (!entry.row.limit || entry.settled_version == entry.limit_version) return;
    constexpr std::int64_t kAnyDocument = 16 << 20;
    DriverServer server(client, kAnyDocument);
    Plan plan;
    plan.organization = entry.row.id;
    plan.limit = entry.row.limit;
    plan.limit_version = entry.limit_version;
    plan.settled_version = entry.settled_version;
    plan.filled_to = entry.filled_to;
    Places places;
    places.move_inside_limit(server, plan);
}

bool try_change(const Client &client, const OrganizationEntry &before, const OrganizationSpec &spec) {
    Bson filter;
    BsonWriter(filter).id("_id", before.row.id).integer("limitVersion", before.limit_version);
    const bool changes_limit = spec.limit && *spec.limit != before.row.limit;
    // Under a higher limit, all stand where they may.
    const bool is_higher = changes_limit && before.row.limit && *spec.limit && **spec.limit > *before.row.limit &&
                           before.settled_version == before.limit_version;
    Bson update;
    BsonWriter(update).document("$set", [&](BsonWriter &set) {
        append_changes(set, spec);
        if (changes_limit) {
            append_limit(set, *spec.limit);
            set.integer("limitVersion", before.limit_version + 1);
        }
        if (is_higher) {
            set.integer("settledVersion", before.limit_version + 1).integer("withinVersion", before.limit_version + 1);
        }
        set.time("updatedAt", now_ms());
    });
    const UpdateResult result = update_one(client, kOrganizations, filter, update);
    if (result.is_duplicate) taken("slug", before.row.id, spec.slug.value_or(""));
    return result.matched == 1;
}

}  // namespace

std::int64_t count_applications(const Client &client, const ObjectId &organization) {
    Bson filter;
    BsonWriter(filter).id("organization", organization);
    return count(client, kApplications, filter);
}

OrganizationEntry find_organization(const Client &client, std::string_view org, bool with_count) {
    Bson filter;
    if (const auto id = ObjectId::parse(org)) {
        BsonWriter(filter).id("_id", *id);
    } else {
        BsonWriter(filter).text("slug", org);
    }
    std::optional<OrganizationEntry> entry;
    find(client, kOrganizations, filter, {}, [&entry](const BsonReader &reader) {
        entry = read(reader);
        return false;
    });
    if (!entry) throw Failure(AC_ENOTFOUND, "no organization \"" + std::string(org) + "\"; run \"appctl org list\"");
    if (with_count) entry->row.applications = count_applications(client, entry->row.id);
    return *std::move(entry);
}

OrganizationRow create_organization(const Client &client, const OrganizationSpec &spec) {
    const Organization organization = new_organization(spec);
    std::string index;
    if (!insert_one(client, kOrganizations, document_of(organization), &index)) {
        taken(index, organization.id, organization.slug);
    }
    return find_organization(client, organization.id.hex(), true).row;
}

OrganizationRow change_organization(const Client &client, std::string_view org, const OrganizationSpec &spec) {
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
        const OrganizationEntry before = find_organization(client, org);
        if (!try_change(client, before, spec)) continue;
        if (spec.enabled || spec.slug) note_key_change(client);
        const OrganizationEntry after = find_organization(client, before.row.id.hex(), true);
        move_inside(client, after);
        return after.row;
    }
    throw Failure(AC_EUNAVAILABLE,
                  "others change the organization \"" + std::string(org) + "\" all the time; try again");
}

void each_organization(const Client &client, const std::function<bool(const OrganizationEntry &)> &visit) {
    std::optional<ObjectId> after;
    for (bool more = true; more;) {
        Bson filter;
        if (after) BsonWriter(filter).document("_id", [&](BsonWriter &above) { above.id("$gt", *after); });
        Bson sort;
        BsonWriter(sort).integer("_id", 1);
        FindOptions options;
        options.sort = &sort;
        options.limit = kPage;
        std::vector<OrganizationEntry> page;
        find(client, kOrganizations, filter, options, [&page](const BsonReader &reader) {
            page.push_back(read(reader));
            return true;
        });
        more = page.size() == kPage;
        for (const OrganizationEntry &entry : page) {
            if (!visit(entry)) return;
            after = entry.row.id;
        }
    }
}

void list_organizations(const Client &client, const RowSink &row) {
    std::string after;
    for (bool more = true; more;) {
        Bson filter;
        BsonWriter(filter).document("slug", [&](BsonWriter &above) { above.text("$gt", after); });
        Bson sort;
        BsonWriter(sort).integer("slug", 1);
        FindOptions options;
        options.sort = &sort;
        options.limit = kPage;
        std::vector<OrganizationEntry> page;
        find(client, kOrganizations, filter, options, [&page](const BsonReader &reader) {
            page.push_back(read(reader));
            return true;
        });
        more = page.size() == kPage;
        for (OrganizationEntry &entry : page) {
            entry.row.applications = count_applications(client, entry.row.id);
            if (!row(render(entry.row))) return;
            after = entry.row.slug;
        }
    }
}

}  // namespace appcreate::mongo
