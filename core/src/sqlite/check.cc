#include "sqlite/check.h"

#include <algorithm>

#include "json_reader.h"
#include "slug.h"

namespace appcreate::sqlite {
namespace {

constexpr int kMaxReports = 100;  // of SQLite's own

ProblemRow problem(std::string kind, std::string organization, std::string detail, bool repaired = false) {
    return {std::move(kind), std::move(organization), std::move(detail), repaired};
}

bool is_slug(std::string_view slug) {
    const auto is_alnum = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
    return slug.size() >= 3 && slug.size() <= kMaxSlug && is_alnum(slug.front()) && is_alnum(slug.back()) &&
           std::all_of(slug.begin(), slug.end(), [&](char c) { return is_alnum(c) || c == '-'; }) && !is_hex24(slug);
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
    if (!is_slug(record.slug)) return "its slug does not match the pattern of slugs";
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
    Statement statement = connection.prepare("PRAGMA quick_check(" + std::to_string(kMaxReports) + ")");
    std::vector<ProblemRow> out;
    Run run(statement);
    while (run.row()) {
        if (run.text_at(0) != "ok") out.push_back(problem("file", "", std::string(run.text_at(0))));
    }
    return out;
}

std::vector<ProblemRow> check_counts(const Connection &connection, bool repair) {
    Statement statement = connection.prepare(
        "SELECT * FROM (SELECT o.rowid, o.id, o.applications,"
        " (SELECT count(*) FROM applications a WHERE a.organization = o.rowid) AS records FROM organizations o)"
        " WHERE applications <> records");
    Statement mend = connection.prepare("UPDATE organizations SET applications = ? WHERE rowid = ?");
    struct Wrong {
        std::int64_t rowid, records;
    };
    std::vector<Wrong> wrong;
    std::vector<ProblemRow> out;
    {
        Run run(statement);
        while (run.row()) {
            wrong.push_back({run.integer_at(0), run.integer_at(3)});
            out.push_back(problem("count", run.id_at(1).hex(),
                                  "counts " + std::to_string(run.integer_at(2)) + " applications, has " +
                                      std::to_string(run.integer_at(3)),
                                  repair));
        }
    }
    if (!repair) return out;
    for (const Wrong &one : wrong) Run(mend).integer(one.records).integer(one.rowid).done();
    return out;
}

std::vector<ProblemRow> check_requests(const Connection &connection, bool repair) {
    constexpr std::string_view kStray = "NOT EXISTS (SELECT 1 FROM applications a WHERE a.rowid = application)";
    const std::string condition = " FROM idempotency WHERE " + std::string(kStray);
    const std::int64_t stray = connection.query_integer("SELECT count(*)" + condition);
    if (stray == 0) return {};
    if (repair) connection.exec(("DELETE" + condition).c_str());
    return {problem("request", "", std::to_string(stray) + " kept requests without their application", repair)};
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
