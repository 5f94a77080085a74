#include "sqlite/write_loop.h"

#include <algorithm>
#include <array>
#include <new>

#include "sqlite/failure.h"

namespace appcreate::sqlite {

WriteLoop::WriteLoop(Sessions &sessions, Turn &turn, Maintenance &maintenance, Log log, const std::string &path,
                     std::int64_t timeout_ms)
    : sessions_(sessions),
      turn_(turn),
      maintenance_(maintenance),
      health_(log, path, "writing"),
      path_(path),
      timeout_ns_(timeout_ms * 1'000'000) {}

void WriteLoop::run(const Source &source, Deadline deadline) {
    std::array<Create *, kBatchCreates> creates;
    bool is_well = true;
    while (source.is_pending()) {
        Outcome outcome;
        if (is_well) {
            const Turn::Guard guard(turn_, deadline);
            outcome = run_batch(source, creates, deadline);
        } else {
            // A store that has just failed is tried again but not waited for, until all that is pending was told.
            outcome = run_batch(source, creates, monotonic_ns());
        }
        if (outcome.creates == 0) return;
        source.done({creates.data(), outcome.creates});
        is_well = outcome.is_well;
        // What comes next arrived later.
        deadline = std::max(deadline, monotonic_ns() + timeout_ns_);
    }
}

// Never throws for a reason of the store: what was taken gets its answer, and when the store cannot be reached, what is
// pending is taken to be told so.
WriteLoop::Outcome WriteLoop::run_batch(const Source &source, std::span<Create *> creates, Deadline deadline) {
    std::size_t n = 0;
    std::int64_t started = monotonic_ns();
    bool is_well = false;
    try {
        const bool wrote = guarded(path_, [&] { return commit_batch(source, creates, n, started, deadline); });
        // A full disk still commits nothing.
        if (wrote) health_.worked();
        is_well = true;
    } catch (const Failure &failure) {
        health_.failed(failure);
    } catch (const std::bad_alloc &) {
        health_.ran_out_of_memory();
    }
    if (!is_well) {
        if (n == 0) n = source.take(creates, kBatchBytes);
        for (Create *create : creates.first(n)) create->refuse(AC_CODE_DATABASE);
    }
    const auto microseconds = static_cast<std::uint32_t>((monotonic_ns() - started) / 1000);
    for (Create *create : creates.first(n)) create->set_batch(static_cast<std::uint32_t>(n), microseconds);
    return {n, is_well};
}

// Returns whether anything was written.
bool WriteLoop::commit_batch(const Source &source, std::span<Create *> creates, std::size_t &n, std::int64_t &started,
                             Deadline deadline) {
    return with_session(sessions_, Use::kWrite, deadline, [&](Sessions::Lease &session) {
        Batch &batch = *session->batch;
        const sqlite3_int64 changes_before = sqlite3_total_changes64(session->connection.raw());
        try {
            session->write([&] {
                started = monotonic_ns();
                n = source.take(creates, kBatchBytes);
                if (n > 0) batch.run(creates.first(n));
                return n;
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
