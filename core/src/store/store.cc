#include "store/store.h"

#include <algorithm>
#include <array>

namespace appcreate {

// An ac_create is a Create (abi.cc). One that was never validated, or has its answer, must not reach a store, whatever
// a host does; nor one that is in a batch already, or that nobody waits for any more.
std::size_t Source::take(std::span<Create *> out, std::size_t max_bytes) const {
    std::array<Create *, kBatchCreates> others;
    for (;;) {
        const std::size_t taken =
            source_.take(source_.ctx, reinterpret_cast<ac_create **>(out.data()), out.size(), max_bytes);
        const std::int64_t now = monotonic_ns();
        std::size_t ready = 0;
        std::size_t refused = 0;
        for (Create *create : out.first(std::min(taken, out.size()))) {
            if (create == nullptr || !create->hold()) continue;
            if (create->is_ready() && !create->is_over(now)) {
                out[ready++] = create;
                continue;
            }
            if (!create->answered()) create->refuse(create->is_ready() ? AC_CODE_DATABASE : AC_CODE_INTERNAL);
            others[refused++] = create;
        }
        if (refused != 0) done(std::span(others).first(refused));
        if (ready != 0 || refused == 0) return ready;
    }
}

void Source::done(std::span<Create *const> creates) const {
    for (Create *create : creates) create->give_back();
    source_.done(source_.ctx, reinterpret_cast<ac_create *const *>(creates.data()), creates.size());
}

bool Source::is_pending() const { return source_.pending == nullptr || source_.pending(source_.ctx) > 0; }

bool Source::is_ending() const { return source_.pending != nullptr && source_.pending(source_.ctx) < 0; }

void answer(Store &store, Read &read, Deadline deadline) {
    if (read.answered()) return;
    read.refuse(AC_CODE_DATABASE);
    if (deadline <= monotonic_ns()) throw Failure(AC_ETIMEOUT, "the time for reading was over before it began");
    if (read.is_list()) {
        read.listed(store.list_records(read.organization(), read.before(), read.limit(), deadline));
    } else if (const auto record = store.find_record(read.organization(), read.name(), deadline)) {
        read.found(*record);
    } else {
        read.missing();
    }
}

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

}  // namespace appcreate
