#include "mongo/serve/key_use.h"

#include <exception>

#include "base/day.h"
#include "base/views.h"
#include "mongo/driver/query.h"
#include "mongo/schema/schema.h"

namespace appcreate::mongo {
namespace {

// As many keys are remembered; one that is forgotten is noted once more, which changes nothing.
constexpr std::size_t kRemembered = 4096;

bool made_one(const Create &create) {
    return create.answer().status == 200 && (create.answer().flags & AC_ANSWER_REPLAYED) == 0 &&
           !create.validate_only();
}

}  // namespace

void KeyUse::add(std::span<Create *const> creates) noexcept {
    try {
        const MutexLock lock(mutex_);
        const std::int64_t today = day_of(now_ms());
        if (today != day_ || noted_.size() > kRemembered) noted_.clear();
        day_ = today;
        for (const Create *create : creates) {
            if (!made_one(*create)) continue;
            const auto key = ObjectId::parse(view(create->key().id));
            if (key && noted_.insert(*key).second && added_.size() < kRemembered) added_.insert(*key);
        }
    } catch (const std::exception &) {
    }
}

bool KeyUse::is_any() {
    const MutexLock lock(mutex_);
    return !added_.empty();
}

void KeyUse::write(const Client &client) {
    std::set<ObjectId> keys;
    std::int64_t day = 0;
    {
        const MutexLock lock(mutex_);
        keys = added_;
        day = day_;
    }
    if (keys.empty()) return;
    Bson command;
    BsonWriter(command).text("update", kKeys).array("updates", [&](Items &items) {
        items.writer().document(items.key(), [&](BsonWriter &one) {
            one.document("q", [&](BsonWriter &filter) {
                filter.document("_id", [&](BsonWriter &in) {
                    in.array("$in", [&](Items &ids) {
                        for (const ObjectId &key : keys) ids.writer().id(ids.key(), key);
                    });
                });
            });
            one.document("u", [&](BsonWriter &update) {
                update.document("$max", [&](BsonWriter &max) { max.time("usedOn", day * kDayMs); });
            });
            one.boolean("multi", true);
        });
    });
    run_command(client, command);
    const MutexLock lock(mutex_);
    for (const ObjectId &key : keys) added_.erase(key);
}

}  // namespace appcreate::mongo
