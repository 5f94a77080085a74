#include "mongo/admin/removal.h"

#include <chrono>
#include <optional>
#include <thread>
#include <vector>

#include "mongo/admin/applications.h"
#include "mongo/admin/organizations.h"
#include "mongo/create/document.h"
#include "mongo/create/driver_server.h"
#include "mongo/create/plan_cache.h"
#include "mongo/driver/query.h"
#include "mongo/schema/schema.h"

namespace appcreate::mongo {
namespace {

constexpr std::int64_t kAnyDocument = 16 << 20;
constexpr std::int64_t kPage = 500;

std::vector<ObjectId> some_of(const Client &client, const char *collection, const ObjectId &organization) {
    Bson filter;
    BsonWriter(filter).id("organization", organization);
    Bson projection;
    BsonWriter(projection).integer("_id", 1);
    FindOptions options;
    options.projection = &projection;
    options.limit = kPage;
    std::vector<ObjectId> out;
    find(client, collection, filter, options, [&out](const BsonReader &reader) {
        out.push_back(reader.id("_id").value_or(ObjectId{}));
        return true;
    });
    return out;
}

bool remove(const Client &client, const char *collection, const ObjectId &organization, const ObjectId &id) {
    Bson filter;
    BsonWriter(filter).id("_id", id).id("organization", organization);
    return delete_one(client, collection, filter);
}

// One by one: a document each is what every server does whole.
std::uint64_t remove_all(const Client &client, const char *collection, const ObjectId &organization) {
    std::uint64_t removed = 0;
    for (;;) {
        const std::vector<ObjectId> page = some_of(client, collection, organization);
        if (page.empty()) return removed;
        for (const ObjectId &id : page) removed += remove(client, collection, organization, id) ? 1 : 0;
    }
}

void enable(const Client &client, const ObjectId &organization, bool enabled) {
    Bson filter;
    BsonWriter(filter).id("_id", organization);
    Bson update;
    BsonWriter(update).document("$set",
                                [&](BsonWriter &set) { set.boolean("enabled", enabled).time("updatedAt", now_ms()); });
    update_one(client, kOrganizations, filter, update);
    note_key_change(client);
}

void require_none(const OrganizationEntry &organization, std::int64_t applications) {
    if (applications == 0) return;
    throw Failure(AC_EEXISTS, "the organization \"" + organization.row.slug + "\" has " + std::to_string(applications) +
                                  (applications == 1 ? " application" : " applications") +
                                  "; delete what it has first, or add --force and --backup FILE");
}

// The counters of its slugs' numbers, which only suggest.
void remove_counters(const Client &client, const ObjectId &organization) {
    Bson command;
    BsonWriter(command).text("delete", kSlugs).array("deletes", [&](Items &items) {
        items.writer().document(items.key(), [&](BsonWriter &one) {
            one.document("q", [&](BsonWriter &filter) { filter.id("_id.o", organization); }).integer("limit", 0);
        });
    });
    run_command(client, command);
}

}  // namespace

std::string remove_application(const Client &client, std::string_view org, std::string_view app) {
    const OrganizationEntry organization = find_organization(client, org);
    std::string record;
    std::optional<std::int64_t> place;
    // What is shown is what went, from the place where it stood then: others may rename and move it until then.
    const bool is_gone =
        take_one(client, kApplications, application_filter(organization, app), [&](const BsonReader &reader) {
            record = record_json(reader.get());
            place = reader.integer("place");
            return false;
        });
    if (!is_gone) throw no_application(organization, app);
    // Afterwards: what is said to be free must be.
    if (place) DriverServer(client, kAnyDocument).lower_filled_to(organization.row.id, *place - 1);
    return record;
}

std::uint64_t remove_organization(const Client &client, std::string_view org, bool with_applications) {
    const OrganizationEntry organization = find_organization(client, org);
    if (!with_applications) require_none(organization, count_applications(client, organization.row.id));
    enable(client, organization.row.id, false);
    // Twice what a gateway goes on with a plan that it has read: the rest is on its way to the server.
    std::this_thread::sleep_for(std::chrono::nanoseconds(2 * kPlanValidNs));
    if (!with_applications) {
        try {
            require_none(organization, count_applications(client, organization.row.id));
        } catch (const Failure &) {
            enable(client, organization.row.id, organization.row.enabled);
            throw;
        }
    }
    // Without leave to delete applications none goes, however late it came: it is left for "appctl check" to report.
    std::uint64_t removed = with_applications ? remove_all(client, kApplications, organization.row.id) : 0;
    remove_counters(client, organization.row.id);
    remove_all(client, kKeys, organization.row.id);
    remove_all(client, kProviders, organization.row.id);
    Bson filter;
    BsonWriter(filter).id("_id", organization.row.id);
    delete_one(client, kOrganizations, filter);
    note_key_change(client);
    if (with_applications) removed += remove_all(client, kApplications, organization.row.id);
    return removed;
}

}  // namespace appcreate::mongo
