#include "sqlite/copy/tables.h"

#include <algorithm>

#include "request/record.h"

namespace appcreate::sqlite {
namespace {

Digest digest_at(const Run &run, int column) {
    const std::string_view blob = run.blob_at(column);
    Digest digest{};
    if (blob.size() != digest.size()) throw Error(SQLITE_CORRUPT, "a column of hashes holds something else");
    std::copy(blob.begin(), blob.end(), digest.begin());
    return digest;
}

}  // namespace

std::string Table<ApplicationCopy>::select(const Connection &) {
    return "SELECT t.rowid, t.id, o.id, t.slug, t.created_at, t.data FROM applications t"
           " LEFT JOIN organizations o ON o.rowid = t.organization WHERE ";
}

ApplicationCopy Table<ApplicationCopy>::read(const Run &run) {
    ApplicationCopy row;
    row.id = run.id_at(1);
    row.organization = organization_at(run, 2, "application", row.id);
    row.slug = run.text_at(3);
    row.created_at = run.integer_at(4);
    row.record = run.blob_at(5);
    return row;
}

void Table<ApplicationCopy>::bind(Run &run, const ApplicationCopy &row) {
    run.blob(row.id.bytes).text(row.slug).integer(row.created_at).blob(row.record).blob(row.organization.bytes);
}

std::string Table<RequestCopy>::select(const Connection &) {
    return "SELECT t.rowid, a.id, o.id, t.request, t.fingerprint, t.expires_at, a.data FROM idempotency t"
           " CROSS JOIN applications a ON a.rowid = t.application"
           " CROSS JOIN organizations o ON o.rowid = a.organization WHERE ";
}

RequestCopy Table<RequestCopy>::read(const Run &run) {
    RequestCopy row;
    row.application = run.id_at(1);
    row.organization = run.id_at(2);
    row.request = digest_at(run, 3);
    row.fingerprint = digest_at(run, 4);
    row.kept_until = run.integer_at(5);
    row.answer = answer_of(run.blob_at(6));
    return row;
}

template <>
ApiKey read_row<ApiKey>(const Run &run) {
    ApiKey row = Table<ApiKey>::read(run);
    row.digest = digest_at(run, Table<ApiKey>::kDigest);
    return row;
}

}  // namespace appcreate::sqlite
