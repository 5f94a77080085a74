#include "sqlite/create/idempotency.h"

#include "request/create.h"

#include <algorithm>

namespace appcreate::sqlite {
namespace {

// Ours may be read a little before those that keep what is looked at.
constexpr std::int64_t kClockSlackMs = 60 * 1000;

bool is_digest(std::string_view blob, const Digest &digest) {
    return std::equal(blob.begin(), blob.end(), digest.begin(), digest.end(),
                      [](char a, std::uint8_t b) { return static_cast<std::uint8_t>(a) == b; });
}

}  // namespace

Idempotency::Idempotency(const Connection &connection)
    : find_(connection.prepare("SELECT i.rowid, i.expires_at, i.fingerprint, a.data FROM idempotency i"
                               " LEFT JOIN applications a ON a.rowid = i.application WHERE i.request = ?")),
      remove_(connection.prepare("DELETE FROM idempotency WHERE rowid = ?")),
      // The next rowid, so that the table stays in the order of expiry.
      keep_(connection.prepare("INSERT INTO idempotency(expires_at, request, fingerprint, application)"
                               " VALUES(?, ?, ?, ?)")) {}

Idempotency::Found Idempotency::find(const Digest &request, const Digest &fingerprint, std::int64_t now) {
    std::int64_t stale = 0;
    {
        Run run(find_);
        if (!run.blob(request).row()) return {};
        if (run.integer_at(1) > now && !run.is_null(3)) {
            if (!is_digest(run.blob_at(2), fingerprint)) return {Verdict::kReused, {}};
            return {Verdict::kReplay, std::string(run.blob_at(3))};
        }
        stale = run.integer_at(0);
    }
    Run(remove_).integer(stale).done();
    return {};
}

void Idempotency::keep(const Digest &request, const Digest &fingerprint, std::int64_t application, std::int64_t now) {
    Run(keep_).integer(now + kKeptMs).blob(request).blob(fingerprint).integer(application).done();
}

RequestSweep::Step RequestSweep::look(const Connection &connection, std::int64_t now) const {
    Step out;
    if (now < passed_.next_expiry) out.passed = passed_;
    Statement rows =
        connection.prepare("SELECT rowid, expires_at FROM idempotency WHERE rowid >= ? ORDER BY rowid LIMIT ?");
    Run run(rows);
    const int most = kSweep + (out.passed.rowid != 0 ? 1 : 0);
    run.integer(out.passed.rowid).integer(most);
    int seen = 0;
    for (; run.row(); ++seen) {
        const std::int64_t rowid = run.integer_at(0);
        const std::int64_t expires_at = run.integer_at(1);
        if (seen == 0 && out.passed.rowid != 0) {
            if (rowid == out.passed.rowid && expires_at == out.passed.expires_at) continue;
            // Rows were removed by others, and what has this rowid now may be a new one: from the start again.
            out.passed = {};
            out.is_more = true;
            return out;
        }
        if (expires_at <= now) {
            if (out.expired++ == 0) out.first = rowid;
            out.last = rowid;
        } else if (expires_at > now + kKeptMs + kClockSlackMs) {
            out.passed = {rowid, expires_at, std::min(out.passed.next_expiry, expires_at)};
        } else {
            return out;
        }
    }
    out.is_more = seen == most;
    if (seen == 0 && out.passed.rowid != 0) {
        out.passed = {};
        out.is_more = true;
    }
    return out;
}

bool RequestSweep::is_due(const Connection &connection, std::int64_t now) const {
    const Step step = look(connection, now);
    return step.expired != 0 || step.is_more;
}

bool RequestSweep::step(const Connection &connection, std::int64_t now) {
    const Step step = look(connection, now);
    if (step.expired != 0) {
        Statement remove =
            connection.prepare("DELETE FROM idempotency WHERE rowid BETWEEN ? AND ? AND expires_at <= ?");
        Run(remove).integer(step.first).integer(step.last).integer(now).done();
    }
    passed_ = step.passed;
    return step.is_more;
}

}  // namespace appcreate::sqlite
