#include "mongo/admin/freeze.h"

#include <chrono>
#include <string>
#include <thread>

#include "mongo/admin/organizations.h"
#include "mongo/driver/query.h"
#include "mongo/schema/freeze.h"
#include "mongo/schema/schema.h"

namespace appcreate::mongo {
namespace {

// How many elections in a row are waited out.
constexpr int kWaits = 10;

// Writes it down, 0: takes it away. Returns what it was before.
Freeze change(const Client &client, std::string_view org, Freeze seconds) {
    Bson filter;
    Freeze before = 0;
    if (org.empty()) {
        before = read_store_freeze(client);
        BsonWriter(filter).text("_id", "version");
    } else {
        const OrganizationRow row = find_organization(client, org).row;
        before = row.frozen;
        BsonWriter(filter).id("_id", row.id);
    }
    Bson update;
    if (seconds != 0) {
        BsonWriter(update).document("$set", [&](BsonWriter &set) { set.integer(kFrozen, seconds); });
    } else {
        BsonWriter(update).document("$unset", [](BsonWriter &unset) { unset.text(kFrozen, ""); });
    }
    if (update_one(client, org.empty() ? kSchema : kOrganizations, filter, update).matched != 1) {
        throw Failure(AC_EUNAVAILABLE,
                      about(client.name(), "what was to be frozen was deleted meanwhile; repeat this"));
    }
    return before;
}

// A new primary may show for a moment what was before: then it is waited once more.
void wait_for_gateways(const Client &client) {
    for (int i = 0; i < kWaits; ++i) {
        const Connection before = client.connect();
        std::this_thread::sleep_for(std::chrono::nanoseconds(kFreezeWaitNs));
        const Connection after = client.connect();
        const bool is_same_connection = client.dialer() == nullptr || before.since == after.since;
        if (before.id == after.id && is_same_connection) return;
    }
    throw Failure(AC_EUNAVAILABLE, about(client.name(), "its primary changes all the time; repeat the freeze"));
}

}  // namespace

Freeze freeze(const Client &client, std::string_view org, Freeze seconds) {
    const Freeze before = change(client, org, seconds);
    wait_for_gateways(client);
    return before;
}

Freeze thaw(const Client &client, std::string_view org) { return change(client, org, 0); }

}  // namespace appcreate::mongo
