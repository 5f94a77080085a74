#include "sqlite/backup/whole.h"

#include <vector>

#include "sqlite/admin/check.h"
#include "sqlite/file/failure.h"
#include "sqlite/file/schema.h"

namespace appcreate::sqlite {
namespace {

[[noreturn]] void refuse(const std::string &name, const std::string &why) {
    throw Failure(AC_ECHECK, "\"" + name + "\": " + why);
}

void expect_none(const std::string &name, const std::vector<ProblemRow> &problems) {
    if (problems.empty()) return;
    const ProblemRow &first = problems.front();
    refuse(name,
           first.organization.empty() ? first.detail : "organization " + first.organization + ": " + first.detail);
}

void verify_file(const Connection &connection, const std::string &name) {
    Statement statement = connection.prepare("PRAGMA integrity_check(1)");
    Run run(statement);
    if (!run.row()) refuse(name, "SQLite cannot check it");
    if (run.text_at(0) != "ok") refuse(name, "it is damaged: " + std::string(run.text_at(0)));
}

void verify_counts(const Connection &connection, const std::string &name) {
    std::optional<Count> count;
    for (std::int64_t after = 0; (count = read_count(connection, after)); after = count->rowid) {
        if (count->counted != count->records) expect_none(name, {wrong_count(*count, false)});
    }
}

void verify_requests(const Connection &connection, const std::string &name) {
    std::size_t stray = 0;
    for (std::int64_t after = 0;;) {
        const RequestsChecked part = check_requests(connection, after);
        stray += part.stray.size();
        after = part.next;
        if (after == 0) break;
    }
    if (stray != 0) expect_none(name, {stray_requests(stray, false)});
}

// A worker's connection cannot change to another encoding.
void verify_encoding(const Connection &connection, const std::string &name) {
    Statement statement = connection.prepare("PRAGMA encoding");
    Run run(statement);
    if (!run.row() || run.text_at(0) != "UTF-8") refuse(name, "its texts are not in UTF-8");
}

}  // namespace

void verify_whole(const Connection &connection, const std::string &name, const Tell &tell) {
    const SchemaCheck schema(connection, name);
    verify_encoding(connection, name);
    verify_file(connection, name);
    verify_counts(connection, name);
    verify_requests(connection, name);
    expect_none(name, check_references(connection));
    const std::uint64_t total = count_contents(connection).applications;
    std::uint64_t done = 0;
    for (std::int64_t after = 0;;) {
        const RecordsChecked part = check_records(connection, after);
        expect_none(name, part.problems);
        after = part.next;
        if (after == 0) break;
        done += kRecordsOfOneCheck;
        tell(done, total);
    }
    tell(total, total);
}

Contents count_contents(const Connection &connection) {
    const auto rows = [&connection](const char *table) {
        return static_cast<std::uint64_t>(connection.query_integer(std::string("SELECT count(*) FROM ") + table));
    };
    return {rows("organizations"), rows("providers"), rows("keys"), rows("applications")};
}

}  // namespace appcreate::sqlite
