#include "mongo/sweeper.h"

#include <chrono>
#include <vector>

#include "mongo/batch.h"
#include "mongo/query.h"
#include "mongo/remote.h"

namespace appcreate::mongo {
namespace {

constexpr std::size_t kSweep = 100;
constexpr std::chrono::seconds kIdle{60};
constexpr std::chrono::milliseconds kBusy{200};

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
    constexpr std::int64_t kAnyDocument = 16 << 20;
    Remote remote(session, kAnyDocument);
    for (const Record &record : expired) remote.expire_request(record);
    return expired.size() == kSweep;
}

Sweeper::~Sweeper() {
    if (!thread_.joinable()) return;
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_all();
    thread_.join();
}

void Sweeper::start() {
    thread_ = std::thread([this] { run(); });
}

// Not right away: whoever starts a gateway has other things to wait for.
void Sweeper::run() {
    std::unique_lock lock(mutex_);
    std::chrono::milliseconds pause = kIdle;
    while (!wake_.wait_for(lock, pause, [this] { return stopping_; })) {
        lock.unlock();
        pause = kIdle;
        try {
            const Session session = pool_.lend();
            schema_.require(session);
            if (sweep_expired_requests(session, now_ms())) pause = kBusy;
        } catch (const std::exception &) {
            // The next round tries again; those who serve report what is wrong with the store.
        }
        lock.lock();
    }
}

}  // namespace appcreate::mongo
