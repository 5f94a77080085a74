#include "mongo/admin/applications.h"

#include <algorithm>
#include <vector>

#include "mongo/admin/organizations.h"
#include "mongo/create/document.h"
#include "mongo/driver/query.h"
#include "mongo/schema/schema.h"

namespace appcreate::mongo {
namespace {

constexpr std::size_t kPage = 512;
constexpr std::size_t kPageBytes = 4 << 20;

struct Page {
    std::vector<std::string> records;
    std::optional<ObjectId> last;
};

Page read_page(const Client &client, const ObjectId &organization, const std::optional<ObjectId> &after,
               std::size_t max) {
    Bson filter;
    BsonWriter out(filter);
    out.id("organization", organization);
    if (after) out.document("_id", [&](BsonWriter &above) { above.id("$gt", *after); });
    Bson sort;
    BsonWriter(sort).integer("_id", 1);
    const Bson projection = shown_members();
    FindOptions options;
    options.sort = &sort;
    options.projection = &projection;
    options.limit = static_cast<std::int64_t>(max);
    Page page;
    std::size_t bytes = 0;
    find(client, kApplications, filter, options, [&](const BsonReader &reader) {
        page.records.push_back(record_json(reader.get()));
        page.last = reader.id("_id");
        bytes += page.records.back().size();
        return bytes < kPageBytes;
    });
    return page;
}

}  // namespace

void list_applications(const Client &client, std::string_view org, std::optional<ObjectId> after, std::size_t max,
                       const RowSink &row) {
    const OrganizationEntry organization = find_organization(client, org);
    std::size_t left = max == 0 ? SIZE_MAX : max;
    while (left > 0) {
        const Page page = read_page(client, organization.row.id, after, std::min(left, kPage));
        for (const std::string &record : page.records) {
            if (!row(record)) return;
        }
        if (page.records.empty() || !page.last) return;
        left -= page.records.size();
        after = page.last;
    }
}

Bson application_filter(const OrganizationEntry &organization, std::string_view app) {
    Bson filter;
    BsonWriter out(filter);
    out.id("organization", organization.row.id);
    if (const auto id = ObjectId::parse(app)) {
        out.id("_id", *id);
    } else {
        out.text("slug", app);
    }
    return filter;
}

Failure no_application(const OrganizationEntry &organization, std::string_view app) {
    return {AC_ENOTFOUND, "no application \"" + std::string(app) + "\" in organization \"" + organization.row.slug +
                              "\"; run \"appctl app list --org " + organization.row.slug + "\""};
}

std::string find_application(const Client &client, std::string_view org, std::string_view app) {
    const OrganizationEntry organization = find_organization(client, org);
    std::optional<std::string> record;
    find(client, kApplications, application_filter(organization, app), {}, [&record](const BsonReader &reader) {
        record = record_json(reader.get());
        return false;
    });
    if (!record) throw no_application(organization, app);
    return *std::move(record);
}

}  // namespace appcreate::mongo
