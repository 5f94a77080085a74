#include "sqlite/admin/check.h"

#include <algorithm>

#include "json/reader.h"
#include "slug/slug.h"

namespace appcreate::sqlite {
namespace {

constexpr int kMaxReports = 100;  // of SQLite's own

ProblemRow problem(std::string kind, std::string organization, std::string detail, bool repaired = false) {
    return {std::move(kind), std::move(organization), std::move(detail), repaired};
}

std::vector<ProblemRow> dangling(const Connection &connection, std::string_view sql, const char *detail) {
    Statement statement = connection.prepare(sql);
    std::vector<ProblemRow> out;
    Run run(statement);
    while (run.row()) out.push_back(problem("reference", "", run.id_at(0).hex() + ": " + detail));
    return out;
}

void append(std::vector<ProblemRow> &out, std::vector<ProblemRow> more) {
    std::move(more.begin(), more.end(), std::back_inserter(out));
}

struct Record {
    std::int64_t rowid = 0;
    std::string id, slug, organization;  // organization: empty when there is no such row
    std::int64_t organization_rowid = 0;
    std::string_view data;
};

// Finding a record by its index proves that no other has the same slug or id, and that the index is whole.
bool finds_itself(Statement &by_index, const Record &record, std::string_view key, bool with_organization) {
    Run run(by_index);
    if (with_organization) {
        run.integer(record.organization_rowid).text(key);
    } else {
        run.blob(key);
    }
    return run.row() && run.integer_at(0) == record.rowid && !run.row();
}

std::string what_is_wrong(const Record &record) {
    if (record.organization.empty()) return "its organization does not exist";
    if (!is_application_slug(record.slug)) return "its slug does not match the pattern of slugs";
    const Document document = read_json(record.data, kMaxStoredDepth);
    if (document.is_malformed() || !document.root.is_object()) return "its data is no JSON object";
    std::string buffer;
    std::string id;
    std::string slug;
    std::string organization;
    each_member(document.root, [&](std::string_view key, const JsonValue &value) {
        if (!value.is_string()) return;
        if (key == "id") id = value.first.meaning(buffer);
        if (key == "slug") slug = value.first.meaning(buffer);
        if (key == "organization") organization = value.first.meaning(buffer);
    });
    if (id != record.id) return "its data has another id";
    if (slug != record.slug) return "its data has another slug";
    if (organization != record.organization) return "its data names another organization";
    return {};
}

}  // namespace

std::vector<ProblemRow> check_file(const Connection &connection) {
    Statement statement = connection.prepare("PRAGMA integrity_check(" + std::to_string(kMaxReports) + ")");
    std::vector<ProblemRow> out;
    Run run(statement);
    while (run.row()) {
        if (run.text_at(0) != "ok") out.push_back(problem("file", "", std::string(run.text_at(0))));
    }
    return out;
}

std::optional<Count> read_count(const Connection &connection, std::int64_t after) {
    Statement statement = connection.prepare(
        "SELECT o.rowid, o.id, o.applications, (SELECT count(*) FROM applications a WHERE a.organization = o.rowid),"
        " coalesce((SELECT value FROM meta WHERE name = 'count_repairs'), 0)"
        " FROM organizations o WHERE o.rowid > ? ORDER BY o.rowid LIMIT 1");
    Run run(statement);
    if (!run.integer(after).row()) return std::nullopt;
    return Count{run.integer_at(0), run.id_at(1).hex(), run.integer_at(2), run.integer_at(3), run.integer_at(4)};
}

ProblemRow wrong_count(const Count &count, bool repaired) {
    return problem("count", count.organization,
                   "counts " + std::to_string(count.counted) + " applications, has " + std::to_string(count.records),
                   repaired);
}

bool mend_count(const Connection &connection, const Count &count) {
    Statement number = connection.prepare(
        "INSERT INTO meta(name, value) VALUES('count_repairs', ?1 + 1)"
        " ON CONFLICT(name) DO UPDATE SET value = value + 1 WHERE value = ?1");
    if (Run(number).integer(count.repairs).done() == 0) return false;
    Statement mend = connection.prepare("UPDATE organizations SET applications = applications + ? WHERE rowid = ?");
    Run(mend).integer(count.records - count.counted).integer(count.rowid).done();
    return true;
}

RequestsChecked check_requests(const Connection &connection, std::int64_t after) {
    Statement requests = connection.prepare(
        "SELECT i.rowid, a.rowid FROM idempotency i LEFT JOIN applications a ON a.rowid = i.application"
        " WHERE i.rowid > ? ORDER BY i.rowid LIMIT ?");
    RequestsChecked out;
    int seen = 0;
    Run run(requests);
    run.integer(after).integer(kRecordsOfOneCheck);
    for (; run.row(); ++seen) {
        out.next = run.integer_at(0);
        if (run.is_null(1)) out.stray.push_back(out.next);
    }
    if (seen < kRecordsOfOneCheck) out.next = 0;
    return out;
}

ProblemRow stray_requests(std::size_t n, bool repaired) {
    return problem("request", "", std::to_string(n) + " kept requests without their application", repaired);
}

void remove_requests(const Connection &connection, std::span<const std::int64_t> stray) {
    Statement remove = connection.prepare(
        "DELETE FROM idempotency WHERE rowid = ?"
        " AND NOT EXISTS (SELECT 1 FROM applications a WHERE a.rowid = application)");
    for (const std::int64_t rowid : stray) Run(remove).integer(rowid).done();
}

std::vector<ProblemRow> check_references(const Connection &connection) {
    std::vector<ProblemRow> out;
    append(out, dangling(connection,
                         "SELECT id FROM organizations o WHERE default_provider IS NOT NULL AND NOT EXISTS"
                         " (SELECT 1 FROM providers p WHERE p.rowid = o.default_provider AND p.organization = o.rowid)",
                         "the organization's default storage provider does not exist"));
    append(out, dangling(connection,
                         "SELECT id FROM providers p WHERE NOT EXISTS"
                         " (SELECT 1 FROM organizations o WHERE o.rowid = p.organization)",
                         "the storage provider's organization does not exist"));
    append(out, dangling(connection,
                         "SELECT id FROM keys k WHERE NOT EXISTS"
                         " (SELECT 1 FROM organizations o WHERE o.rowid = k.organization)",
                         "the key's organization does not exist"));
    return out;
}

RecordsChecked check_records(const Connection &connection, std::int64_t after) {
    Statement records = connection.prepare(
        "SELECT a.rowid, a.id, a.slug, a.organization, o.id, a.data FROM applications a"
        " LEFT JOIN organizations o ON o.rowid = a.organization WHERE a.rowid > ? ORDER BY a.rowid LIMIT ?");
    Statement by_slug = connection.prepare("SELECT rowid FROM applications WHERE organization = ? AND slug = ?");
    Statement by_id = connection.prepare("SELECT rowid FROM applications WHERE id = ?");
    RecordsChecked out;
    int seen = 0;
    Run run(records);
    run.integer(after).integer(kRecordsOfOneCheck);
    for (; run.row(); ++seen) {
        Record record{run.integer_at(0), run.id_at(1).hex(), std::string(run.text_at(2)), {}, run.integer_at(3), {}};
        if (!run.is_null(4)) record.organization = run.id_at(4).hex();
        record.data = run.blob_at(5);
        out.next = record.rowid;
        std::string wrong = what_is_wrong(record);
        if (wrong.empty() && !finds_itself(by_slug, record, record.slug, true)) {
            wrong = "another one has its slug, or the index of slugs is damaged";
        }
        if (wrong.empty() && !finds_itself(by_id, record, run.blob_at(1), false)) {
            wrong = "another one has its id, or the index of ids is damaged";
        }
        if (!wrong.empty()) out.problems.push_back(problem("record", record.organization, record.id + ": " + wrong));
    }
    if (seen < kRecordsOfOneCheck) out.next = 0;
    return out;
}

}  // namespace appcreate::sqlite
