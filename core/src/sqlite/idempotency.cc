#include "sqlite/idempotency.h"

#include <algorithm>

namespace appcreate::sqlite {
namespace {

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

bool has_expired_requests(const Connection &connection, std::int64_t now) {
    Statement oldest = connection.prepare("SELECT expires_at FROM idempotency ORDER BY rowid LIMIT 1");
    Run run(oldest);
    return run.row() && run.integer_at(0) <= now;
}

bool sweep_expired_requests(const Connection &connection, std::int64_t now) {
    Statement remove = connection.prepare(
        "DELETE FROM idempotency WHERE rowid IN (SELECT rowid FROM"
        " (SELECT rowid, expires_at FROM idempotency ORDER BY rowid LIMIT ?) WHERE expires_at <= ?)");
    Transaction transaction(connection, Transaction::Kind::kWrite);
    const int removed = Run(remove).integer(kSweep).integer(now).done();
    transaction.commit();
    return removed == kSweep;
}

}  // namespace appcreate::sqlite
