#include "store.h"

#include "mongo/mongo_store.h"
#include "sqlite/sqlite_store.h"

namespace appcreate {

// An ac_create is a Create (abi.cc).
std::size_t Source::take(std::span<Create *> out, std::size_t max_bytes) const {
    return source_.take(source_.ctx, reinterpret_cast<ac_create **>(out.data()), out.size(), max_bytes);
}

void Source::done(std::span<Create *const> creates) const {
    source_.done(source_.ctx, reinterpret_cast<ac_create *const *>(creates.data()), creates.size());
}

bool Source::is_pending() const { return source_.pending == nullptr || source_.pending(source_.ctx) != 0; }

std::optional<Contents> Store::backup(const std::string &, bool, const Progress &) {
    throw Failure(AC_EINVAL,
                  "a MongoDB store is backed up with MongoDB's own tools: mongodump --oplog, snapshots of the file "
                  "systems, or the backups of the service that runs it");
}

std::optional<Contents> Store::restore(const std::string &, bool, const Progress &) {
    throw Failure(
        AC_EINVAL,
        "a MongoDB store is restored with MongoDB's own tools: mongorestore --oplogReplay, snapshots of the file "
        "systems, or the backups of the service that runs it; then run \"appctl init\" and \"appctl check\"");
}

std::unique_ptr<Store> open_store(const StoreOptions &options) {
    if (options.uri.kind == AC_STORE_SQLITE) return std::make_unique<sqlite::SqliteStore>(options);
    return std::make_unique<mongo::MongoStore>(options);
}

}  // namespace appcreate
