#include "sqlite/create/key_use.h"

#include "base/day.h"

namespace appcreate::sqlite {
namespace {

// As many keys are remembered; one that is forgotten is noted once more, which changes nothing.
constexpr std::size_t kRemembered = 4096;

}  // namespace

bool has_key_use(const Connection &connection) {
    return connection.query_integer("SELECT count(*) FROM pragma_table_info('keys') WHERE name = 'used_on'") != 0;
}

void add_key_use(const Connection &connection) {
    if (has_key_use(connection)) return;
    connection.exec("ALTER TABLE keys ADD COLUMN used_on INTEGER NOT NULL DEFAULT 0");
}

void KeyUse::look_again() {
    forget();
    update_.reset();
    if (has_key_use(connection_)) {
        update_.emplace(connection_.prepare("UPDATE keys SET used_on = ?1 WHERE id = ?2 AND used_on < ?1"));
    }
}

void KeyUse::add(const ObjectId &key) {
    if (update_ && (used_.empty() || used_.back() != key)) used_.push_back(key);
}

void KeyUse::note() {
    if (used_.empty()) return;
    const std::int64_t today = day_of(now_ms());
    if (today != day_ || noted_.size() > kRemembered) noted_.clear();
    day_ = today;
    for (const ObjectId &key : used_) {
        if (noted_.insert(key).second) Run(*update_).integer(today).blob(key.bytes).done();
    }
    used_.clear();
}

void KeyUse::forget() noexcept {
    used_.clear();
    noted_.clear();
}

}  // namespace appcreate::sqlite
