#include "sqlite/serve/batch_writer.h"

#include <new>

#include "sqlite/file/failure.h"

namespace appcreate::sqlite {

BatchWriter::BatchWriter(Sessions &sessions, Maintenance &maintenance, Log log, const std::string &path,
                         BatchReport report)
    : sessions_(sessions), maintenance_(maintenance), health_(log, path, "writing"), path_(path), report_(report) {}

BatchWriter::Outcome BatchWriter::run(Members &members, Deadline deadline) {
    std::int64_t started = monotonic_ns();
    bool is_well = false;
    try {
        const bool wrote = guarded(path_, [&] { return commit(members, started, deadline); });
        // A full disk still commits nothing.
        if (wrote) health_.worked();
        is_well = true;
    } catch (const Failure &failure) {
        health_.failed(failure);
    } catch (const std::bad_alloc &) {
        health_.ran_out_of_memory();
    }
    if (!is_well && members.count() == 0) members.gather_own();
    if (members.count() > 0) report_(members.count());
    const auto microseconds = static_cast<std::uint32_t>((monotonic_ns() - started) / 1000);
    if (is_well) {
        members.tell(microseconds);
    } else {
        members.refuse(microseconds);
    }
    return {members.count(), is_well};
}

// Returns whether anything was written.
bool BatchWriter::commit(Members &members, std::int64_t &started, Deadline deadline) {
    return with_session(sessions_, Use::kWrite, deadline, [&](Sessions::Lease &session) {
        Batch &batch = *session->batch;
        const sqlite3_int64 changes_before = sqlite3_total_changes64(session->connection.raw());
        try {
            session->write([&] {
                started = monotonic_ns();
                session.see_key_changes();
                const Freeze frozen = session.see_freeze();
                if (members.gather() > 0) batch.run(members.all(), frozen);
                return members.count();
            });
        } catch (...) {
            batch.forget();
            throw;
        }
        if (sqlite3_total_changes64(session->connection.raw()) == changes_before) return false;
        session.confirm();
        maintenance_.after_commit(session->connection);
        return true;
    });
}

}  // namespace appcreate::sqlite
