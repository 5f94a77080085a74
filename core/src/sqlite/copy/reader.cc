// What a copy reads; what it writes is in writer.cc.
#include "sqlite/copy/copy_end.h"

#include "sqlite/copy/tables.h"

namespace appcreate::sqlite {
namespace {

// What one transaction may read, so that it never keeps the WAL from starting again.
constexpr std::int64_t kRows = 1000;
constexpr std::size_t kBytes = 4 << 20;

template <class Row>
std::size_t size_of(const Row &) noexcept {
    return 0;
}
std::size_t size_of(const ApplicationCopy &row) noexcept { return row.record.size(); }
std::size_t size_of(const RequestCopy &row) noexcept { return row.answer.size(); }

// A page in the order of the rowids; nothing is behind an empty one. `after` moves on.
template <class Row>
std::vector<Row> read_page(const Connection &connection, std::int64_t &after) {
    Statement statement = connection.prepare(Table<Row>::select(connection) + "t.rowid > ? ORDER BY t.rowid LIMIT ?");
    std::vector<Row> rows;
    std::size_t bytes = 0;
    Run run(statement);
    run.integer(after).integer(kRows);
    while (bytes < kBytes && run.row()) {
        after = run.integer_at(0);
        rows.push_back(read_row<Row>(run));
        bytes += size_of(rows.back());
    }
    return rows;
}

template <class Row>
void read_all(const Transactions &transactions, const PageSink<Row> &sink) {
    for (std::int64_t after = 0;;) {
        const std::vector<Row> page =
            transactions.reading([&after](const Connection &connection) { return read_page<Row>(connection, after); });
        if (page.empty()) return;
        sink(page);
    }
}

}  // namespace

void SqliteCopyEnd::read_organizations(const PageSink<Organization> &page) { read_all(transactions_, page); }

void SqliteCopyEnd::read_providers(const PageSink<StorageProvider> &page) { read_all(transactions_, page); }

void SqliteCopyEnd::read_keys(const PageSink<ApiKey> &page) { read_all(transactions_, page); }

// Records that are made meanwhile come behind those that were read, so none is left out.
void SqliteCopyEnd::read_applications(const PageSink<ApplicationCopy> &page) { read_all(transactions_, page); }

void SqliteCopyEnd::read_requests(const PageSink<RequestCopy> &page) {
    read_all<RequestCopy>(transactions_, [&page](std::span<const RequestCopy> rows) {
        std::vector<RequestCopy> kept;
        const std::int64_t now = now_ms();
        for (const RequestCopy &row : rows) {
            if (row.kept_until > now) kept.push_back(row);
        }
        if (!kept.empty()) page(kept);
    });
}

std::uint64_t SqliteCopyEnd::rows() {
    return static_cast<std::uint64_t>(transactions_.reading([](const Connection &connection) {
        return connection.query_integer(
            "SELECT count(*) + coalesce(sum(applications), 0) + (SELECT count(*) FROM providers) +"
            " (SELECT count(*) FROM keys) + (SELECT count(*) FROM idempotency) FROM organizations");
    }));
}

std::optional<Holding> SqliteCopyEnd::holding(const ObjectId &organization) {
    return transactions_.reading([&](const Connection &connection) {
        Statement statement = connection.prepare(
            "SELECT (SELECT count(*) FROM providers p WHERE p.organization = o.rowid),"
            " (SELECT count(*) FROM keys k WHERE k.organization = o.rowid),"
            " (SELECT count(*) FROM applications a WHERE a.organization = o.rowid)"
            " FROM organizations o WHERE o.id = ?");
        std::optional<Holding> out;
        Run run(statement);
        if (!run.blob(organization.bytes).row()) return out;
        out.emplace();
        out->providers = static_cast<std::uint64_t>(run.integer_at(0));
        out->keys = static_cast<std::uint64_t>(run.integer_at(1));
        out->applications = static_cast<std::uint64_t>(run.integer_at(2));
        return out;
    });
}

}  // namespace appcreate::sqlite
