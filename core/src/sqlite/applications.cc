#include "sqlite/applications.h"

#include <algorithm>

namespace appcreate::sqlite {
namespace {

// What one transaction may read, so that it never keeps the write-ahead log from starting again.
constexpr std::size_t kMaxRecords = 512;
constexpr std::size_t kMaxBytes = 4 << 20;
constexpr std::size_t kMaxPassed = 20'000;
// Up to here an organization's records are sorted for each page; above, the index of all ids is walked.
constexpr std::int64_t kSorted = 4096;

// Sorts ids without their records; the unary plus keeps SQLite from walking the index of all ids.
constexpr std::string_view kFewSql =
    "SELECT a.id, a.organization, a.data FROM (SELECT rowid AS row FROM applications"
    " WHERE organization = ?1 AND +id > ?2 ORDER BY +id LIMIT ?3) CROSS JOIN applications a ON a.rowid = row";
constexpr std::string_view kManySql =
    "SELECT id, organization, data FROM applications WHERE id > ?2 AND ?1 IS NOT NULL ORDER BY id LIMIT ?3";

}  // namespace

Page read_page(const Connection &connection, const OrganizationEntry &organization,
               const std::optional<ObjectId> &after, std::size_t max) {
    const bool is_few = organization.row.applications <= kSorted;
    const std::size_t most = std::min(max, kMaxRecords);
    const std::size_t rows = is_few ? most : kMaxPassed;
    Statement statement = connection.prepare(is_few ? kFewSql : kManySql);
    Run run(statement);
    run.integer(organization.rowid);
    if (after) {
        run.blob(after->bytes);
    } else {
        run.blob(std::string_view());
    }
    run.integer(static_cast<std::int64_t>(rows));
    Page out;
    std::size_t bytes = 0;
    std::size_t passed = 0;
    while (out.records.size() < most && bytes < kMaxBytes) {
        if (!run.row()) {
            if (passed < rows) out.next.reset();
            return out;
        }
        ++passed;
        out.next = run.id_at(0);
        if (run.integer_at(1) != organization.rowid) continue;
        out.records.emplace_back(run.blob_at(2));
        bytes += out.records.back().size();
    }
    return out;
}

std::string find_application(const Connection &connection, const OrganizationEntry &organization,
                             std::string_view app) {
    const auto id = ObjectId::parse(app);
    Statement statement = connection.prepare(id ? "SELECT data FROM applications WHERE organization = ? AND id = ?"
                                                : "SELECT data FROM applications WHERE organization = ? AND slug = ?");
    Run run(statement);
    run.integer(organization.rowid);
    if (!(id ? run.blob(id->bytes) : run.text(app)).row()) {
        throw Failure(AC_ENOTFOUND, "no application \"" + std::string(app) + "\" in organization \"" +
                                        organization.row.slug + "\"; run \"appctl app list --org " +
                                        organization.row.slug + "\"");
    }
    return std::string(run.blob_at(0));
}

}  // namespace appcreate::sqlite
