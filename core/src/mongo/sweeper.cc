#include "mongo/sweeper.h"

#include <vector>

#include "mongo/batch.h"
#include "mongo/query.h"
#include "mongo/remote.h"
#include "mongo/schema.h"

namespace appcreate::mongo {
namespace {

constexpr std::size_t kSweep = 500;
// Longer than the owner is idle between two sweeps.
constexpr std::int64_t kLeaseMs = 90'000;

}  // namespace

bool sweep_expired_requests(const Session &session, std::int64_t now) {
    Bson filter;
    Writer(filter).document("keptUntil", [now](Writer &before) { before.time("$lt", now - kClockSlackMs); });
    Bson sort;
    Writer(sort).integer("keptUntil", 1);
    Bson projection;
    Writer(projection).integer("organization", 1).integer("request", 1);
    FindOptions options;
    options.sort = &sort;
    options.projection = &projection;
    options.limit = kSweep;
    std::vector<Record> expired;
    find(session, kApplications, filter, options, [&expired](const Reader &reader) {
        Record record;
        record.id = reader.id("_id").value_or(ObjectId{});
        record.organization = reader.id("organization").value_or(ObjectId{});
        record.request = reader.digest("request");
        expired.push_back(std::move(record));
        return true;
    });
    if (expired.empty()) return false;
    constexpr std::int64_t kAnyDocument = 16 << 20;
    Remote(session, kAnyDocument).expire_requests(expired);
    return expired.size() == kSweep;
}

bool SweepLease::take(const Session &session, std::int64_t now) {
    if (until_ - now > kLeaseMs / 2 && until_ - now <= kLeaseMs) return true;
    Bson filter;
    Writer(filter).text("_id", "sweeper").array("$or", [&](Items &items) {
        items.writer().document(items.key(), [&](Writer &to) { to.id("owner", owner_); });
        items.writer().document(
            items.key(), [&](Writer &to) { to.document("until", [now](Writer &before) { before.time("$lt", now); }); });
    });
    Bson update;
    Writer(update).document("$set", [&](Writer &set) { set.id("owner", owner_).time("until", now + kLeaseMs); });
    try {
        count_up(session, kSchema, filter, update, true, [](const Reader &) { return true; });
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
