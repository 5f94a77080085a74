#include "mongo/applications.h"

#include <algorithm>
#include <vector>

#include "mongo/document.h"
#include "mongo/organizations.h"
#include "mongo/query.h"
#include "mongo/schema.h"

namespace appcreate::mongo {
namespace {

constexpr std::size_t kPage = 512;
constexpr std::size_t kPageBytes = 4 << 20;

// What the API does not show may be as large as what it shows.
Bson shown() {
    Bson projection;
    Writer(projection).integer("answer", 0).integer("fingerprint", 0);
    return projection;
}

struct Page {
    std::vector<std::string> records;
    std::optional<ObjectId> last;
};

Page read_page(const Session &session, const ObjectId &organization, const std::optional<ObjectId> &after,
               std::size_t max) {
    Bson filter;
    Writer out(filter);
    out.id("organization", organization);
    if (after) out.document("_id", [&](Writer &above) { above.id("$gt", *after); });
    Bson sort;
    Writer(sort).integer("_id", 1);
    const Bson projection = shown();
    FindOptions options;
    options.sort = &sort;
    options.projection = &projection;
    options.limit = static_cast<std::int64_t>(max);
    Page page;
    std::size_t bytes = 0;
    find(session, kApplications, filter, options, [&](const Reader &reader) {
        page.records.push_back(record_json(reader.get()));
        page.last = reader.id("_id");
        bytes += page.records.back().size();
        return bytes < kPageBytes;
    });
    return page;
}

}  // namespace

void list_applications(const Session &session, std::string_view org, std::optional<ObjectId> after, std::size_t max,
                       const RowSink &row) {
    const OrganizationEntry organization = find_organization(session, org);
    std::size_t left = max == 0 ? SIZE_MAX : max;
    while (left > 0) {
        const Page page = read_page(session, organization.id, after, std::min(left, kPage));
        for (const std::string &record : page.records) {
            if (!row(record)) return;
        }
        if (page.records.empty() || !page.last) return;
        left -= page.records.size();
        after = page.last;
    }
}

std::string find_application(const Session &session, std::string_view org, std::string_view app) {
    const OrganizationEntry organization = find_organization(session, org);
    Bson filter;
    Writer out(filter);
    out.id("organization", organization.id);
    if (const auto id = ObjectId::parse(app)) {
        out.id("_id", *id);
    } else {
        out.text("slug", app);
    }
    std::optional<std::string> record;
    find(session, kApplications, filter, {}, [&record](const Reader &reader) {
        record = record_json(reader.get());
        return false;
    });
    if (record) return *std::move(record);
    throw Failure(AC_ENOTFOUND, "no application \"" + std::string(app) + "\" in organization \"" +
                                    organization.row.slug + "\"; run \"appctl app list --org " + organization.row.slug +
                                    "\"");
}

}  // namespace appcreate::mongo
