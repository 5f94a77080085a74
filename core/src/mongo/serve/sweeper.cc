#include "mongo/serve/sweeper.h"

#include <vector>

#include "mongo/create/batch.h"
#include "mongo/create/driver_server.h"
#include "mongo/driver/query.h"
#include "mongo/schema/schema.h"

namespace appcreate::mongo {
namespace {

// Longer than the owner is idle between two sweeps.
constexpr std::int64_t kLeaseMs = 90'000;

}  // namespace

bool sweep_expired_requests(const Client &client, std::int64_t now) {
    Bson filter;
    BsonWriter(filter).document("keptUntil", [now](BsonWriter &before) { before.time("$lt", now - kClockSlackMs); });
    Bson sort;
    BsonWriter(sort).integer("keptUntil", 1);
    Bson projection;
    BsonWriter(projection).integer("organization", 1).integer("request", 1);
    FindOptions options;
    options.sort = &sort;
    options.projection = &projection;
    options.limit = kSweep;
    std::vector<Record> expired;
    find(client, kApplications, filter, options, [&expired](const BsonReader &reader) {
        Record record;
        record.id = reader.id("_id").value_or(ObjectId{});
        record.organization = reader.id("organization").value_or(ObjectId{});
        record.request = reader.digest("request");
        expired.push_back(std::move(record));
        return true;
    });
    if (expired.empty()) return false;
    constexpr std::int64_t kAnyDocument = 16 << 20;
    DriverServer(client, kAnyDocument).expire_requests(expired);
    return expired.size() == kSweep;
}

bool SweepLease::take(const Client &client, std::int64_t now) {
    if (until_ - now > kLeaseMs / 2 && until_ - now <= kLeaseMs) return true;
    Bson filter;
    BsonWriter(filter).text("_id", "sweeper").array("$or", [&](Items &items) {
        items.writer().document(items.key(), [&](BsonWriter &to) { to.id("owner", owner_); });
        items.writer().document(items.key(), [&](BsonWriter &to) {
            to.document("until", [now](BsonWriter &before) { before.time("$lt", now); });
        });
    });
    Bson update;
    BsonWriter(update).document("$set",
                                [&](BsonWriter &set) { set.id("owner", owner_).time("until", now + kLeaseMs); });
    try {
        count_up(client, kSchema, filter, update, true, [](const BsonReader &) { return true; });
    } catch (const ServerFailure &failure) {
        // Its document is there, but not for us.
        if (failure.detail() != static_cast<int>(kDuplicateKey)) throw;
        until_ = 0;
        return false;
    }
    until_ = now + kLeaseMs;
    return true;
}

}  // namespace appcreate::mongo
